import { describe, expect, it } from 'vitest'
import type { Graph, Ledger, Run } from '../api/types'
import { places } from './layout'
import { river } from './river'

const graph = {
  nodes: [{ id: 'read' }, { id: 'keep' }, { id: 'write' }, { id: 'odd' }],
  edges: [
    { from: 'read', port: 'out', to: 'keep' },
    { from: 'keep', port: 'out', to: 'write' },
    { from: 'keep', port: 'rejected', to: 'odd' },
  ],
} as unknown as Graph

describe('a graph', () => {
  it('stands in the order of its rows, and no two nodes in one place', () => {
    const found = places(graph)
    const x = (id: string) => found.get(id)?.x ?? NaN
    expect(x('read')).toBeLessThan(x('keep'))
    expect(x('keep')).toBeLessThan(x('write'))
    expect(new Set([...found.values()].map((one) => `${one.x} ${one.y}`)).size).toBe(4)
  })
})

describe('the row river', () => {
  const nodes = [
    { id: 'read', rowsOut: 10 },
    { id: 'keep', rowsIn: 10, rowsOut: 6 },
    { id: 'write', rowsIn: null, rowsInserted: 4, rowsUpdated: 2, rowsUnchanged: 0 },
    { id: 'odd', rowsIn: 3 },
  ].map((node) => ({ rowsInserted: null, rowsUpdated: null, rowsUnchanged: null, ...node }))
  const ledger = {
    nodes: [
      { id: 'read', terms: [{ term: 'out', rows: 10 }, { term: 'rejected', rows: 1 }] },
      { id: 'keep', terms: [{ term: 'out', rows: 6 }, { term: 'filtered', rows: 4 }, { term: 'fanOut', rows: null }, { term: 'copies', rows: -2 }] },
    ],
  } as unknown as Ledger
  it('has each row that went along an edge, each that left, came to be, or was written', () => {
    const { places: drawn, flows, unknown } = river({ nodes } as unknown as Run, graph, ledger)
    expect(flows.map(({ source, target, value }) => [drawn[source]?.name, drawn[target]?.name, value])).toEqual([
      ['read', 'keep', 10],
      ['keep', 'write', 6],
      ['keep', 'odd', 3],
      ['read', 'read: rejected', 1],
      ['keep', 'keep: filtered', 1],
      ['keep: copies', 'keep', 2],
      ['write', 'write: inserted', 4],
      ['write', 'write: updated', 2],
    ])
    expect(drawn.map(({ name, kind, rows }) => [name, kind, rows]).slice(-3)).toEqual([
      ['keep: copies', 'came', 2],
      ['write: inserted', 'written', 4],
      ['write: updated', 'written', 2],
    ])
    expect(unknown).toBe(0)
  })
})
