import { describe, expect, it } from 'vitest'
import { complete, told, type Known } from './assist'
import type { Schema } from './schema'

// Cut out of what the API serves: conditions by kind and by type, references, lists that may be a template.
const schema: Schema = {
  properties: { kind: { enum: ['Pipeline', 'Connector'] } },
  required: ['apiVersion', 'kind', 'metadata', 'spec'],
  allOf: [{ if: { properties: { kind: { const: 'Pipeline' } }, required: ['kind'] }, then: { $ref: '#/$defs/Pipeline' } }],
  $defs: {
    'Pipeline.filter': {
      title: 'Filter',
      properties: { condition: { title: 'Condition', description: 'Rows for which it is true go on', type: 'string', format: 'sql-expression' }, later: { 'x-notYet': true } },
      required: ['condition'],
    },
    'Pipeline.source': { title: 'Source', properties: { connector: { type: 'string' }, mode: { type: 'string', enum: ['FULL', 'PART'], default: 'FULL' } } },
    Pipeline: {
      properties: {
        spec: {
          properties: {
            nodes: {
              type: ['array', 'string'],
              items: {
                properties: { id: { type: 'string' }, type: { enum: ['filter', 'source'] }, config: { type: 'object' }, masterData: { type: 'boolean' } },
                required: ['id', 'type'],
                allOf: [
                  { if: { properties: { type: { const: 'filter' } }, required: ['type'] }, then: { properties: { config: { $ref: '#/$defs/Pipeline.filter' } } } },
                  { if: { properties: { type: { const: 'source' } }, required: ['type'] }, then: { properties: { config: { $ref: '#/$defs/Pipeline.source' } } } },
                ],
              },
            },
            edges: { items: { properties: { from: { type: 'string' }, to: { type: 'string' } } } },
          },
        },
      },
    },
  },
}
const known: Known = { schema, connectors: ['default/files', 'sales/db'], columns: ['age', 'name'] }
const HEAD = 'kind: Pipeline\nspec:\n  nodes:\n'

/** What is offered where the bar stands. */
function offered(text: string): string[] {
  const at = text.indexOf('|')
  return (complete(text.replace('|', ''), at, known)?.options ?? []).map(({ label }) => label)
}

describe('completion', () => {
  it.each([
    ['keys of an object, without those that are there', `${HEAD}    - id: a\n      ty|`, ['type', 'config', 'masterData']],
    ['the first key of an item', `${HEAD}    - i|`, ['id', 'type', 'config', 'masterData']],
    ['keys inside braces', `${HEAD}    - {id: a, ty|}`, ['type', 'config', 'masterData']],
    ['values of a list', `${HEAD}    - {id: a, type: |}`, ['filter', 'source']],
    ['settings of the type that the node has', `${HEAD}    - id: a\n      type: filter\n      config:\n        |`, ['condition']],
    ['settings inside braces, over several lines', `${HEAD}    - {id: a, type: source,\n       config: {connector: files, mo|}}`, ['mode']],
    ['true and false', `${HEAD}    - {id: a, masterData: t|}`, ['true', 'false']],
    ['connectors, by their short names in their own namespace', `${HEAD}    - {id: a, type: source, config: {connector: |}}`, ['files', 'sales/db']],
    ['nodes for edges', `${HEAD}    - {id: a, type: filter}\n  edges:\n    - {from: |}`, ['a']],
    ['columns in an expression', `${HEAD}    - {id: a, type: filter, config: {condition: |}}`, ['age', 'name']],
    ['the kind of the document it stands in, of several', `kind: Connector\n---\n${HEAD}    - id: a\n      ty|`, ['type', 'config', 'masterData']],
    ['what every document has', '|', ['kind', 'apiVersion', 'metadata', 'spec']],
    ['nothing in a comment', `${HEAD}    # ty|`, []],
    ['nothing where the kind is another', 'kind: Connector\nspec:\n  no|', []],
  ])('offers %s', (_, text, wanted) => expect(offered(text)).toEqual(wanted))

  it('writes the colon of a key that has none yet', () => {
    const applied = (text: string) => complete(text.replace('|', ''), text.indexOf('|'), known)?.options[0]?.apply
    expect(applied(`${HEAD}    - id: a\n      ty|`)).toBe('type: ')
    expect(applied(`${HEAD}    - id: a\n      ty|: filter`)).toBe('type')
  })
})

describe('what is told of a setting', () => {
  const text = `${HEAD}    - {id: a, type: source, config: {mode: PART}}`
  it('is what the schema of its node says', () => {
    expect(told(text, text.indexOf('mode') + 1, schema)?.lines).toEqual(['mode', 'string', 'One of FULL, PART', 'Else FULL'])
  })
  it('is nothing between them', () => expect(told(text, text.indexOf('{id'), schema)).toBeNull())
})
