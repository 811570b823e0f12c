// A person with a browser, for the walks beside this file: what they share. The environment says where the server is and how to log in.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

export const { URL: base, TOKEN: token, FILES: files, SHOTS: shots } = process.env
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const GRAVE = new Set(['serious', 'critical'])
// How many event streams the page holds open.
const COUNTED = `{
  const Real = window.EventSource
  window.openStreams = 0
  window.EventSource = class extends Real {
    constructor(...given) { super(...given); window.openStreams += 1 }
    close() { if (this.readyState !== Real.CLOSED) window.openStreams -= 1; super.close() }
  }
}`

/** Walks, and prints one line of JSON: what axe found on which page, and which addresses outside were asked. Ends with 1 where a step throws. */
export async function walk(steps) {
  const found = []
  const outside = []
  mkdirSync(shots, { recursive: true })
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, colorScheme: 'light', reducedMotion: 'reduce' })
  // By the browser's own means: the pages let no script in that is not theirs.
  await context.addInitScript(AXE)
  await context.addInitScript(COUNTED)
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  page.on('request', (request) => {
    if (!request.url().startsWith(base) && !request.url().startsWith('data:')) outside.push(request.url())
  })
  page.on('pageerror', (error) => found.push({ page: page.url(), rule: 'error', nodes: [String(error)] }))

  const person = {
    page,
    expectText: (text, within = page) => within.getByText(text).first().waitFor(),
    heading: (name) => page.getByRole('heading', { level: 1, name }).waitFor(),
    /** Once nothing moves, but for what always does, such as a cursor: colours that are on their way can be read by nobody. */
    async look(name) {
      await page.evaluate(() => new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen))))
      await page.waitForFunction(() => document.getAnimations().every((one) => one.playState !== 'running' || one.effect.getComputedTiming().endTime === Infinity))
      const { violations } = await page.evaluate(() => window.axe.run(document))
      for (const one of violations) {
        if (GRAVE.has(one.impact)) found.push({ page: name, rule: one.id, nodes: one.nodes.map((node) => `${node.html.slice(0, 160)} ${node.failureSummary}`) })
      }
      await page.screenshot({ path: join(shots, `${name}.png`) })
    },
    async colours(scheme) {
      await page.emulateMedia({ colorScheme: scheme })
      await page.locator(`html[data-mantine-color-scheme=${scheme}]`).waitFor()
    },
    async fits(name) {
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      if (wide > 0) throw new Error(`${name} is ${wide} pixels wider than the window`)
    },
    async logIn() {
      await page.goto(base)
      await page.getByLabel('API token').fill(token)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await person.heading('Runs')
    },
  }
  try {
    await steps(person)
  } catch (error) {
    await page.screenshot({ path: join(shots, 'where-it-ended.png') })
    console.error(`${page.url()}\n${error instanceof Error ? error.stack : error}`)
    process.exitCode = 1
  } finally {
    await browser.close()
  }
  console.log(JSON.stringify({ found, outside }))
}
