// The arithmetic of a score, from the terms that the API tells.
import type { Formula } from '../api/types'

/** Points of 100 that a rule takes away. All of them together are what the score lacks, before it is rounded or capped. */
export function lost(formula: Formula, { weight, share }: Pick<Formula['terms'][number], 'weight' | 'share'>): number {
  const all = formula.terms.reduce((sum, term) => sum + term.weight, 0)
  return all === 0 ? 0 : (100 * weight * (1 - share)) / all
}
