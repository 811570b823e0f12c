// One dataset: its score opened rule by rule, with rows that fail, and how it was before.
import { Alert, Anchor, Group, List, Paper, Select, Stack, Table, Text, Title, useComputedColorScheme } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams, useSearchParams } from 'react-router'
import { CartesianGrid, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import { call } from '../api/call'
import type { DatasetQuality, RuleResult } from '../api/types'
import { cell, count, moment, UNKNOWN } from '../show/figures'
import { Page, Scroll, Waiting } from '../show/Page'
import { Rows } from '../show/Rows'
import { Status } from '../show/Status'
import { Trouble } from '../show/Trouble'
import { Moment, useZone } from '../show/zone'
import { datasetPath } from './address'
import { Profile } from './Profile'
import { Score } from './Score'

export default function Dataset() {
  const { namespace = '', '*': dataset = '' } = useParams()
  const [said, say] = useSearchParams()
  const query = new URLSearchParams([...said].filter(([name]) => name === 'scope' || name === 'ruleSet')).toString()
  const { data, error } = useQuery({
    queryKey: ['dataset', namespace, dataset, query],
    // As it stands in the address: an empty rule set is one of its own, the profile that needs no rules.
    queryFn: () => call<DatasetQuality>(`${datasetPath(namespace, dataset)}?${query}`),
  })
  return (
    <Page title={dataset}>
      <Trouble error={error} title="This dataset cannot be shown" />
      {data === undefined && error === null && <Waiting what="the dataset" />}
      {data !== undefined && (
        <>
          <Subjects found={data} onSay={(scope, ruleSet) => say({ scope, ruleSet })} />
          <Told found={data} />
        </>
      )}
    </Page>
  )
}

function Told({ found }: { found: DatasetQuality }) {
  const ofRun = found.check.stage > 0
  return (
    <Stack>
      <Paper withBorder p="sm">
        <Text fz="xl" fw={700}>
          {found.score ?? 'No score'}
          {found.partial && ' (in part)'}
        </Text>
        {found.blocked.length > 0 && <Text fz="sm">Not published, because of {found.blocked.join(', ')}.</Text>}
        <Text fz="sm" c="dimmed">
          {lookedAt(found)}, {count(found.rows)} rows, <Moment at={found.at} />
        </Text>
        {ofRun && (
          <Anchor component={Link} to={`/runs/${found.check.run}`} fz="sm">
            The run that was checked
          </Anchor>
        )}
      </Paper>
      {found.objective !== null && <Budget objective={found.objective} />}
      {found.drift !== null && <Drift drift={found.drift} />}
      {found.formula !== null && found.formula.terms.length > 0 && <Score formula={found.formula} score={found.score} />}
      {found.history.length > 1 && <History found={found} />}
      <Title order={2} size="h4">
        Rules
      </Title>
      {found.results.length === 0 && <Text c="dimmed">No rule set looks at it; what there is, is a profile of its columns.</Text>}
      {found.results.map((one) => (
        <Rule key={one.rule} result={one} />
      ))}
      {found.profile !== null && <Profile profile={found.profile} />}
    </Stack>
  )
}

/** As which rule set looked at it, and at how much of it. */
function Subjects({ found, onSay }: { found: DatasetQuality; onSay: (scope: string, ruleSet: string) => void }) {
  if (found.subjects.length < 2) return null
  const value = (one: { scope: string; ruleSet: string | null }) => `${one.scope} ${one.ruleSet ?? ''}`
  return (
    <Select
      label="Looked at"
      maw={420}
      allowDeselect={false}
      value={value(found)}
      data={found.subjects.map((one) => ({ value: value(one), label: `${lookedAt(one)}: ${one.score ?? 'no score'}` }))}
      onChange={(chosen) => {
        const one = found.subjects.find((each) => value(each) === chosen)
        if (one !== undefined) onSay(one.scope, one.ruleSet ?? '')
      }}
    />
  )
}

function lookedAt({ scope, ruleSet }: { scope: string; ruleSet: string | null }): string {
  return `${scope === 'batch' ? 'What one run wrote' : 'All that is there'}${ruleSet === null ? ', without rules' : `, by rule set ${ruleSet}`}`
}

function Drift({ drift }: { drift: NonNullable<DatasetQuality['drift']> }) {
  if (drift.findings.length === 0) {
    return (
      <Text fz="sm" c="dimmed">
        {drift.status === 'learning'
          ? `Whether it drifts is being learnt: ${drift.history} earlier ${drift.history === 1 ? 'profile is' : 'profiles are'} there to compare it with.`
          : `No column has drifted, against ${drift.history} earlier profiles.`}
      </Text>
    )
  }
  return (
    <Alert color="orange" variant="outline" title={`It has drifted, against ${drift.history} earlier ${drift.history === 1 ? 'profile' : 'profiles'}`}>
      <List size="sm">
        {drift.findings.map((one, number) => (
          <List.Item key={number}>{one.said}</List.Item>
        ))}
      </List>
      {drift.more > 0 && <Text fz="sm">And {count(drift.more)} more.</Text>}
    </Alert>
  )
}

function Budget({ objective }: { objective: NonNullable<DatasetQuality['objective']> }) {
  const { score, windowDays, checks, below, mean, remainingPercent, burnRate, usedUp } = objective
  const figures: [string, string][] = [
    ['Promised', `${score} over ${windowDays} days`],
    ['Mean of the window', mean === null ? UNKNOWN : mean.toFixed(1)],
    ['Checks below it', `${count(below)} of ${count(checks)}`],
    ['Error budget left', `${remainingPercent.toFixed(0)} %${usedUp ? ', used up' : ''}`],
    ['Burn rate', burnRate === null ? UNKNOWN : `${burnRate.toFixed(1)} times what the window allows`],
  ]
  return (
    <Paper withBorder p="sm">
      <Group gap="xl">
        {figures.map(([name, value]) => (
          <div key={name}>
            <Text fz="xs" c="dimmed">
              {name}
            </Text>
            <Text fw={600}>{value}</Text>
          </div>
        ))}
      </Group>
    </Paper>
  )
}

function Rule({ result }: { result: RuleResult }) {
  const said = [
    result.checked === null ? null : `${count(result.failing)} of ${count(result.checked)} rows fail`,
    result.failingPercent === null ? null : `${result.failingPercent.toFixed(2)} %`,
    result.severity,
    result.blocks ? 'blocks publishing' : null,
  ].filter((one) => one !== null)
  return (
    <Paper withBorder p="sm">
      <Text component="div" fw={600}>
        <Status status={result.status} /> {result.rule}{' '}
        <Text span c="dimmed" fz="sm">
          {result.type}
        </Text>
      </Text>
      <Text fz="sm">{said.join(', ')}</Text>
      {result.observed !== null && (
        <Text fz="sm">
          Observed {cell(result.observed)}
          {result.expected !== null && `, expected ${cell(result.expected)}`}
        </Text>
      )}
      {result.error !== null && <Text fz="sm">It could not be measured: {result.error}</Text>}
      {result.offenders.length > 0 && <Rows label={`Rows that break ${result.rule}`} rows={result.offenders} />}
    </Paper>
  )
}

function History({ found }: { found: DatasetQuality }) {
  const dark = useComputedColorScheme('light') === 'dark'
  const { zone } = useZone()
  const points = found.history.toReversed().map((one) => ({ at: moment(one.at, zone), score: one.score }))
  const ink = dark ? '#ced4da' : '#495057'
  return (
    <div>
      <Title order={2} size="h4">
        Score over time
      </Title>
      <div role="img" aria-label={`Scores of the last ${points.length} checks; the table below has them`}>
        <ResponsiveContainer width="100%" height={200}>
          <LineChart data={points} margin={{ top: 10, right: 20, left: 0, bottom: 0 }} accessibilityLayer={false}>
            <CartesianGrid strokeDasharray="3 3" stroke={dark ? '#424242' : '#dee2e6'} />
            <XAxis dataKey="at" hide />
            <YAxis domain={[0, 100]} width={36} tick={{ fill: ink }} />
            <Tooltip />
            <Line dataKey="score" stroke={dark ? '#74c0fc' : '#1864ab'} strokeWidth={2} isAnimationActive={false} />
          </LineChart>
        </ResponsiveContainer>
      </div>
      <details>
        <summary>The same as a table</summary>
        <Scroll label="Scores" height={260}>
          <Table fz="sm" verticalSpacing={3}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Checked</Table.Th>
                <Table.Th>Score</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {found.history.map((one) => (
                <Table.Tr key={`${one.check.run} ${one.check.stage}`}>
                  <Table.Td>
                    <Moment at={one.at} />
                  </Table.Td>
                  <Table.Td>{one.score ?? UNKNOWN}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Scroll>
      </details>
    </div>
  )
}
