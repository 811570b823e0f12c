import { describe, expect, it } from 'vitest'
import { labels, labelText } from './labels'
import { declared, given, looksSecret, parsed, written } from './parameters'

const RECIPE = `
kind: Pipeline
spec:
  parameters:
    - {name: day, type: date, default: "{{yesterday}}"}
    - {name: region, required: true, description: Whose sales}
    - {name: rows, type: integer}
    - {name: all, type: boolean}
    - {name: at, type: timestamp}
    - {name: shops, type: list, default: [a, b]}
`
const parameters = declared(RECIPE) ?? []
const all = (entered: Record<string, string>) => given(parameters, { region: 'north', ...entered })

describe('parameters of a recipe', () => {
  it('are read with their types and defaults', () => {
    expect(parameters.map(({ name, type, required, fallback }) => [name, type, required, fallback])).toEqual([
      ['day', 'date', false, '{{yesterday}}'],
      ['region', 'string', true, undefined],
      ['rows', 'integer', false, undefined],
      ['all', 'boolean', false, undefined],
      ['at', 'timestamp', false, undefined],
      ['shops', 'list', false, '["a","b"]'],
    ])
  })
  it('are not known of a text that is no YAML', () => {
    expect(declared('[spec]\nname = "x"')).toBeNull()
  })
})

describe('what is given to a run', () => {
  it('has the types of JSON, and leaves out what is empty', () => {
    expect(all({ rows: '12', all: 'false', shops: 'x, y', day: '' }).values).toEqual({ region: 'north', rows: 12, all: false, shops: ['x', 'y'] })
  })
  it('keeps a text that looks like a number a text', () => {
    expect(all({ region: '007' }).values.region).toBe('007')
  })
  it.each([
    ['rows', '1.5'],
    ['rows', '9007199254740993'],
    ['day', '29.03.2026'],
    ['at', 'tomorrow'],
    ['shops', '[1'],
    ['region', ' '],
  ])('says what is wrong with %s as %s', (name, text) => {
    expect(Object.keys(all({ [name]: text }).wrong)).toEqual([name])
  })
})

describe('what is not shown as it is typed', () => {
  it.each(['password', 'apiKey', 'db_token', 'clientSecret'])('is %s', (name) => expect(looksSecret(name)).toBe(true))
  it.each(['region', 'compass', 'tokens_used', 'pinned'])('is not %s', (name) => expect(looksSecret(name)).toBe(false))
})

describe('values as JSON', () => {
  it('are an object', () => expect(parsed('{"region": "north"}').values).toEqual({ region: 'north' }))
  it.each(['[1]', '"north"', 'null', '{'])('are not %s', (text) => expect(parsed(text).wrong.parameters).toBeDefined())
})

describe('a form that begins with what another run was given', () => {
  it('sends the same values again', () => {
    const fields = (['string', 'integer', 'boolean', 'list', 'string'] as const).map((type, number) => ({ name: `p${number}`, type, required: true, description: null, fallback: undefined }))
    const values = { p0: 'north, south', p1: 7, p2: false, p3: ['a, b', 'c'], p4: 'x' }
    expect(given(fields, written(values))).toEqual({ values, wrong: {} })
  })
  it('and the same labels', () => {
    for (const found of [{}, { team: 'sales' }, { team: 'sales, north', case: 'a:b' }] as Record<string, string>[]) expect(labels(labelText(found))).toEqual(found)
    expect(labels('team')).toBeNull()
  })
})
