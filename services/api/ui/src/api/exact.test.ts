import { describe, expect, it } from 'vitest'
import { Exact, parse } from './exact'

const again = (text: string) => JSON.stringify(parse(text))

// Node.js has what browsers have from version 21 on.
describe.skipIf(!('rawJSON' in JSON))('a number of many digits', () => {
  it('comes back as it was sent', () => {
    const sent = '{"key":1234567890123456895,"amount":-0.12345678901234567891,"deep":[{"key":9007199254740993}]}'
    expect(again(sent)).toBe(sent)
  })
  it('is a number like any other where none of it would be lost', () => {
    expect(parse('[9007199254740991,33.333333333333336,1e-07,10000000000000000000000]')).toEqual([9007199254740991, 33.333333333333336, 1e-7, 1e22])
    expect((parse('[1234567890123456895]') as unknown[])[0]).toBeInstanceOf(Exact)
  })
})

describe('anything else', () => {
  it('is read as JSON.parse reads it', () => {
    expect(parse('{"a":[1,"1234567890123456895",null,true]}')).toEqual({ a: [1, '1234567890123456895', null, true] })
  })
})
