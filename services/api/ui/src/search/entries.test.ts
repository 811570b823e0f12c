import { describe, expect, it } from 'vitest'
import { matching, pipelineName, runId, type Entry } from './entries'

const entry = (label: string, description = ''): Entry => ({ id: label, label, description, go: () => undefined })
const labels = (entries: Entry[]) => entries.map(({ label }) => label)

describe('the keyboard search', () => {
  it('puts first what begins with the words, be it behind the namespace', () => {
    const all = [entry('default/load-sales'), entry('default/other', 'feeds sales'), entry('default/sales')]
    expect(labels(matching(all, 'Sales'))).toEqual(['default/sales', 'default/load-sales', 'default/other'])
  })
  it('wants every word, in any order', () => {
    const all = [entry('default/load-sales', 'pipeline'), entry('default/sales')]
    expect(labels(matching(all, 'sales load'))).toEqual(['default/load-sales'])
  })
  it('shows some of each group where nothing is typed, and no more than so many', () => {
    expect(matching([...Array(20).keys()].map((number) => entry(`p${number}`)), '', 3)).toHaveLength(3)
  })
  it('opens a run by its whole id only', () => {
    expect(runId(' 0192A3B4-0000-7000-8000-0123456789ab ')).toBe('0192a3b4-0000-7000-8000-0123456789ab')
    expect(runId('0192a3b4')).toBeNull()
  })
  it('opens a pipeline by its whole name', () => {
    expect(pipelineName('sales/daily')).toEqual({ namespace: 'sales', name: 'daily' })
    expect(pipelineName('sales')).toBeNull()
    expect(pipelineName('../../evil')).toBeNull()
  })
})
