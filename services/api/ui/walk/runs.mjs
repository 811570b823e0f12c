// A person who looks into runs that others started: why one failed, why one was different, what one node did; who cancels, replays and waives.
// Called by tests/e2e/test_monitor_runs.py, which starts the runs and gives their ids.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { base, files, walk } from './person.mjs'

const { DIVIDED: divided, MISSPELT: misspelt, SLOW: slow, USUAL: usual, ODD: odd } = process.env

await walk(async ({ page, expectText, look, colours, fits, logIn }) => {
  const run = (id, search = '') => page.goto(`${base}/ui/runs/${id}${search}`)
  const dark = async (name) => {
    await colours('dark')
    await look(`${name}-dark`)
    await colours('light')
  }
  await logIn()

  // A run that goes on is left, and nothing listens to it any more; it is cancelled by the keyboard alone.
  await run(slow)
  await page.locator('[data-run-status=RUNNING]').waitFor()
  await expectText('live')
  if ((await page.evaluate(() => window.openStreams)) !== 1) throw new Error('a run that goes on is not followed by one stream')
  // Nor does a tab that nobody looks at hold one of the six connections that a browser has for all of them.
  for (const [state, streams] of [['hidden', 0], ['visible', 1]]) {
    await page.evaluate((state) => {
      Object.defineProperty(document, 'visibilityState', { value: state, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    }, state)
    if ((await page.evaluate(() => window.openStreams)) !== streams) throw new Error(`a tab that is ${state} has not ${streams} streams`)
  }
  await page.getByRole('link', { name: 'Quality', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Quality' }).waitFor()
  if ((await page.evaluate(() => window.openStreams)) !== 0) throw new Error('a page that was left still listens')
  await page.goBack()
  await page.getByRole('button', { name: 'Cancel', exact: true }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Cancel the run' }).focus()
  await page.keyboard.press('Enter')
  await page.locator('[data-run-status=CANCELLED]').waitFor()
  await look('cancelled')

  // Why it failed: the cause, what it rests on, and a corrected recipe, which only the person takes further.
  await run(misspelt)
  const diagnosis = page.getByRole('region', { name: 'Diagnosis' })
  await expectText('Unknown column', diagnosis)
  await diagnosis.locator('.cm-insertedLine, .cm-changedLine').first().waitFor()
  // It was never planned, so there is no node to begin again at.
  if ((await page.getByRole('button', { name: /Retry from/ }).count()) > 0) throw new Error('a node is offered that cannot be begun again')
  await look('diagnosis')
  await dark('diagnosis')
  await diagnosis.getByRole('button', { name: 'Copy the recipe' }).click()
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  if (!copied.includes("condition: v = 'a'")) throw new Error(`the corrected recipe was not copied, but ${copied}`)
  await diagnosis.getByRole('button', { name: 'Open in the editor' }).click()
  await page.waitForURL(/\/pipelines\/default\/misspelt\/edit/)
  const draft = await page.evaluate(() => sessionStorage.getItem('penstock.draft.default/misspelt'))
  if (draft !== copied) throw new Error('the editor was not given the corrected recipe')
  await page.getByRole('button', { name: 'Take it' }).click()
  await page.getByText('Nothing is wrong with it.').waitFor()
  await look('corrected')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByRole('status').getByText(/version 2/).waitFor()
  await page.getByRole('status').getByRole('link', { name: 'default/misspelt' }).click()
  await page.getByRole('button', { name: 'Start a run' }).click()
  await page.getByRole('button', { name: 'Start the run' }).click()
  await page.locator('[data-run-status=SUCCEEDED]').waitFor({ timeout: 30_000 })

  // What was wrong with the data is mended, and the run goes on from the node, without opening it.
  await run(divided)
  await expectText('Division by zero', diagnosis)
  writeFileSync(join(files, 'divisors.csv'), 'by\n4\n2\n')
  await page.getByRole('row').filter({ hasText: 'connector_source' }).getByRole('button', { name: 'Retry from here: divisors' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Retry', exact: true }).click()
  await page.locator('[data-run-status=SUCCEEDED]').waitFor({ timeout: 30_000 })
  await page.locator('.react-flow__node[data-id=put] [data-status=COMPLETED]').waitFor()
  await page.getByRole('tab', { name: 'Attempts' }).click()
  await page.getByRole('button', { name: /attempt 2 on worker-/ }).first().waitFor()
  await look('attempts')

  // Why was it different? Two runs, chosen in the list.
  await page.goto(`${base}/ui/runs?pipeline=guarded`)
  await page.getByRole('checkbox', { name: `Choose run ${usual.slice(-8)}` }).check()
  await page.getByRole('checkbox', { name: `Choose run ${odd.slice(-8)}` }).check()
  await look('runs-chosen')
  await page.getByRole('link', { name: 'Compare' }).click()
  await expectText('parameter least was 1 and is 100')
  if (!page.url().includes(`/runs/${odd}?tab=different&with=${usual}`)) throw new Error(`they are compared at ${page.url()}`)
  await look('different')
  await dark('different')

  // What one node did: rows with all their digits, in and out; the statement in lines; commands.
  await run(odd, '?node=keep')
  const panel = page.getByRole('region', { name: 'Node keep' })
  await panel.getByRole('tab', { name: 'Sample' }).click()
  await expectText('1234567890123456889', panel.getByRole('region', { name: 'First rows of keep' }))
  await expectText('1234567890123456790', panel.getByRole('region', { name: 'First rows of checked.valid' }))
  await panel.getByRole('tab', { name: 'Columns' }).click()
  await expectText('BIGINT', panel)
  await panel.getByRole('tab', { name: 'SQL' }).click()
  await page.waitForFunction(() => /\n\s+"?checked\.valid/.test(document.querySelector('[role=tabpanel] pre code')?.textContent ?? ''))
  await look('node-sql')
  await panel.getByRole('tab', { name: 'Figures' }).click()
  await panel.getByText('The same on the command line').click()
  await expectText(`penstock retry ${odd} --from keep`, panel)
  await dark('node-figures')

  // Every row that did not go on has a name.
  await run(odd, '?tab=rows')
  await expectText(/filtered 99/)
  await expectText(/unchanged 96/)
  await dark('river')

  // A row is corrected and replayed to the end; the others are waived.
  await page.goto(`${base}/ui/dead-letters?run=${odd}`)
  const row = page.getByRole('row').filter({ hasText: '"id":196' })
  await row.getByRole('button', { name: /Open dead letter/ }).click()
  await page.getByRole('textbox', { name: 'The row' }).fill('{"id": 150}')
  await look('letter')
  await page.getByRole('button', { name: 'Save the correction' }).click()
  await page.getByRole('cell', { name: 'fixed' }).waitFor()
  await page.getByRole('row').filter({ hasText: 'fixed' }).getByRole('checkbox').check()
  await page.getByRole('button', { name: 'Replay 1' }).click()
  await page.getByRole('button', { name: 'Replay them' }).click()
  await expectText('1 row replayed', page.getByRole('status'))
  await page.getByRole('cell', { name: 'replayed' }).waitFor()
  await page.getByRole('button', { name: 'Waive all of this filter' }).click()
  await expectText('4 open or corrected rows', page.getByRole('dialog'))
  await page.getByRole('button', { name: 'Waive them' }).click()
  await expectText('4 waived', page.getByRole('status'))
  await dark('dead-letters')

  // On a phone.
  await page.setViewportSize({ width: 390, height: 844 })
  await colours('dark')
  for (const [name, address, text] of [
    ['dead-letters', `dead-letters?run=${odd}`, 'Reason'],
    ['diagnosis', `runs/${misspelt}`, 'Unknown column'],
    ['different', `runs/${odd}?tab=different`, 'Node by node'],
    ['runs', 'runs', 'Asked for'],
    ['node', `runs/${odd}?node=keep`, 'Rows out'],
  ]) {
    await page.goto(`${base}/ui/${address}`)
    await expectText(text)
    await fits(`${name} on a phone`)
    await look(`${name}-phone`)
  }
})
