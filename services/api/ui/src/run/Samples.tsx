// First rows that went into a node and came out of it, and the figures of its columns.
import { Anchor, Stack, Table, Text, Title } from '@mantine/core'
import { useQueries } from '@tanstack/react-query'
import { call } from '../api/call'
import type { Graph, GraphEdge, NodeInFull, Run } from '../api/types'
import { Heads } from '../show/List'
import { cell, count } from '../show/figures'
import { Scroll } from '../show/Page'
import { Rows } from '../show/Rows'

type Sample = NodeInFull['samples'][number]
// A union of a hundred is not shown whole.
const MOST_INPUTS = 6

interface Props {
  run: Run
  graph: Graph | undefined
  node: NodeInFull
  onChoose: (node: string) => void
}

export function Samples({ run, graph, node, onChoose }: Props) {
  const into = (graph?.edges ?? []).filter((edge) => edge.to === node.id)
  const shown = into.slice(0, MOST_INPUTS)
  const inputs = useQueries({
    queries: [...new Set(shown.map((edge) => edge.from))].map((from) => ({
      // Asked for anew when that node has come further, not whenever the run says something.
      queryKey: ['input', run.id, from, ...stateOf(run, from)],
      queryFn: () => call<NodeInFull>(`/runs/${run.id}/nodes/${encodeURIComponent(from)}`),
      staleTime: Infinity,
    })),
    combine: (found) => new Map(found.flatMap(({ data }) => (data === undefined ? [] : [[data.id, data] as const]))),
  })
  return (
    <Stack>
      <Title order={3} size="h5">
        Out
      </Title>
      {node.samples.length === 0 && (
        <Text fz="sm" c="dimmed">
          {node.type === 'connector_sink' ? (
            'What it wrote is in the destination; below is what it was given.'
          ) : (
            <>
              No rows of it were kept. Rows are kept where a stage hands them over; <code>staging: all</code> in the recipe&rsquo;s spec keeps those of every node.
            </>
          )}
        </Text>
      )}
      {node.samples.map((sample) => (
        <Shown key={sample.port} sample={sample} />
      ))}
      {shown.length > 0 && (
        <Title order={3} size="h5">
          In
        </Title>
      )}
      {shown.map((edge) => {
        const source = inputs.get(edge.from)
        // What leaves a sink is kept under a name of its own: under the sink's are the rows that it was to get.
        const kept = source?.type === 'connector_sink' ? `${edge.from}.written` : portOf(edge)
        const sample = source?.samples.find(({ port }) => port === kept)
        return (
          <div key={`${edge.from} ${edge.port}`}>
            <Text fz="sm">
              from{' '}
              <Anchor component="button" type="button" fz="sm" onClick={() => onChoose(edge.from)}>
                {portOf(edge)}
              </Anchor>
            </Text>
            {sample !== undefined && <Shown sample={sample} />}
            {sample === undefined && inputs.has(edge.from) && (
              <Text fz="sm" c="dimmed">
                No rows of it were kept.
              </Text>
            )}
          </div>
        )
      })}
      {into.length > shown.length && (
        <Text fz="sm" c="dimmed">
          And {into.length - shown.length} inputs more.
        </Text>
      )}
    </Stack>
  )
}

function stateOf(run: Run, id: string): unknown[] {
  const node = run.nodes.find((one) => one.id === id)
  return [node?.status, node?.attempts]
}

/** What the rows of an edge are kept as. */
function portOf({ from, port }: GraphEdge): string {
  return port === 'out' ? from : `${from}.${port}`
}

function Shown({ sample }: { sample: Sample }) {
  return (
    <div>
      <Text fz="sm" c="dimmed">
        First rows of {sample.port}; columns whose names look secret are masked
      </Text>
      {sample.rows.length === 0 ? (
        <Text fz="sm">It gave no rows.</Text>
      ) : (
        <Rows label={`First rows of ${sample.port}`} rows={sample.rows} order={(sample.profile ?? []).map(({ name }) => name)} />
      )}
    </div>
  )
}

export function Columns({ node }: { node: NodeInFull }) {
  const counted = node.samples.flatMap(({ port, profile }) => (profile === null ? [] : [{ port, profile }]))
  if (counted.length === 0) {
    return (
      <Text fz="sm" c="dimmed">
        Columns are counted where a stage hands rows over to another; <code>staging: all</code> in the recipe&rsquo;s spec has them counted for every node. What a
        destination holds is shown under Quality.
      </Text>
    )
  }
  return (
    <Stack>
      {counted.map(({ port, profile }) => (
        <Scroll key={port} label={`Columns of ${port}`} height={420}>
          <Table fz="sm" verticalSpacing={3}>
            <Table.Caption>
              {port}, {count(profile[0]?.rows)} rows
            </Table.Caption>
            <Heads of={['Column', 'Type', 'NULLs', 'Distinct', 'Least', 'Most']} />
            <Table.Tbody>
              {profile.map((column) => (
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
      ))}
    </Stack>
  )
}
