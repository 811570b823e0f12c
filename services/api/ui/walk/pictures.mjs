// The pictures of the README's walk, in a real browser. Called by infra/pictures.py, which makes the server, the project and its data.
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const { URL: base, TOKEN: token, RUN: good, FAILED: failed, SHOTS: shots, CHROMIUM: executablePath } = process.env

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, colorScheme: 'light', reducedMotion: 'reduce' })
const page = await context.newPage()
page.setDefaultTimeout(30_000)

const picture = async (name) => {
  // Fonts and the graph's own layout come to rest.
  await page.waitForTimeout(600)
  await page.screenshot({ path: join(shots, `${name}.png`) })
}

try {
  await page.goto(base)
  await page.getByLabel('API token').waitFor()
  await picture('login')
  await page.getByLabel('API token').fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor()
  await page.getByRole('table').first().waitFor()
  await picture('runs')
  await page.goto(`${base}/ui/runs/${good}`)
  await page.locator('.react-flow__node').first().waitFor()
  await picture('run')
  await page.locator('.react-flow__node[data-id=by-country]').focus()
  await page.keyboard.press('Enter')
  await page.getByRole('region', { name: 'Node by-country' }).getByRole('tab', { name: 'SQL' }).click()
  await picture('node')
  await page.goto(`${base}/ui/runs/${failed}`)
  await page.getByRole('alert').first().waitFor()
  await picture('failed')
} finally {
  await browser.close()
}
