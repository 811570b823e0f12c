import { describe, expect, it } from 'vitest'
import type { LogLine } from '../api/types'
import { MOST, NOTHING, readOn } from './loglines'

const line = (id: number, second: number) => ({ id, at: new Date(1_800_000_000_000 + 1000 * second).toISOString(), message: `${id}` }) as LogLine
const ids = (lines: LogLine[]) => lines.map(({ id }) => id)

describe('log lines that are read again', () => {
  it('are there once, with one that was committed after its successors', () => {
    const first = readOn(NOTHING, [line(1, 0), line(2, 10), line(4, 11)])
    expect(first.settled).toBe(1)
    const second = readOn(first, [line(2, 10), line(3, 11), line(4, 11), line(5, 30)])
    expect(ids(second.lines)).toEqual([1, 2, 3, 4, 5])
    expect(second.total).toBe(5)
    expect(second.settled).toBe(4)
  })
  it('are counted, where only the newest are kept', () => {
    const many = Array.from({ length: MOST + 5 }, (_, number) => line(number + 1, 10 * number))
    const read = readOn(readOn(NOTHING, many.slice(0, 600)), many.slice(599))
    expect(read.total).toBe(MOST + 5)
    expect(read.lines).toHaveLength(MOST)
    expect(read.lines.at(-1)?.id).toBe(MOST + 5)
  })
})
