// Whoever looks after an installation and its pipelines. Called by tests/e2e/test_monitor_shell.py, which makes the server and its pipelines.
import { base, token, walk } from './person.mjs'

await walk(async (person) => {
  const { page, heading, expectText, fits } = person
  const open = (path) => page.goto(`${base}/ui/${path}`)
  const { look } = person
  const lookInBoth = async (name) => {
    await look(name)
    await person.colours('dark')
    await look(`${name}-dark`)
    await person.colours('light')
  }
  const button = (name, within = page) => within.getByRole('button', { name, exact: true })
  const tab = (name) => page.getByRole('tab', { name, exact: true }).click()
  const { RECIPE: recipe } = process.env
  await person.logIn()

  // The installation: who is alive, who leads, and that all holds that must.
  await open('system')
  await page.getByRole('row', { name: /worker-1/ }).waitFor()
  await page.getByRole('row', { name: /leader/ }).waitFor()
  await page.getByRole('row', { name: /^stages/ }).first().waitFor()
  await expectText('default/dead')
  await button('Examine').click()
  await page.getByRole('region', { name: 'What was looked at' }).waitFor()
  await lookInBoth('system')

  // By the keyboard alone to a pipeline, from any page.
  await page.keyboard.press('Control+K')
  await page.getByRole('textbox', { name: 'Search' }).pressSequentially('nightl')
  await page.getByRole('button', { name: /^default\/nightly It/ }).waitFor()
  await lookInBoth('search')
  // What was chosen is drawn anew with the colours.
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  await heading('default/nightly')
  await page.keyboard.press('/')
  await page.getByRole('textbox', { name: 'Search' }).fill('calendars')
  await page.getByRole('button', { name: /^Calendars/ }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('textbox', { name: 'Search' }).waitFor({ state: 'hidden' })

  // When it fires, and what starts it.
  await tab('Schedule')
  await page.getByRole('region', { name: 'Next fire times' }).getByRole('row').nth(5).waitFor()
  await page.getByRole('region', { name: 'The next days' }).getByRole('row').nth(5).waitFor()
  await look('schedule')
  await page.getByRole('link', { name: 'PL_HOLIDAY' }).click()
  await page.getByLabel('From').fill('2026-12-20')
  await page.getByRole('row', { name: /^2026-12-25 Fri skipped .+PL_HOLIDAY/ }).waitFor()
  await look('calendar')
  await open('pipelines/default/nightly?tab=triggers')
  await button('Show what schedule saw').click()
  await page.getByRole('region', { name: 'What schedule saw' }).waitFor()
  await look('triggers')

  // A backfill: seen before it runs, paused, gone on with, cancelled.
  await tab('Backfills')
  const day = (back) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10)
  const form = page.getByRole('form', { name: 'New backfill' })
  if (await button('Start the backfill', form).isEnabled()) throw new Error('a backfill can be started that nobody has seen')
  // So many that the last is not done before the backfill is cancelled; how many is up to the holidays of these days.
  await form.getByLabel('From').fill(day(40))
  await form.getByLabel('To').fill(day(2))
  await form.getByRole('combobox', { name: 'Which' }).click()
  await page.getByRole('option', { name: 'all of them' }).click()
  await button('Preview', form).click()
  await expectText(/\d+ fire times would be run, 0 left out/)
  await form.getByLabel('To').fill(day(3))
  await button('Start the backfill', form).waitFor()
  await button('Preview', form).click()
  await form.getByRole('button', { name: /^Start \d+ runs$/ }).click()
  await page.locator('[data-backfill=running]').first().waitFor()
  await button('Pause').click()
  await page.locator('[data-backfill=paused]').first().waitFor()
  await button('Resume').click()
  await page.locator('[data-backfill=running]').first().waitFor()
  await page.getByRole('region', { name: 'Its dates' }).getByRole('link').first().waitFor()
  await lookInBoth('backfill')
  await button('Cancel').click()
  await page.getByRole('dialog').getByRole('checkbox').check()
  await button('Cancel the backfill', page.getByRole('dialog')).click()
  await page.locator('[data-backfill=cancelled]').first().waitFor()

  // Where its data comes from: pipelines beside it, and columns.
  await tab('Lineage')
  await page.locator('.react-flow__node', { hasText: 'default/after' }).waitFor()
  await lookInBoth('lineage')
  await page.getByText('Columns', { exact: true }).click()
  await page.locator('.react-flow__node', { hasText: 'doubled' }).waitFor()
  await page.getByRole('row', { name: /^doubled .+\.id computed$/ }).waitFor()
  await tab('State')
  await expectText('It keeps nothing from run to run')

  // Two versions side by side, and one brought back.
  await tab('Versions')
  await button('Changes of version 2').click()
  await page.locator('[data-diff=beside] .cm-changedLine').first().waitFor()
  await lookInBoth('versions')
  await button('Restore version 1').click()
  await page.getByRole('row', { name: /^\d+ \(in force\).+Restore version 1/ }).waitFor()

  // A connector: whether it works, what is in it, its secrets, its breaker.
  await open('connectors/default/db')
  await button('Check').click()
  await expectText('It works')
  await button('First rows of people').click()
  await page.getByRole('region', { name: /First rows of people, secrets masked/ }).getByRole('cell', { name: 'Ada' }).waitFor()
  await lookInBoth('connector')
  await open('connectors/default/kept?tab=credential')
  await page.getByLabel('password', { exact: true }).fill('a-secret-nobody-reads')
  await button('Set the credential').click()
  await expectText('It was set.')
  await expectText(/default\/kept: version \d+/)
  if ((await page.content()).includes('a-secret-nobody-reads')) throw new Error('a secret stays in the page')
  await look('credential')
  await open('connectors')
  await button('Reset default/dead').click()
  await button('Reset default/dead').waitFor({ state: 'detached' })
  await look('connectors')

  // A recipe is offered what may stand there, told what it means, and planned.
  await open('pipelines/default/nightly/edit')
  const text = page.getByRole('textbox', { name: 'Recipe' })
  await text.filter({ hasText: 'double' }).click()
  await page.keyboard.press('Control+End')
  await page.keyboard.type('  timez')
  await page.getByRole('option', { name: /timezone/ }).waitFor()
  await lookInBoth('completion')
  await page.keyboard.press('Enter')
  await page.keyboard.type('Europe/Paris')
  await expectText('Nothing is wrong with it.')
  await page.getByText('writeMode', { exact: false }).first().hover()
  await page.locator('.penstock-hover').waitFor()
  await page.mouse.move(5, 5)
  await page.getByRole('link', { name: 'Runs', exact: true }).click()
  await expectText('What you have written is not saved')
  await button('Stay here').click()
  await button('Plan').click()
  await page.locator('[data-plan=known]').getByRole('button').first().click()
  await expectText(/SELECT/, page.locator('[data-plan=known]'))
  await lookInBoth('plan')
  // Somebody else has saved it meanwhile: that is not written over unasked.
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/yaml' }
  const applied = await page.request.post(`${base}/api/v1/apply`, { headers, data: recipe.replace('doubled', 'other') })
  if (!applied.ok()) throw new Error(await applied.text())
  await button('Apply').click()
  await expectText('Somebody has saved it meanwhile')
  await button('Apply mine').click()
  await page.getByRole('status').getByText(/version \d/).waitFor()

  // What a diagnosis proposes is seen before it is taken.
  await page.evaluate((proposed) => sessionStorage.setItem('penstock.draft.default/nightly', proposed), recipe.replace('doubled', 'proposed'))
  await open('pipelines/default/nightly/edit')
  await expectText('A correction is proposed')
  await look('proposal')
  await button('Take it').click()
  await text.filter({ hasText: 'proposed' }).waitFor()
  await button('Apply').click()
  await page.getByRole('status').getByText(/version \d/).waitFor()

  // A token is shown once, and revoked; who did what stands in the audit log.
  await open('tokens')
  await button('Make a token').click()
  await page.getByRole('dialog').getByLabel('Name', { exact: false }).first().fill('walker')
  await button('Make it').click()
  await expectText(/^pst_/)
  await button('I have it').click()
  await lookInBoth('tokens')
  await button('Revoke walker').click()
  await button('Revoke it').click()
  await button('Revoke walker').waitFor({ state: 'detached' })
  await open('audit?object=walker')
  await heading('Audit log')
  await open('audit')
  await page.getByRole('row', { name: /tokens.revoke/ }).first().waitFor()
  await look('audit')

  // On a phone, nothing is wider than it.
  await page.setViewportSize({ width: 390, height: 844 })
  for (const path of ['system', 'connectors/default/db', 'pipelines/default/nightly?tab=backfills', 'pipelines/default/nightly?tab=versions', 'pipelines/default/nightly/edit', 'calendars/PL_HOLIDAY', 'tokens', 'audit']) {
    await open(path)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.getByRole('status', { name: /^Loading/ }).first().waitFor({ state: 'detached' })
    await fits(path)
  }
})
