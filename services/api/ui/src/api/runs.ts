// What events say of a run, put into what is known of it, until the API is asked again.
import type { GraphEdge, NodeStatus, Run, RunEvent, RunStatus } from './types'

export const FINAL: ReadonlySet<string> = new Set<RunStatus>(['SUCCEEDED', 'FAILED', 'CANCELLED', 'TIMED_OUT', 'SKIPPED'])
export const FAILED: ReadonlySet<string> = new Set<RunStatus>(['FAILED', 'TIMED_OUT'])

/** The run after an event. The same object where the event says nothing that a run shows, or is older than what is known. */
export function after(run: Run, event: RunEvent): Run {
  if (event.seq <= run.lastSeq) return run
  const known = { ...run, lastSeq: event.seq }
  if (event.type === 'node.status' && event.node !== null) {
    const status = event.data.status as NodeStatus
    return { ...known, nodes: run.nodes.map((node) => (node.id === event.node ? { ...node, ...figures(event.data), status } : node)) }
  }
  if (event.type === 'node.retry' && event.node !== null) {
    return { ...known, nodes: run.nodes.map((node) => (node.id === event.node ? { ...node, status: 'RETRYING' } : node)) }
  }
  if (event.type === 'run.queued') return { ...known, status: 'QUEUED', finishedAt: null, error: null }
  if (event.type === 'run.started') return { ...known, status: 'RUNNING', startedAt: event.at }
  if (event.type === 'run.finished') return { ...known, status: event.data.status as RunStatus, finishedAt: event.at }
  return known
}

/** Of what is known of a run and what is told of it, the newer: a reply may have been on its way while events overtook it. */
export function newer(known: Run | undefined, told: Run): Run {
  return known !== undefined && known.id === told.id && told.lastSeq < known.lastSeq ? known : told
}

const COUNTED = ['rowsIn', 'rowsOut', 'rowsRejected', 'rowsInserted', 'rowsUpdated', 'durationMs', 'balanced', 'error'] as const

function figures(data: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(COUNTED.filter((name) => name in data).map((name) => [name, data[name]]))
}

// Of these the main port's rows are the node's rows out. Those of a port with another name may be among them.
const BESIDE = new Set(['out', 'rejected', 'error'])

/** Rows that went along each edge, by the edge; null where nobody counted them apart. */
export function rowsOn(run: Run, edges: GraphEdge[]): (edge: GraphEdge) => number | null {
  const nodes = new Map(run.nodes.map((node) => [node.id, node]))
  const into = new Map<string, number>()
  for (const { to } of edges) into.set(to, (into.get(to) ?? 0) + 1)
  const shared = new Set(edges.flatMap(({ from, port }) => (BESIDE.has(port) ? [] : [from])))
  return (edge) => {
    const rowsIn = nodes.get(edge.to)?.rowsIn
    // What goes into a node by its only edge is what that edge brought, whatever the port counts as.
    if (rowsIn != null && into.get(edge.to) === 1) return rowsIn
    return edge.port === 'out' && !shared.has(edge.from) ? (nodes.get(edge.from)?.rowsOut ?? null) : null
  }
}
