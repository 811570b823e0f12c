// Where the nodes of a graph stand: left to right in the order of the rows.
import { graphlib, layout } from '@dagrejs/dagre'
import type { Graph } from '../api/types'

export const WIDTH = 210
export const HEIGHT = 74
const BESIDE = 64
const BELOW = 26
// Of a thousand nodes dagre thinks for four seconds, and nobody sees what it has thought about.
const MOST_FOR_DAGRE = 150

export interface Place {
  x: number
  y: number
}
type Drawn = Pick<Graph, 'edges'> & { nodes: { id: string }[] }

/** The upper left corner of each node, in pixels. Two graphs of the same nodes and edges are laid out alike. */
export function places(graph: Drawn): Map<string, Place> {
  if (graph.nodes.length > MOST_FOR_DAGRE) return columns(graph)
  const drawn = new graphlib.Graph({ multigraph: true })
  drawn.setGraph({ rankdir: 'LR', nodesep: BELOW, ranksep: BESIDE })
  drawn.setDefaultEdgeLabel(() => ({}))
  for (const node of graph.nodes) drawn.setNode(node.id, { width: WIDTH, height: HEIGHT })
  graph.edges.forEach((edge, number) => drawn.setEdge(edge.from, edge.to, {}, String(number)))
  layout(drawn)
  return new Map(
    graph.nodes.map(({ id }) => {
      const { x, y } = drawn.node(id) as Place
      return [id, { x: x - WIDTH / 2, y: y - HEIGHT / 2 }]
    }),
  )
}

/** Each node a column behind the last of those that it reads, in the order of theirs; the columns one beside the other, centred. */
function columns({ nodes, edges }: Drawn): Map<string, Place> {
  const reads = new Map(nodes.map(({ id }) => [id, [] as string[]]))
  const readers = new Map(nodes.map(({ id }) => [id, [] as string[]]))
  for (const { from, to } of edges) {
    reads.get(to)?.push(from)
    readers.get(from)?.push(to)
  }
  const left = new Map([...reads].map(([id, of]) => [id, of.length]))
  const where = new Map<string, Place>()
  let column = [...reads].filter(([, of]) => of.length === 0).map(([id]) => id)
  for (let x = 0; column.length > 0; x += WIDTH + BESIDE) {
    const middle = (id: string) => {
      const of = reads.get(id) ?? []
      return of.reduce((sum, one) => sum + (where.get(one)?.y ?? 0), 0) / Math.max(1, of.length)
    }
    const top = (-column.length * (HEIGHT + BELOW)) / 2
    const ordered = column.map((id) => [id, middle(id)] as const).sort(([, one], [, other]) => one - other)
    ordered.forEach(([id], number) => where.set(id, { x, y: top + number * (HEIGHT + BELOW) }))
    const next: string[] = []
    for (const reader of column.flatMap((id) => readers.get(id) ?? [])) {
      const rest = (left.get(reader) ?? 0) - 1
      left.set(reader, rest)
      if (rest === 0) next.push(reader)
    }
    column = next
  }
  return where
}
