// Of a run of many nodes, those that somebody looks for: by a part of the name, by the state.
import type { NodeStatus, Run, RunNode } from '../api/types'

/** Up to so many nodes are seen at once. */
export const FEW = 30

/** As it stands in the address; '': nothing was said, 'all': every state was asked for. */
export interface Wanted {
  text: string
  only: string
}

/** Of many nodes those that failed, unless something else is asked for: they are why somebody looks. */
export function only(run: Run, { text, only: said }: Wanted): string {
  if (said !== '') return said
  return text === '' && run.nodes.length > FEW && run.nodes.some(({ status }) => status === 'FAILED') ? 'FAILED' : 'all'
}

/** In the order of the recipe. A name is meant in any case. */
export function meant(run: Run, wanted: Wanted): RunNode[] {
  const status = only(run, wanted)
  const text = wanted.text.toLowerCase()
  return run.nodes.filter((node) => (status === 'all' || node.status === status) && node.id.toLowerCase().includes(text))
}

/** How many nodes are in each state that there is. */
export function states(run: Run): Map<NodeStatus, number> {
  const found = new Map<NodeStatus, number>()
  for (const { status } of run.nodes) found.set(status, (found.get(status) ?? 0) + 1)
  return found
}
