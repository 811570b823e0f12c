// Why was it different? A run beside another of its pipeline, what differs ranked by surprise.
import { Alert, Anchor, Code, Group, Progress, Select, Stack, Table, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { call, Problem } from '../api/call'
import type { Page, Run, RunDiff, RunHead, RunNode } from '../api/types'
import { Heads } from '../show/List'
import { cell, count, duration, moment } from '../show/figures'
import { Empty, Scroll, Waiting } from '../show/Page'
import { look, Status } from '../show/Status'
import { Trouble } from '../show/Trouble'
import { Moment, useZone } from '../show/zone'

// prettier-ignore
const KINDS = { version: 'version', parameters: 'parameter', columns: 'columns', plan: 'plan', status: 'state', rows: 'rows', duration: 'time' }
const OFFERED = 50

interface Props {
  run: Run
  /** The other run; null: the newest before it that succeeded. */
  other: string | null
  onOther: (run: string | null) => void
  onChoose: (node: string) => void
}

export function WhyDifferent({ run, other, onOther, onChoose }: Props) {
  const { data, error } = useQuery({
    queryKey: ['diff', run.id, other, run.status],
    queryFn: () => call<RunDiff>(`/runs/${run.id}/diff`, { query: { with: other } }),
  })
  return (
    <Stack>
      <Other run={run} other={other} onOther={onOther} />
      {error instanceof Problem && error.status === 404 && other === null ? (
        <Empty title="There is nothing to compare it with yet">
          A run is set beside the newest one before it that succeeded, and this pipeline has none. Choose another run above.
        </Empty>
      ) : (
        <Trouble error={error} title="They cannot be compared" />
      )}
      {data === undefined && error === null && <Waiting what="the comparison" />}
      {data !== undefined && error === null && <Told found={data} onChoose={onChoose} />}
    </Stack>
  )
}

function Other({ run, other, onOther }: Pick<Props, 'run' | 'other' | 'onOther'>) {
  const { zone } = useZone()
  const { namespace, name } = run.pipeline
  const { data } = useQuery({
    queryKey: ['runs', { namespace, pipeline: name, limit: OFFERED }],
    queryFn: () => call<Page<RunHead>>('/runs', { query: { namespace, pipeline: name, limit: OFFERED } }),
  })
  const offered = (data?.items ?? []).filter(({ id }) => id !== run.id)
  const there = other === null || offered.some(({ id }) => id === other)
  const items = [
    ...offered.map((one) => ({ value: one.id, label: `${moment(one.createdAt, zone)}, ${look(one.status).word}, ${one.id.slice(-8)}` })),
    ...(there ? [] : [{ value: other, label: other }]),
  ]
  return (
    <Select
      label="Compared with"
      maw={460}
      placeholder="The newest before it that succeeded"
      clearable
      clearButtonProps={{ 'aria-label': 'The newest before it that succeeded' }}
      searchable
      value={other}
      onChange={onOther}
      data={items}
    />
  )
}

function Told({ found, onChoose }: { found: RunDiff; onChoose: (node: string) => void }) {
  const { run, comparedWith, findings, recipe, nodes } = found
  return (
    <>
      <Group gap="xs">
        <Status status={run.status} />
        <Text span>
          version {run.version}, <Moment at={run.createdAt} />, beside
        </Text>
        <Status status={comparedWith.status} />
        <Text span>
          <Anchor component={Link} to={`/runs/${comparedWith.id}`} td="underline">
            {comparedWith.id.slice(-8)}
          </Anchor>
          , version {comparedWith.version}, <Moment at={comparedWith.createdAt} />
        </Text>
      </Group>
      {findings.length === 0 ? (
        <Empty title="Nothing differs">Same version, parameters, columns and plan, and as many rows at each node, within a twentieth.</Empty>
      ) : (
        <Scroll label="What differs">
          <Table fz="sm" verticalSpacing={4} miw={520}>
            <Heads of={['Surprise', 'What', 'Where', 'What differs']} />
            <Table.Tbody>
              {findings.map((one, number) => (
                <Table.Tr key={number}>
                  <Table.Td w={90}>
                    <Progress value={100 * one.surprise} color={one.surprise >= 0.8 ? 'red' : 'blue'} aria-label={`Surprise ${one.surprise}, of at most 1`} />
                  </Table.Td>
                  <Table.Td>{KINDS[one.kind]}</Table.Td>
                  <Table.Td>{one.node !== null && <ToNode node={one.node} onChoose={onChoose} />}</Table.Td>
                  <Table.Td style={{ overflowWrap: 'anywhere' }}>{one.told}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Scroll>
      )}
      {recipe === null && <Alert variant="outline">One of the two versions cannot be read, so that what they say otherwise is not shown.</Alert>}
      {recipe !== null && recipe.length > 0 && (
        <>
          <Title order={2} size="h4">
            What the recipe says otherwise
          </Title>
          <Scroll label="Changes of the recipe" height={320}>
            <Table fz="sm" verticalSpacing={4}>
              <Heads of={['Place', 'Before', 'Now']} />
              <Table.Tbody>
                {recipe.map((one) => (
                  <Table.Tr key={`${one.path} ${one.change}`}>
                    <Table.Td>
                      <Code>{one.path}</Code> {one.node}
                    </Table.Td>
                    <Table.Td style={{ overflowWrap: 'anywhere' }}>{one.change === 'added' ? 'not there' : cell(one.before)}</Table.Td>
                    <Table.Td style={{ overflowWrap: 'anywhere' }}>{one.change === 'removed' ? 'not there' : cell(one.after)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Scroll>
        </>
      )}
      <Title order={2} size="h4">
        Node by node
      </Title>
      <Scroll label="Figures of both runs">
        <Table fz="sm" verticalSpacing={4} miw={620}>
          <Heads of={['Node', 'State', 'Rows in', 'Rows out', 'Rejected', 'Took']} />
          <Table.Tbody>
            {nodes.map(({ id, before, after }) => (
              <Table.Tr key={id}>
                <Table.Td>{after === null ? id : <ToNode node={id} onChoose={onChoose} />}</Table.Td>
                {FIGURES.map((told, number) => (
                  <Table.Td key={number}>{both(before, after, told)}</Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Scroll>
    </>
  )
}

const FIGURES: ((node: RunNode) => string)[] = [
  ({ status }) => look(status).word,
  ({ rowsIn }) => count(rowsIn),
  ({ rowsOut }) => count(rowsOut),
  ({ rowsRejected }) => count(rowsRejected),
  ({ durationMs }) => duration(durationMs),
]

/** One figure where both have the same. */
function both(before: RunNode | null, after: RunNode | null, told: (node: RunNode) => string): string {
  const [was, is] = [before, after].map((node) => (node === null ? 'not there' : told(node)))
  return was === is ? (is ?? '') : `${was} → ${is}`
}

function ToNode({ node, onChoose }: { node: string; onChoose: (node: string) => void }) {
  return (
    <Anchor component="button" type="button" fz="sm" onClick={() => onChoose(node)}>
      {node}
    </Anchor>
  )
}
