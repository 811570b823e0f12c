// One dataset: its score opened rule by rule, with rows that fail, and how it was before.
import { Anchor, Code, Paper, Stack, Table, Text, Title, useComputedColorScheme } from '@mantine/core'
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

export default function Dataset() {
  const { namespace = '', '*': dataset = '' } = useParams()
  const [said] = useSearchParams()
  const query = { scope: said.get('scope'), ruleSet: said.get('ruleSet') }
  const { data, error } = useQuery({
    queryKey: ['dataset', namespace, dataset, query],
    queryFn: () => call<DatasetQuality>(`/quality/${namespace}/${dataset}`, { query }),
  })
  return (
    <Page title={dataset}>
      <Trouble error={error} title="This dataset cannot be shown" />
      {data === undefined && error === null && <Waiting what="the dataset" />}
      {data !== undefined && <Told found={data} />}
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
        </Text>
        <Text fz="sm" c="dimmed">
          {found.scope === 'batch' ? 'What one run wrote' : 'All that is there'}
          {found.ruleSet !== null && `, by rule set ${found.ruleSet}`}, {count(found.rows)} rows, <Moment at={found.at} />
        </Text>
        {ofRun && (
          <Anchor component={Link} to={`/runs/${found.check.run}`} fz="sm">
            The run that was checked
          </Anchor>
        )}
      </Paper>
      {found.history.length > 1 && <History found={found} />}
      <Title order={2} size="h4">
        Rules
      </Title>
      {found.results.length === 0 && <Text c="dimmed">No rule set looks at it; what there is, is a profile of its columns.</Text>}
      {found.results.map((one) => (
        <Rule key={one.rule} result={one} />
      ))}
      {found.score !== null && (
        <details>
          <summary>How the score came about</summary>
          <Code block tabIndex={0}>
            {JSON.stringify(found.formula, null, 2)}
          </Code>
        </details>
      )}
      {found.profile !== null && (
        <>
          <Title order={2} size="h4">
            Columns
          </Title>
          <Rows label="Profile of the columns" rows={found.profile.columns.map(({ name, type, nulls, distinct, min, max, ...more }) => ({ name, type, nulls, distinct, min, max, ...more }))} />
        </>
      )}
    </Stack>
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
