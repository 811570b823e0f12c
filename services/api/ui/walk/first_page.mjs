// How long the first page of runs takes in a real browser, from the address to its rows on the screen: with nothing kept from before, and
// again. Called by tests/bench/monitor.py. Prints one line of JSON, in milliseconds.
import { chromium } from 'playwright-core'

const { URL: base, TOKEN: token, CHROMIUM: executablePath } = process.env
const TURNS = 5
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
const began = { cold: [], warm: [] }

async function rows(page, of) {
  const start = performance.now()
  await page.goto(`${base}/ui/runs`, { waitUntil: 'commit' })
  await page.locator('tbody tr').nth(49).waitFor()
  of.push(Math.round(performance.now() - start))
}

for (let turn = 0; turn < TURNS; turn++) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } })
  // Signed in as the page does it; the session is a cookie.
  await context.request.post(`${base}/api/v1/session`, { data: { token }, headers: { Origin: base } })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  await rows(page, began.cold)
  await rows(page, began.warm)
  await context.close()
}
await browser.close()
console.log(JSON.stringify({ cold_ms: began.cold, warm_ms: began.warm }))
