import { describe, expect, it } from 'vitest'
import type { NodeStatus, Run } from '../api/types'
import { FEW, meant } from './find'
import { HEIGHT, places } from './layout'

const run = (statuses: NodeStatus[]) => ({ nodes: statuses.map((status, number) => ({ id: `step-${number}`, status })) }) as unknown as Run
const many = run([...Array<NodeStatus>(FEW).fill('SKIPPED'), 'FAILED'])
const ids = (found: { id: string }[]) => found.map(({ id }) => id)

describe('a node of many', () => {
  it('is the one that failed, unless another is asked for', () => {
    expect(ids(meant(many, { text: '', only: '' }))).toEqual([`step-${FEW}`])
    expect(ids(meant(many, { text: 'STEP-7', only: '' }))).toEqual(['step-7'])
    expect(meant(many, { text: '', only: 'all' })).toHaveLength(FEW + 1)
    expect(ids(meant(many, { text: '1', only: 'FAILED' }))).toEqual([])
  })
  it('is one of all where there are few', () => {
    expect(meant(run(['COMPLETED', 'FAILED']), { text: '', only: '' })).toHaveLength(2)
  })
})

describe('a thousand nodes', () => {
  it('stand in columns after what they read, none upon another, and at once', () => {
    const nodes = Array.from({ length: 1000 }, (_, number) => ({ id: String(number) }))
    const edges = nodes.slice(1).map(({ id }) => ({ from: String(Math.floor(Number(id) / 3)), port: 'out', to: id }))
    const began = performance.now()
    const where = places({ nodes, edges })
    expect(performance.now() - began).toBeLessThan(500)
    for (const { from, to } of edges) expect(where.get(from)?.x).toBeLessThan(where.get(to)?.x ?? 0)
    const taken = new Set([...where.values()].map(({ x, y }) => `${x} ${Math.round(y / HEIGHT)}`))
    expect(taken.size).toBe(1000)
  })
})
