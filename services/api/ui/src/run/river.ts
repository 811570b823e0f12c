// The row river: what flows along edges, and where rows leave it, by the ledger. What was not counted is left out and said.
import type { Graph, Ledger, LedgerNode, Run } from '../api/types'
import { rowsOn } from '../api/runs'

export interface Flow {
  source: number
  target: number
  value: number
}
export interface River {
  names: string[]
  flows: Flow[]
  /** Edges whose rows nobody counted. */
  unknown: number
}

/** Terms that are not rows which leave the river at a node. */
const GOES_ON = new Set(['out', 'rejected'])

export function river(run: Run, graph: Graph, ledger: Ledger): River {
  const names: string[] = []
  const place = (name: string) => {
    const known = names.indexOf(name)
    return known >= 0 ? known : names.push(name) - 1
  }
  const flows: Flow[] = []
  let unknown = 0
  for (const edge of graph.edges) {
    const rows = rowsOn(run, edge.from, edge.port)
    if (rows === null) unknown += 1
    else if (rows > 0) flows.push({ source: place(edge.from), target: place(edge.to), value: rows })
  }
  const handedOn = new Set(graph.edges.map((edge) => `${edge.from}.${edge.port}`))
  for (const node of ledger.nodes) {
    for (const [term, rows] of left(node, handedOn)) flows.push({ source: place(node.id), target: place(`${node.id}: ${term}`), value: rows })
  }
  return { names, flows, unknown }
}

/** Rows that went into a node and out of the river there, by term. */
function left(node: LedgerNode, handedOn: ReadonlySet<string>): [string, number][] {
  return node.terms.flatMap(({ term, rows }) => {
    if (rows === null || rows <= 0) return []
    if (GOES_ON.has(term) && (term === 'out' || handedOn.has(`${node.id}.${term}`))) return []
    return [[term, rows] as [string, number]]
  })
}
