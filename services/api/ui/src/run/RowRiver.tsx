// What became of every row: the river as a picture, the ledger as a table.
import { Alert, Anchor, Stack, Table, Text, useComputedColorScheme } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Layer, Rectangle, ResponsiveContainer, Sankey, type SankeyLinkProps, type SankeyNodeProps } from 'recharts'
import { call } from '../api/call'
import type { Graph, Ledger, Run } from '../api/types'
import { Heads } from '../show/List'
import { count, short } from '../show/figures'
import { Empty, Scroll, Waiting } from '../show/Page'
import { Trouble } from '../show/Trouble'
import { river, type Kind, type River } from './river'

export default function RowRiver({ run, graph, onChoose }: { run: Run; graph: Graph; onChoose: (node: string) => void }) {
  const { data, error } = useQuery({ queryKey: ['run', run.id, 'ledger'], queryFn: () => call<Ledger>(`/runs/${run.id}/ledger`) })
  const dark = useComputedColorScheme('light') === 'dark'
  if (error !== null && data === undefined) return <Trouble error={error} title="The ledger cannot be shown" />
  if (data === undefined) return <Waiting what="the ledger" />
  const { places, flows, unknown } = river(run, graph, data)
  const problems = data.nodes.filter((node) => node.problem !== null)
  return (
    <Stack>
      {problems.map((node) => (
        <Alert key={node.id} color="red" variant="outline" title={`${node.id} does not balance`}>
          {node.problem}
        </Alert>
      ))}
      {flows.length === 0 ? (
        <Empty title="No rows were counted yet">Each node tells its rows when it is done.</Empty>
      ) : (
        <Scroll label="The row river" height={720}>
          <div role="img" aria-label="Rows as a river from the sources to the sinks; the table below has the figures">
            <ResponsiveContainer width="100%" height={Math.max(260, 26 * places.length)}>
              <Sankey
                data={{ nodes: places, links: flows }}
                nodePadding={26}
                nodeWidth={12}
                margin={{ top: 10, right: 200, bottom: 10, left: 10 }}
                link={(props: SankeyLinkProps) => <Flow {...props} dark={dark} />}
                node={(props: SankeyNodeProps) => <Place {...props} dark={dark} place={places[props.index]} />}
              />
            </ResponsiveContainer>
          </div>
        </Scroll>
      )}
      {unknown > 0 && (
        <Text fz="sm" c="dimmed">
          {unknown} {unknown === 1 ? 'edge is' : 'edges are'} not drawn: {unknown === 1 ? 'its' : 'their'} rows were not counted apart, or not yet.
        </Text>
      )}
      <Scroll label="The row ledger" height={720}>
        <Table fz="sm" verticalSpacing={4}>
          <Heads of={['Node', 'Rows in', 'What became of them', 'Books']} />
          <Table.Tbody>
            {data.nodes.map((node) => (
              <Table.Tr key={node.id}>
                <Table.Td>
                  <Anchor component="button" type="button" fz="sm" onClick={() => onChoose(node.id)}>
                    {node.id}
                  </Anchor>
                </Table.Td>
                <Table.Td>{count(node.rowsIn)}</Table.Td>
                <Table.Td>
                  {node.terms.map(({ term, rows }) => `${term} ${rows === null ? 'not counted' : count(rows)}`).join(', ')}
                  {written(run, node.id)}
                </Table.Td>
                <Table.Td>{node.balanced === null ? 'not known' : node.balanced ? 'balanced' : 'do not balance'}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Scroll>
    </Stack>
  )
}

/** What a destination did with the rows that it was given. */
function written(run: Run, id: string): string {
  const node = run.nodes.find((one) => one.id === id)
  const told = [
    ['inserted', node?.rowsInserted],
    ['updated', node?.rowsUpdated],
    ['unchanged', node?.rowsUnchanged],
    ['deleted', node?.rowsDeleted],
  ] as const
  const known = told.filter(([, rows]) => rows != null)
  return known.length === 0 ? '' : ` (${known.map(([name, rows]) => `${name} ${count(rows)}`).join(', ')})`
}

/** As a plane: a line as thick as it is long would run out beyond its ends. */
function Flow({ sourceX, targetX, sourceY, targetY, sourceControlX, targetControlX, linkWidth, dark }: SankeyLinkProps & { dark: boolean }) {
  const half = Math.max(1, linkWidth) / 2
  const there = `C${sourceControlX},${sourceY - half} ${targetControlX},${targetY - half} ${targetX},${targetY - half}`
  const back = `C${targetControlX},${targetY + half} ${sourceControlX},${sourceY + half} ${sourceX},${sourceY + half}`
  return <path d={`M${sourceX},${sourceY - half}${there}V${targetY + half}${back}Z`} fill={dark ? '#4dabf7' : '#1971c2'} fillOpacity={dark ? 0.4 : 0.3} />
}

// Light ground, dark ground.
const INK: Record<Kind, [string, string]> = {
  node: ['#1864ab', '#74c0fc'],
  left: ['#d9480f', '#ffa94d'],
  came: ['#862e9c', '#da77f2'],
  written: ['#2b8a3e', '#69db7c'],
}

function Place({ x, y, width, height, dark, place }: SankeyNodeProps & { dark: boolean; place: River['places'][number] | undefined }) {
  if (place === undefined) return <Layer />
  return (
    <Layer>
      <Rectangle x={x} y={y} width={width} height={Math.max(2, height)} fill={INK[place.kind][dark ? 1 : 0]} />
      <text x={x + width + 6} y={y + height / 2} dominantBaseline="middle" fontSize={12} fill={dark ? '#e9ecef' : '#212529'}>
        {place.name} {place.rows === null ? '' : short(place.rows)}
      </text>
    </Layer>
  )
}
