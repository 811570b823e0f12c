import { afterEach, describe, expect, it } from 'vitest'
import { heard, serverNow } from './clock'

const told = (aheadMs: number) => new Date(Date.now() + aheadMs).toUTCString()

describe('the time that a run has taken so far', () => {
  afterEach(() => heard(told(0)))
  it('is by the clock of the server, where that of the browser is minutes off', () => {
    for (const off of [-600_000, 600_000]) {
      heard(told(off))
      expect(Math.abs(serverNow() - Date.now() - off)).toBeLessThan(2000)
    }
  })
  it('does not jump by what an answer was on its way, nor where nothing was told', () => {
    heard(told(-1500))
    heard(null)
    expect(Math.abs(serverNow() - Date.now())).toBeLessThan(5)
  })
})
