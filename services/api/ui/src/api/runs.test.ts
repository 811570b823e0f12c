import { describe, expect, it } from 'vitest'
import { after, newer, rowsOn } from './runs'
import type { Run, RunEvent, RunNode } from './types'

const node = (id: string, more: Partial<RunNode> = {}) => ({ id, status: 'WAITING', rowsIn: null, rowsOut: null, rowsRejected: null, ...more }) as RunNode
const run = { status: 'RUNNING', lastSeq: 4, finishedAt: null, nodes: [node('read'), node('keep')] } as Run
const event = (type: string, more: Partial<RunEvent>): RunEvent => ({ seq: 5, at: '2026-11-22T12:00:00Z', type, node: null, stage: null, epoch: null, data: {}, ...more })

describe('a run after an event', () => {
  it('shows the new state and the figures of the node that it is about, and of no other', () => {
    const found = after(run, event('node.status', { node: 'read', data: { status: 'COMPLETED', rowsOut: 12, ledger: {} } }))
    expect(found.nodes[0]).toMatchObject({ status: 'COMPLETED', rowsOut: 12 })
    expect(found.nodes[1]).toBe(run.nodes[1])
    expect(found.lastSeq).toBe(5)
  })
  it('stays as it is where the event is told again', () => {
    expect(after(run, event('run.finished', { seq: 4, data: { status: 'FAILED' } }))).toBe(run)
  })
  it('ends with the state and the time of its last event', () => {
    expect(after(run, event('run.finished', { data: { status: 'FAILED' } }))).toMatchObject({ status: 'FAILED', finishedAt: '2026-11-22T12:00:00Z' })
  })
  it('is not over any more when it waits for its turn again', () => {
    const over = { ...run, status: 'FAILED' as const, finishedAt: 'x', error: { message: 'no' } }
    expect(after(over, event('run.queued', {}))).toMatchObject({ status: 'QUEUED', finishedAt: null, error: null })
  })
})

describe('a reply that events have overtaken', () => {
  it('takes nothing back of what they said; a newer one, or another run, counts', () => {
    const known = { ...run, id: 'a', lastSeq: 7, status: 'SUCCEEDED' as const }
    expect(newer(known, { ...run, id: 'a', lastSeq: 6 })).toBe(known)
    expect(newer(known, { ...run, id: 'a', lastSeq: 7 }).status).toBe('RUNNING')
    expect(newer(known, { ...run, id: 'b', lastSeq: 1 }).id).toBe('b')
    expect(newer(undefined, run)).toBe(run)
  })
})

describe('rows on an edge', () => {
  const nodes = [
    node('read', { rowsOut: 10 }),
    node('keep', { rowsIn: 10, rowsOut: 7, rowsRejected: 0 }),
    node('write', { rowsIn: 7 }),
    node('dropped', { rowsIn: 3 }),
    node('both', { rowsIn: 10 }),
    node('split', { rowsOut: 9 }),
  ]
  const edge = (from: string, port: string, to: string) => ({ from, port, to })
  const on = (of: ReturnType<typeof edge>[]) => of.map(rowsOn({ ...run, nodes }, of))
  it('are what its only reader took in: a filter counts what it drops as filtered, not as rejected', () => {
    expect(on([edge('read', 'out', 'keep'), edge('keep', 'out', 'write'), edge('keep', 'rejected', 'dropped')])).toEqual([10, 7, 3])
  })
  it('are what came out of the main port where the reader has other inputs too, and else not known', () => {
    expect(on([edge('read', 'out', 'both'), edge('keep', 'rejected', 'both')])).toEqual([10, null])
    expect(on([edge('split', 'north', 'both'), edge('split', 'out', 'both'), edge('gone', 'out', 'both')])).toEqual([null, null, null])
  })
})
