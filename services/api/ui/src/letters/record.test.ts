import { describe, expect, it } from 'vitest'
import type { DeadLetter } from '../api/types'
import { corrected, textOf } from './record'

const letter = (original_record: unknown, more: Partial<DeadLetter> = {}) => ({ kind: 'row', original_record, record: null, ...more }) as DeadLetter

describe('a row that is corrected', () => {
  const row = letter({ id: 1, name: 'a', note: null })
  it('sends only the columns that differ', () => {
    expect(corrected(row, '{"id": 1, "name": "b", "note": null}')).toEqual({ name: 'b' })
    expect(corrected(row, textOf(row))).toEqual({})
  })
  it('begins with the correction there is', () => {
    expect(corrected({ ...row, record: { id: 2, name: 'b', note: null } }, '{"id": 1, "name": "b", "note": null}')).toEqual({ id: 1 })
  })
  it('says what is wrong with the text', () => {
    expect(corrected(row, '{"id": 1')).toMatch(/^It is no JSON/)
    expect(corrected(row, '[1]')).toBe('It must be a JSON object.')
    expect(corrected(row, '{"nam": "b"}')).toBe('There is no column nam; there is id, name, note.')
  })
  it('of a file is its line, as it stands there', () => {
    const line = letter({ file: 'a.csv', line: '2,"x' }, { kind: 'line' })
    expect(textOf(line)).toBe('2,"x')
    expect(corrected(line, '2,x')).toEqual({ line: '2,x' })
  })
})
