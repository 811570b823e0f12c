import { describe, expect, it } from 'vitest'
import { columns, places, tables, type Lineage } from './graph'

const dataset = (node: string, name: string) => ({ node, connector: 'default/db', object: name, dataset: `db:${name}` })
const lineage: Lineage = {
  pipeline: 'default/load',
  version: 1,
  inputs: [dataset('read', 'orders'), dataset('again', 'orders')],
  outputs: [dataset('write', 'orders'), dataset('sum', 'totals')],
  columns: null,
  why: null,
  upstream: [{ pipeline: 'default/fetch', distance: 1, datasets: ['db:orders'] }, { pipeline: 'default/far', distance: 2, datasets: ['db:raw'] }],
  downstream: [{ pipeline: 'default/report', distance: 1, datasets: ['db:totals'] }],
}

describe('lineage of tables', () => {
  const { things, edges } = tables(lineage)
  it('has each table once on a side, and is no ring where one is read and written', () => {
    expect(things.map(({ id }) => id)).toEqual(['this', 'in db:orders', 'out db:orders', 'out db:totals', 'before default/fetch', 'after default/report'])
  })
  it('goes from who writes to who reads', () => {
    expect(edges).toContainEqual({ from: 'before default/fetch', to: 'in db:orders' })
    expect(edges).toContainEqual({ from: 'out db:totals', to: 'after default/report' })
    expect(edges).toHaveLength(5)
  })
  it('stands left to right', () => {
    const where = places({ things, edges })
    const x = (id: string) => where.get(id)?.x ?? NaN
    expect(x('before default/fetch')).toBeLessThan(x('in db:orders'))
    expect(x('in db:orders')).toBeLessThan(x('this'))
    expect(x('this')).toBeLessThan(x('out db:totals'))
  })
})

describe('lineage of columns', () => {
  it('joins what a column is made of, and says where that is not all', () => {
    const { things, edges } = columns([
      { node: 'sum', dataset: 'db:totals', column: 'total', known: false, copied: false, from: [{ node: 'read', dataset: 'db:orders', column: 'price' }] },
    ])
    expect(edges).toEqual([{ from: 'in read price', to: 'out sum total' }])
    expect(things[0]?.more).toBe('db:totals, not all is known')
  })
})
