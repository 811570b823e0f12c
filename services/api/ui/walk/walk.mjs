// A person in front of the Monitor, in a real browser. Called by tests/e2e/test_monitor.py, which makes the server and its pipelines.
// Each step throws where the page is not as it should be. Prints one line of JSON: what axe found on which page.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { base, files, shots, token, walk } from './person.mjs'

await walk(async ({ page, expectText, heading, look, colours, fits }) => {
  const start = async (pipeline) => {
    await page.goto(`${base}/ui/pipelines/default/${pipeline}`)
    await page.getByRole('button', { name: 'Start a run' }).click()
  }

  // Log in: a wrong token is told, the right one lets in, and stays in no storage that scripts can read.
  await page.goto(base)
  await page.getByLabel('API token').fill('wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expectText(/not known/)
  await look('login')
  await page.getByLabel('API token').fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await heading('Runs')
  const kept = await page.evaluate(() => JSON.stringify(localStorage) + JSON.stringify(sessionStorage) + document.cookie)
  if (kept.includes(token)) throw new Error('the token can be read by scripts')

  // Start a run with a form made from its parameters, and see it live to its end, without loading the page again.
  await start('watched')
  await page.getByRole('button', { name: 'Start the run' }).click()
  await expectText('It is required.')
  await page.getByLabel(/^word/).fill('hello')
  await page.getByRole('button', { name: 'Start the run' }).click()
  await page.waitForURL(/\/ui\/runs\//)
  await page.locator('[data-run-status=RUNNING]').waitFor()
  await page.locator('.react-flow__node[data-id=slow] [data-status=RUNNING]').waitFor()
  await page.screenshot({ path: join(shots, 'running.png') })
  await page.locator('[data-run-status=SUCCEEDED]').waitFor({ timeout: 30_000 })
  await page.locator('.react-flow__node[data-id=result] [data-status=COMPLETED]').waitFor()
  await page.locator('.react-flow__edge-text', { hasText: /^3$/ }).first().waitFor()
  await look('run')

  // Open a node by the keyboard; see its sample and the SQL that ran.
  await page.locator('.react-flow__node[data-id=both]').focus()
  await page.keyboard.press('Enter')
  const panel = page.getByRole('region', { name: 'Node both' })
  await panel.getByRole('tab', { name: 'Sample' }).click()
  await expectText('hello', panel.getByRole('region', { name: /First rows/ }).first())
  await look('node')
  await panel.getByRole('tab', { name: 'SQL' }).click()
  await expectText(/SELECT/, panel)
  await panel.getByRole('tab', { name: 'Attempts' }).click()
  await expectText(/worker-/, panel)
  await page.getByRole('button', { name: 'Close the node' }).click()
  await panel.waitFor({ state: 'detached' })
  for (const [tab, text] of [
    ['Attempts', /slow/],
    ['Rows', /What became of them/],
    ['Logs', /log line|Message/],
    ['Details', /Parameters/],
  ]) {
    await page.getByRole('tab', { name: tab }).click()
    await expectText(text, page.getByRole('tabpanel'))
    if (tab !== 'Logs') await look(`run-${tab.toLowerCase()}`)
  }

  // A run fails and says why; what was missing is brought, and a retry goes on.
  await start('broken')
  await page.getByRole('button', { name: 'Start the run' }).click()
  await page.locator('[data-run-status=FAILED]').waitFor({ timeout: 30_000 })
  await expectText(/brought-later\.csv/, page.getByRole('alert'))
  await look('failed')
  writeFileSync(join(files, 'brought-later.csv'), 'id,age\n1,20\n2,x\n3,12\n')
  await expectText('File missing', page.getByRole('region', { name: 'Diagnosis' }))
  await page.getByRole('button', { name: 'Retry', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Retry', exact: true }).click()
  await page.locator('[data-run-status=SUCCEEDED]').waitFor({ timeout: 30_000 })

  // What did not get through is corrected, and runs again.
  await page.getByRole('link', { name: 'Look at the rows that did not get through' }).click()
  await heading('Dead letters')
  await page.getByRole('button', { name: /Open dead letter/ }).first().waitFor()
  await look('dead-letters')
  await page.getByRole('button', { name: /Open dead letter/ }).first().click()
  await page.getByRole('textbox', { name: 'The line' }).fill('2,40')
  await page.getByRole('button', { name: 'Save the correction' }).click()
  await page.getByRole('cell', { name: 'fixed' }).waitFor()

  // A recipe with a mistake is marked at its line and is not applied; corrected, it is.
  await page.goto(`${base}/ui/pipelines/default/broken/edit`)
  const editor = page.getByRole('textbox', { name: 'Recipe' })
  await editor.filter({ hasText: 'age >= 18' }).click()
  await page.keyboard.press('Control+End')
  await page.keyboard.type('nonsense: 1')
  await page.getByText('It cannot be applied yet').waitFor()
  await page.locator('.cm-lint-marker-error').first().waitFor()
  if (await page.getByRole('button', { name: 'Apply' }).isEnabled()) throw new Error('a recipe with an error can be applied')
  await look('editor')
  // The session ends while somebody writes: the login comes over the page, and what was written is still there after it.
  await page.context().clearCookies()
  await page.keyboard.type(' ')
  const again = page.getByRole('dialog', { name: 'Your session has ended' })
  await again.getByLabel('API token').fill(token)
  await look('session-ended')
  await page.keyboard.press('Escape')
  await again.getByRole('button', { name: 'Sign in' }).click()
  await again.waitFor({ state: 'detached' })
  await editor.filter({ hasText: 'nonsense: 1' }).click()
  await page.keyboard.press('Control+End')
  await page.keyboard.press('Backspace')
  for (let left = 'nonsense: 1'.length; left > 0; left -= 1) await page.keyboard.press('Backspace')
  await page.keyboard.type('# corrected')
  await page.getByText('Nothing is wrong with it.').waitFor()
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByRole('status').getByText(/version 2/).waitFor()
  await start('broken')
  await page.getByRole('button', { name: 'Start the run' }).click()
  await page.locator('[data-run-status=SUCCEEDED]').waitFor({ timeout: 30_000 })
  await page.goto(`${base}/ui/pipelines/default/broken?tab=versions`)
  await page.getByRole('button', { name: 'Changes of version 2' }).click()
  await expectText('# corrected')
  await look('versions')
  await page.getByRole('button', { name: 'Restore version 1' }).click()
  await expectText(/^3 \(in force\)/)

  for (const [path, name] of [
    ['runs', 'Runs'],
    ['pipelines', 'Pipelines'],
    ['quality', 'Quality'],
    ['connectors', 'Connectors'],
  ]) {
    await page.goto(`${base}/ui/${path}`)
    await heading(name)
    await page.getByRole('table').first().waitFor()
    await look(path)
    await fits(path)
  }
  await page.goto(`${base}/ui/quality/default/default/files:watched.csv?ruleSet=watched`)
  await expectText(/1 of 3 rows fail/)
  await expectText('How the score came about')
  await look('dataset')

  // Filters stand in the address.
  await page.goto(`${base}/ui/runs?pipeline=watched&status=FAILED`)
  await expectText('No run is like that')

  // On a phone, in the dark.
  await colours('dark')
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto(`${base}/ui/runs?pipeline=watched`)
  await page.getByRole('link', { name: /^Run / }).first().click()
  await page.locator('.react-flow__node').first().waitFor()
  await fits('a run on a phone')
  await look('phone')

  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('API token').waitFor()
})
