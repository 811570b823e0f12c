// Everything of one node: figures, engine and why, first rows in and out, columns, the SQL that ran, attempts, errors, log lines.
import { Alert, Anchor, CloseButton, Code, Group, Paper, Stack, Table, Tabs, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { call } from '../api/call'
import { serverNow } from '../api/clock'
import type { Graph, NodeInFull, Run } from '../api/types'
import { Heads } from '../show/List'
import { between, bytes, count, duration } from '../show/figures'
import { Copy } from '../show/Copy'
import { Scroll, Waiting } from '../show/Page'
import { Statement } from '../show/Statement'
import { Status } from '../show/Status'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'
import { RetryHere } from './Actions'
import { LogLines } from './Logs'
import { Columns, Samples } from './Samples'

// What an error is shown for at the top: an attempt that went well since has made up for it.
const IN_TROUBLE = new Set(['FAILED', 'RETRYING', 'CANCELLED'])

// Of the window's height: what begins lower is not seen.
const LOW = 0.8

/** Below a long diagnosis nobody would see that the node was opened. */
function into(panel: HTMLElement | null): void {
  const top = panel?.getBoundingClientRect().top ?? 0
  if (top < 0 || top > LOW * window.innerHeight) panel?.scrollIntoView({ block: 'start' })
}

interface Props {
  run: Run
  graph: Graph | undefined
  node: string
  onChoose: (node: string) => void
  onClose: () => void
}

export function NodePanel({ run, graph, node, onChoose, onClose }: Props) {
  const { data, error } = useQuery({
    // Below ['run', id], so that it is asked for again whenever the run says something new.
    queryKey: ['run', run.id, 'node', node],
    queryFn: () => call<NodeInFull>(`/runs/${run.id}/nodes/${encodeURIComponent(node)}`),
  })
  return (
    <Paper ref={into} withBorder p="sm" component="section" aria-label={`Node ${node}`} style={{ scrollMarginTop: 64 }}>
      <Stack gap="sm">
        <Group justify="space-between" wrap="nowrap">
          <Title order={2} size="h4" style={{ overflowWrap: 'anywhere' }}>
            {node}
          </Title>
          <Group gap="xs" wrap="nowrap">
            <RetryHere run={run} node={node} />
            <CloseButton aria-label="Close the node" onClick={onClose} />
          </Group>
        </Group>
        <Trouble error={error} title="This node cannot be shown" />
        {error === null && data === undefined && <Waiting what="the node" />}
        {data !== undefined && <Told run={run} graph={graph} node={data} onChoose={onChoose} />}
      </Stack>
    </Paper>
  )
}

function Told({ run, graph, node, onChoose }: Pick<Props, 'run' | 'graph' | 'onChoose'> & { node: NodeInFull }) {
  const stage = node.inStage
  const error = IN_TROUBLE.has(node.status) ? (node.error ?? node.errors.at(-1)) : undefined
  return (
    <>
      <div>
        <Group gap="sm">
          <Status status={node.status} />
          <Text fz="sm" c="dimmed">
            {node.type}
            {node.engine !== null && ` on ${node.engine}`}
          </Text>
        </Group>
        {node.engineWhy != null && (
          <Text fz="sm" c="dimmed">
            Why there: {node.engineWhy}
          </Text>
        )}
        {node.reusedFrom != null && (
          <Text fz="sm">
            Not computed: its rows are reused from run <Anchor component={Link} to={`/runs/${node.reusedFrom}`} inherit>{node.reusedFrom}</Anchor>
          </Text>
        )}
      </div>
      {stage?.waitingFor != null && node.status === 'WAITING' && <Text fz="sm">It waits: {stage.waitingFor.detail}</Text>}
      {error !== undefined && (
        <Alert color="red" variant="outline" p="xs" title={error.code}>
          <Text fz="sm" style={{ overflowWrap: 'anywhere' }}>
            {error.message}
          </Text>
        </Alert>
      )}
      <Tabs defaultValue="figures" keepMounted={false}>
        <Tabs.List mb="xs">
          <Tabs.Tab value="figures">Figures</Tabs.Tab>
          <Tabs.Tab value="sample">Sample</Tabs.Tab>
          <Tabs.Tab value="columns">Columns</Tabs.Tab>
          <Tabs.Tab value="sql">SQL</Tabs.Tab>
          <Tabs.Tab value="attempts">Attempts</Tabs.Tab>
          <Tabs.Tab value="logs">Logs</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="figures">
          <Figures run={run} node={node} />
        </Tabs.Panel>
        <Tabs.Panel value="sample">
          <Samples run={run} graph={graph} node={node} onChoose={onChoose} />
        </Tabs.Panel>
        <Tabs.Panel value="columns">
          <Columns node={node} />
        </Tabs.Panel>
        <Tabs.Panel value="sql">
          <Stack>
            {node.sql.map((one) => (
              <Statement key={`${one.table} ${one.sql}`} label={`makes ${one.table}`} engine={node.engine}>
                {one.sql}
              </Statement>
            ))}
            {node.sql.length === 0 && (
              <Text fz="sm" c="dimmed">
                No statement of its own is kept: the stage was not planned yet, or the node is part of another one&rsquo;s statement.
              </Text>
            )}
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="attempts">
          <AttemptTable node={node} />
        </Tabs.Panel>
        <Tabs.Panel value="logs">
          <LogLines run={run} node={node.id} />
        </Tabs.Panel>
      </Tabs>
    </>
  )
}

function Figures({ run, node }: { run: Run; node: NodeInFull }) {
  const stage = node.inStage
  const figures: [string, string][] = [
    ['Rows in', count(node.rowsIn)],
    ['Rows out', count(node.rowsOut)],
    ['Rejected', count(node.rowsRejected)],
    ...Object.entries(node.ledger ?? {}).map(([term, rows]): [string, string] => [term.charAt(0).toUpperCase() + term.slice(1), count(rows)]),
    ...WRITTEN.flatMap(([name, key]): [string, string][] => (node[key] === null ? [] : [[name, count(node[key])]])),
    ['Books', node.balanced === null ? 'not known' : node.balanced ? 'balanced' : 'do not balance'],
    ['Took', node.durationMs === null ? 'not known apart from its stage' : duration(node.durationMs)],
    ['Stage', stage === null ? 'not planned yet' : `${stage.id} (${stage.nodes.join(', ')})`],
    ['Stage took', duration(stage?.durationMs)],
    ['Peak memory', bytes(stage?.peakMemoryBytes)],
    ['Worker', stage?.worker ?? '–'],
    ['Attempts', count(node.attempts.length)],
  ]
  const commands = [`penstock retry ${run.id} --from ${quoted(node.id)}`, `penstock status ${run.id}`, `penstock logs ${run.id} --follow`]
  return (
    <Stack>
      <Table fz="sm" verticalSpacing={3}>
        <Table.Tbody>
          {figures.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th w={120} scope="row">
                {name}
              </Table.Th>
              <Table.Td>{value}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <details>
        <summary>The same on the command line</summary>
        <Stack gap={6} mt="xs">
          {commands.map((command) => (
            <Group key={command} gap="xs" wrap="nowrap" justify="space-between">
              <Code style={{ overflowWrap: 'anywhere' }}>{command}</Code>
              <Copy text={command} label={`Copy ${command}`} />
            </Group>
          ))}
        </Stack>
      </details>
    </Stack>
  )
}

const WRITTEN = [
  ['Inserted', 'rowsInserted'],
  ['Updated', 'rowsUpdated'],
  ['Unchanged', 'rowsUnchanged'],
  ['Deleted', 'rowsDeleted'],
] as const

/** As a shell reads it as one word. */
function quoted(word: string): string {
  return /^[\w.-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

function AttemptTable({ node }: { node: NodeInFull }) {
  const now = serverNow()
  if (node.attempts.length === 0) {
    return (
      <Text fz="sm" c="dimmed">
        No worker has begun it yet.
      </Text>
    )
  }
  return (
    <Scroll label="Attempts">
      <Table fz="sm" verticalSpacing={3}>
        <Heads of={['Attempt', 'Worker', 'Began', 'Took', 'Outcome']} />
        <Table.Tbody>
          {node.attempts.map((attempt) => (
            <Table.Tr key={`${attempt.epoch} ${attempt.startedAt ?? ''}`}>
              <Table.Td>{attempt.epoch}</Table.Td>
              <Table.Td>{attempt.worker}</Table.Td>
              <Table.Td>
                <Moment at={attempt.startedAt} />
              </Table.Td>
              <Table.Td>{duration(between(attempt.startedAt, attempt.finishedAt, now))}</Table.Td>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>
                {attempt.outcome?.toLowerCase() ?? 'runs'}
                {attempt.error?.message !== undefined && `: ${attempt.error.message}`} {attempt.error?.code !== undefined && <Code>{attempt.error.code}</Code>}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Scroll>
  )
}
