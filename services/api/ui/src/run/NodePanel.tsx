// Everything of one node: figures, first rows, the SQL that ran, attempts, errors.
import { Alert, CloseButton, Group, Paper, Stack, Table, Tabs, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { call } from '../api/call'
import type { NodeInFull, Run } from '../api/types'
import { between, bytes, cell, count, duration } from '../show/figures'
import { Scroll, Sql, Waiting } from '../show/Page'
import { Rows } from '../show/Rows'
import { Status } from '../show/Status'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'
import { LogLines } from './Logs'

export function NodePanel({ run, node, onClose }: { run: Run; node: string; onClose: () => void }) {
  const { data, error } = useQuery({
    // Below ['run', id], so that it is asked for again whenever the run says something new.
    queryKey: ['run', run.id, 'node', node],
    queryFn: () => call<NodeInFull>(`/runs/${run.id}/nodes/${encodeURIComponent(node)}`),
  })
  return (
    <Paper withBorder p="sm" component="section" aria-label={`Node ${node}`}>
      <Stack gap="sm">
        <Group justify="space-between" wrap="nowrap">
          <Title order={2} size="h4">
            {node}
          </Title>
          <CloseButton aria-label="Close the node" onClick={onClose} />
        </Group>
        <Trouble error={error} title="This node cannot be shown" />
        {error === null && data === undefined && <Waiting what="the node" />}
        {data !== undefined && <Told run={run} node={data} />}
      </Stack>
    </Paper>
  )
}

function Told({ run, node }: { run: Run; node: NodeInFull }) {
  const stage = node.inStage
  const figures: [string, string][] = [
    ['Rows in', count(node.rowsIn)],
    ['Rows out', count(node.rowsOut)],
    ['Rejected', count(node.rowsRejected)],
    ['Inserted', count(node.rowsInserted)],
    ['Updated', count(node.rowsUpdated)],
    ['Took', duration(node.durationMs)],
    ['Stage', stage === null ? 'not planned yet' : `${stage.id} (${stage.nodes.join(', ')})`],
    ['Stage took', duration(stage?.durationMs)],
    ['Peak memory', bytes(stage?.peakMemoryBytes)],
    ['Worker', stage?.worker ?? '–'],
  ]
  return (
    <>
      <Group gap="sm">
        <Status status={node.status} />
        <Text fz="sm" c="dimmed">
          {node.type}
          {node.engine !== null && ` on ${node.engine}`}
        </Text>
      </Group>
      {stage?.waitingFor != null && node.status === 'WAITING' && <Text fz="sm">It waits: {stage.waitingFor.detail}</Text>}
      {node.errors.slice(-1).map((error, number) => (
        <Alert key={number} color="red" variant="outline" p="xs" title={error.code}>
          <Text fz="sm" style={{ overflowWrap: 'anywhere' }}>
            {error.message}
          </Text>
        </Alert>
      ))}
      <Tabs defaultValue="figures" keepMounted={false}>
        <Tabs.List mb="xs">
          <Tabs.Tab value="figures">Figures</Tabs.Tab>
          <Tabs.Tab value="sample">Sample</Tabs.Tab>
          <Tabs.Tab value="sql">SQL</Tabs.Tab>
          <Tabs.Tab value="attempts">Attempts</Tabs.Tab>
          <Tabs.Tab value="logs">Logs</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="figures">
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
        </Tabs.Panel>
        <Tabs.Panel value="sample">
          <Samples node={node} />
        </Tabs.Panel>
        <Tabs.Panel value="sql">
          <Stack>
            {node.sql.map((one) => (
              <div key={one.table}>
                <Text fz="sm" c="dimmed">
                  makes {one.table}
                </Text>
                <Sql label={`SQL that makes ${one.table}`}>{one.sql}</Sql>
              </div>
            ))}
            {node.sql.length === 0 && (
              <Text fz="sm" c="dimmed">
                No statement of its own is kept: the stage was not planned yet, or the node is part of another one's statement.
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

function Samples({ node }: { node: NodeInFull }) {
  if (node.samples.length === 0) {
    return (
      <Text fz="sm" c="dimmed">
        No rows of it were kept. Rows are kept where a stage hands them over; <code>staging: all</code> in the recipe&rsquo;s spec keeps those of every node.
      </Text>
    )
  }
  return (
    <Stack>
      {node.samples.map((sample) => (
        <div key={sample.port}>
          <Text fz="sm" c="dimmed">
            First rows of {sample.port}; columns whose names look secret are masked
          </Text>
          {sample.rows.length === 0 ? <Text fz="sm">It gave no rows.</Text> : <Rows label={`First rows of ${sample.port}`} rows={sample.rows} />}
          {sample.profile !== null && (
            <Scroll label={`Columns of ${sample.port}`} height={260}>
              <Table fz="sm" verticalSpacing={3} mt="xs">
                <Table.Thead>
                  <Table.Tr>
                    {['Column', 'Type', 'NULLs', 'Distinct', 'Least', 'Most'].map((name) => (
                      <Table.Th key={name}>{name}</Table.Th>
                    ))}
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {sample.profile.map((column) => (
                    <Table.Tr key={column.name}>
                      <Table.Td>{column.name}</Table.Td>
                      <Table.Td>{column.type}</Table.Td>
                      <Table.Td>{count(column.nulls)}</Table.Td>
                      <Table.Td>{count(column.distinct)}</Table.Td>
                      <Table.Td>{cell(column.min)}</Table.Td>
                      <Table.Td>{cell(column.max)}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Scroll>
          )}
        </div>
      ))}
    </Stack>
  )
}

function AttemptTable({ node }: { node: NodeInFull }) {
  const now = Date.now()
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
        <Table.Thead>
          <Table.Tr>
            {['Attempt', 'Worker', 'Began', 'Took', 'Outcome'].map((name) => (
              <Table.Th key={name}>{name}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {node.attempts.map((attempt) => (
            <Table.Tr key={attempt.epoch}>
              <Table.Td>{attempt.epoch}</Table.Td>
              <Table.Td>{attempt.worker}</Table.Td>
              <Table.Td>
                <Moment at={attempt.startedAt} />
              </Table.Td>
              <Table.Td>{duration(between(attempt.startedAt, attempt.finishedAt, now))}</Table.Td>
              <Table.Td>{attempt.error?.message ?? attempt.outcome ?? 'runs'}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Scroll>
  )
}
