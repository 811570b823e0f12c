// What a pipeline's lineage looks like as a graph: of tables with the pipelines beside them, and of columns.
import { graphlib, layout } from '@dagrejs/dagre'

export interface Dataset {
  node: string
  connector: string
  object: string | null
  dataset: string
}
export interface ColumnLineage {
  node: string
  dataset: string
  column: string
  from: { node: string; dataset: string; column: string }[]
  known: boolean
  copied: boolean
}
export interface Neighbour {
  pipeline: string
  distance: number
  datasets: string[]
}
export interface Lineage {
  pipeline: string
  version: number
  inputs: Dataset[]
  outputs: Dataset[]
  columns: ColumnLineage[] | null
  why: string | null
  upstream: Neighbour[]
  downstream: Neighbour[]
}

export interface Thing {
  id: string
  kind: 'pipeline' | 'this' | 'table' | 'column'
  label: string
  /** Below the label: a column's table. */
  more: string
}
export interface Drawn {
  things: Thing[]
  edges: { from: string; to: string }[]
}

export const WIDTH = 230
export const HEIGHT = 54

/** Pipelines that share a table or file with it, those tables, and the pipeline itself. Who is further away is only listed. */
export function tables({ pipeline, inputs, outputs, upstream, downstream }: Lineage): Drawn {
  const drawn = new Drawing()
  // A table that it reads and writes is drawn twice: else the graph is a ring.
  const named = (side: 'in' | 'out', dataset: string) => drawn.thing({ id: `${side} ${dataset}`, kind: 'table', label: dataset, more: side === 'in' ? 'read' : 'written' })
  drawn.thing({ id: 'this', kind: 'this', label: pipeline, more: 'this pipeline' })
  for (const { dataset } of inputs) drawn.edge(named('in', dataset), 'this')
  for (const { dataset } of outputs) drawn.edge('this', named('out', dataset))
  const near = ({ distance }: Neighbour) => distance === 1
  for (const one of upstream.filter(near)) {
    const id = drawn.thing({ id: `before ${one.pipeline}`, kind: 'pipeline', label: one.pipeline, more: 'writes what it reads' })
    for (const dataset of one.datasets) drawn.edge(id, named('in', dataset))
  }
  for (const one of downstream.filter(near)) {
    const id = drawn.thing({ id: `after ${one.pipeline}`, kind: 'pipeline', label: one.pipeline, more: 'reads what it writes' })
    for (const dataset of one.datasets) drawn.edge(named('out', dataset), id)
  }
  return drawn.done()
}

/** Columns of what it writes, and the columns that each is made of. */
export function columns(all: ColumnLineage[]): Drawn {
  const drawn = new Drawing()
  for (const one of all) {
    const to = drawn.thing({ id: `out ${one.node} ${one.column}`, kind: 'column', label: one.column, more: `${one.dataset}${one.known ? '' : ', not all is known'}` })
    for (const part of one.from) {
      drawn.edge(drawn.thing({ id: `in ${part.node} ${part.column}`, kind: 'column', label: part.column, more: part.dataset }), to)
    }
  }
  return drawn.done()
}

class Drawing {
  readonly #things = new Map<string, Thing>()
  readonly #edges = new Map<string, { from: string; to: string }>()

  thing(one: Thing): string {
    this.#things.set(one.id, one)
    return one.id
  }
  edge(from: string, to: string): void {
    this.#edges.set(`${from}\n${to}`, { from, to })
  }
  done(): Drawn {
    return { things: [...this.#things.values()], edges: [...this.#edges.values()] }
  }
}

/** The upper left corner of each, in pixels. */
export function places({ things, edges }: Drawn): Map<string, { x: number; y: number }> {
  const drawn = new graphlib.Graph()
  drawn.setGraph({ rankdir: 'LR', nodesep: 18, ranksep: 72 })
  drawn.setDefaultEdgeLabel(() => ({}))
  for (const { id } of things) drawn.setNode(id, { width: WIDTH, height: HEIGHT })
  for (const { from, to } of edges) drawn.setEdge(from, to)
  layout(drawn)
  return new Map(
    things.map(({ id }) => {
      const { x, y } = drawn.node(id) as { x: number; y: number }
      return [id, { x: x - WIDTH / 2, y: y - HEIGHT / 2 }]
    }),
  )
}
