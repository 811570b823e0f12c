import { describe, expect, it } from 'vitest'
import type { LogLine } from '../api/types'
import { isSought, MOST, NOTHING, readOn } from './loglines'

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

describe('lines that somebody looks for', () => {
  const said = (more: Partial<LogLine>) => ({ ...line(1, 0), level: 'INFO', message: 'a Line', node: null, stage: 2, ...more })
  it('are by a part of the text in any case, and by how grave they are', () => {
    const any = { node: null, stage: null, text: 'LINE', severe: false }
    expect(isSought(said({}), any)).toBe(true)
    expect(isSought(said({ message: 'another' }), any)).toBe(false)
    expect([said({}), said({ level: 'ERROR' })].map((one) => isSought(one, { ...any, severe: true }))).toEqual([false, true])
  })
  it('of a node are its own and its stage’s, and no other’s', () => {
    const of = { node: 'keep', stage: 2, text: '', severe: false }
    expect([said({}), said({ node: 'keep' }), said({ stage: 3 }), said({ node: 'other' })].map((one) => isSought(one, of))).toEqual([true, true, false, false])
  })
})
