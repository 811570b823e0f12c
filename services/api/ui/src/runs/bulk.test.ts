import { describe, expect, it } from 'vitest'
import type { RunHead } from '../api/types'
import { comparison } from './bulk'

const run = (id: string, name = 'sales') => ({ id, pipeline: { namespace: 'default', name } }) as RunHead

describe('two runs that were chosen', () => {
  it('are set side by side, the newer first, in whichever order they were chosen', () => {
    expect(comparison([run('b'), run('a')])).toEqual({ to: '/runs/b?tab=different&with=a' })
    expect(comparison([run('a'), run('b')])).toEqual({ to: '/runs/b?tab=different&with=a' })
  })
  it('must be two, and of one pipeline', () => {
    for (const chosen of [[], [run('a')], [run('a'), run('b'), run('c')], [run('a'), run('b', 'other')]]) expect(comparison(chosen)).toHaveProperty('why')
  })
})
