import { describe, expect, it } from 'vitest'
import { asUtc, onClock } from './Filters'

describe('a time in a filter', () => {
  it('is the same instant after it was shown on either clock', () => {
    for (const zone of ['UTC', 'local'] as const) expect(asUtc(onClock('2026-03-29T01:30:00.000Z', zone), zone)).toBe('2026-03-29T01:30:00.000Z')
  })
  it('is nothing where it is no time', () => {
    expect(onClock('yesterday', 'UTC')).toBe('')
    expect(asUtc('', 'local')).toBe('')
  })
})
