// What can be done with the runs that somebody has chosen in a list.
import type { RunHead } from '../api/types'

/** The address that sets the newer of two runs beside the older, or why there is none. */
export function comparison(chosen: RunHead[]): { to: string } | { why: string } {
  const [one, other] = chosen
  if (one === undefined || other === undefined || chosen.length > 2) return { why: 'Choose two runs to compare them' }
  if (one.pipeline.namespace !== other.pipeline.namespace || one.pipeline.name !== other.pipeline.name) {
    return { why: 'Two runs of one pipeline can be compared' }
  }
  // Ids are in order of time.
  const [older, newer] = one.id < other.id ? [one, other] : [other, one]
  return { to: `/runs/${newer.id}?tab=different&with=${older.id}` }
}
