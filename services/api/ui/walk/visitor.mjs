// A browser in front of the Monitor, signed in, for walks: what axe finds on a page in light and in dark, whether it fits, who else is asked.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const GRAVE = new Set(['serious', 'critical'])
export const DESK = { width: 1280, height: 720 }
export const PHONE = { width: 390, height: 844 }

/** `walk(visitor)` throws where a page is not as it should be. Prints one line of JSON: what was found, and who was asked beside the API. */
export async function visit(walk) {
  const { URL: base, TOKEN: token, SHOTS: shots, CHROMIUM: executablePath } = process.env
  const found = []
  const outside = []
  mkdirSync(shots, { recursive: true })
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
  const context = await browser.newContext({ viewport: DESK, colorScheme: 'light', reducedMotion: 'reduce' })
  // By the browser's own means: the pages let no script in that is not theirs.
  await context.addInitScript(AXE)
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  page.on('request', (request) => {
    if (!request.url().startsWith(base) && !request.url().startsWith('data:')) outside.push(request.url())
  })
  page.on('pageerror', (error) => found.push({ page: page.url(), rule: 'error', nodes: [String(error)] }))

  const open = (path) => page.goto(`${base}/ui/${path}`)
  const heading = (name) => page.getByRole('heading', { level: 1, name }).waitFor()
  const expectText = (text, within = page) => within.getByText(text).first().waitFor()
  async function look(name) {
    await page.screenshot({ path: join(shots, `${name}.png`) })
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme })
      const { violations } = await page.evaluate(() => window.axe.run(document))
      for (const one of violations) {
        if (!GRAVE.has(one.impact)) continue
        found.push({ page: `${name}, ${colorScheme}`, rule: one.id, nodes: one.nodes.map((node) => `${node.html.slice(0, 160)} ${node.failureSummary}`) })
      }
    }
    await page.emulateMedia({ colorScheme: 'light' })
  }
  async function fits(name) {
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    if (wide > 0) throw new Error(`${name} is ${wide} pixels wider than the window`)
  }
  /** A call as a program makes it, beside the browser. */
  async function api(method, path, data) {
    const answer = await context.request.fetch(`${base}/api/v1${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...(typeof data === 'string' ? { 'Content-Type': 'application/yaml' } : {}) },
      data,
    })
    if (!answer.ok()) throw new Error(`${method} ${path}: ${answer.status()} ${await answer.text()}`)
    return answer.json()
  }

  try {
    await page.goto(base)
    await page.getByLabel('API token').fill(token)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await heading('Runs')
    await walk({ page, open, heading, expectText, look, fits, api })
  } catch (error) {
    await page.screenshot({ path: join(shots, 'where-it-ended.png') })
    console.error(`${page.url()}\n${error instanceof Error ? error.stack : error}`)
    process.exitCode = 1
  } finally {
    await browser.close()
  }
  console.log(JSON.stringify({ found, outside }))
}
