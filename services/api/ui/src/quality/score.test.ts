import { describe, expect, it } from 'vitest'
import type { Formula } from '../api/types'
import { lost } from './score'

describe('the points that rules take away', () => {
  it('are together what the score lacks', () => {
    const formula = {
      terms: [
        { rule: 'there', weight: 3, share: 1 },
        { rule: 'short', weight: 3, share: 0.666667 },
        { rule: 'known', weight: 5, share: 0.5 },
      ],
    } as Formula
    const points = formula.terms.map((term) => lost(formula, term))
    expect(points[0]).toBe(0)
    expect(points[2]).toBeCloseTo((100 * 5 * 0.5) / 11)
    const score = (100 * (3 + 3 * 0.666667 + 5 * 0.5)) / 11
    expect(100 - points.reduce((sum, one) => sum + one)).toBeCloseTo(score)
  })
})
