// The row river: what flows along edges, and where rows leave it, by the ledger. What was not counted is left out and said.
import type { Graph, GraphEdge, Ledger, LedgerNode, Run } from '../api/types'
import { rowsOn } from '../api/runs'

export interface Flow {
  source: number
  target: number
  value: number
}
/** A node of the run; where rows leave the river by a term of the ledger, or come into it; or what a destination did with them. */
export type Kind = 'node' | 'left' | 'came' | 'written'
export interface River {
  /** `rows`: what went into the node, or left there; null: not counted. What flows in and out may be more, where two readers share it. */
  places: { name: string; kind: Kind; rows: number | null }[]
  flows: Flow[]
  /** Edges whose rows nobody counted. */
  unknown: number
}

// What the rows of a port are called in the books of their node; the first that has so many.
const TERMS: Record<string, string[]> = { rejected: ['filtered', 'rejected'], error: ['rejected'], duplicates: ['duplicates'] }

const WRITTEN = [
  ['inserted', 'rowsInserted'],
  ['updated', 'rowsUpdated'],
  ['unchanged', 'rowsUnchanged'],
] as const

export function river(run: Run, graph: Graph, ledger: Ledger): River {
  const places: River['places'] = []
  const into = new Map(ledger.nodes.map((node) => [node.id, node.rowsIn]))
  const place = (name: string, kind: Kind = 'node', rows = into.get(name) ?? null) => {
    const known = places.findIndex((one) => one.name === name)
    return known >= 0 ? known : places.push({ name, kind, rows }) - 1
  }
  const flows: Flow[] = []
  let unknown = 0
  const along = rowsOn(run, graph.edges)
  for (const edge of graph.edges) {
    const rows = along(edge)
    if (rows === null) unknown += 1
    else if (rows > 0) flows.push({ source: place(edge.from), target: place(edge.to), value: rows })
  }
  for (const node of ledger.nodes) {
    for (const [term, rows] of left(node, graph, along)) {
      flows.push({ source: place(node.id), target: place(`${node.id}: ${term}`, 'left', rows), value: rows })
    }
    for (const { term, rows } of node.terms) {
      // Rows that came to be in the node, such as those that a join makes of one.
      if (rows !== null && rows < 0) flows.push({ source: place(`${node.id}: ${term}`, 'came', -rows), target: place(node.id), value: -rows })
    }
  }
  for (const node of run.nodes) {
    for (const [name, key] of WRITTEN) {
      const rows = node[key]
      if (rows !== null && rows > 0) flows.push({ source: place(node.id), target: place(`${node.id}: ${name}`, 'written', rows), value: rows })
    }
  }
  return { places, flows, unknown }
}

/** Rows that went into a node and out of the river there, by term: what an edge takes on has not left. */
function left(node: LedgerNode, graph: Graph, along: (edge: GraphEdge) => number | null): [string, number][] {
  const books = new Map(node.terms.flatMap(({ term, rows }) => (term !== 'out' && rows !== null && rows > 0 ? [[term, rows] as const] : [])))
  const ports = new Map(graph.edges.filter((edge) => edge.from === node.id).map((edge) => [edge.port, edge]))
  for (const [port, edge] of ports) {
    const rows = along(edge) ?? 0
    const term = TERMS[port]?.find((one) => (books.get(one) ?? 0) >= rows)
    if (term !== undefined) books.set(term, (books.get(term) ?? 0) - rows)
  }
  return [...books].filter(([, rows]) => rows > 0)
}
