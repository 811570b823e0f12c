// Where the nodes of a graph stand: left to right in the order of the rows.
import { graphlib, layout } from '@dagrejs/dagre'
import type { Graph } from '../api/types'

export const WIDTH = 210
export const HEIGHT = 74

export interface Place {
  x: number
  y: number
}

/** The upper left corner of each node, in pixels. Two graphs of the same nodes and edges are laid out alike. */
export function places(graph: Pick<Graph, 'edges'> & { nodes: { id: string }[] }): Map<string, Place> {
  const drawn = new graphlib.Graph({ multigraph: true })
  drawn.setGraph({ rankdir: 'LR', nodesep: 26, ranksep: 64 })
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
