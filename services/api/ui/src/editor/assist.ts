// What the editor offers as one writes, and tells of what one points at: by the schema of recipes, and by what there is.
import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete'
import { hoverTooltip, type Tooltip } from '@codemirror/view'
import { placeAt, pointedAt, type Place } from './place'
import { child, schemasAt, settings, takes, values, type Path, type Schema } from './schema'

/** What there is here, as far as it is known by now. */
export interface Known {
  schema: Schema | null
  /** namespace/name of each. */
  connectors: string[]
  /** Of the sources, as the last plan found them. */
  columns: string[]
}

export function complete(text: string, offset: number, known: Known): { from: number; options: Completion[] } | null {
  const { schema } = known
  const place = schema === null ? null : placeAt(text, offset)
  if (schema === null || place === null) return null
  const schemas = schemasAt(schema, place.document, place.path)
  const keys = place.expects === 'value' ? [] : keysOf(schemas, place)
  const options = place.expects === 'key' ? keys : [...keys, ...valuesOf(schemas, schema, place, known)]
  return options.length === 0 ? null : { from: place.from, options }
}

function keysOf(schemas: Schema[], { document, path, named }: Place): Completion[] {
  const there = value(document, path)
  return settings(schemas)
    .filter(({ name, schema }) => child(there, name) === undefined && schema['x-notYet'] !== true)
    .map(({ name, schema, required }) => ({
      label: name,
      type: 'property',
      detail: required ? 'required' : (schema.title ?? ''),
      info: schema.description ?? schema.title ?? '',
      apply: named ? name : `${name}: `,
      boost: required ? 1 : 0,
    }))
}

function valuesOf(schemas: Schema[], root: Schema, { document, path }: Place, known: Known): Completion[] {
  const last = path.at(-1)
  if (last === 'connector') return connectors(document, known.connectors)
  if (path[1] === 'edges' && (last === 'from' || last === 'to')) return nodes(document)
  const kind = child(document, 'kind')
  const named = values(schemas).map((one) => {
    const label = String(one)
    // Types of nodes and connectors have a schema of their own.
    const of = last === 'type' && typeof kind === 'string' ? root.$defs?.[`${kind}.${label}`] : undefined
    return { label, type: 'constant', detail: of?.title ?? '', info: of?.description ?? '' }
  })
  const sql = schemas.some(({ format }) => format === 'column-name' || format === 'sql-expression')
  return [...named, ...(sql ? known.columns.map((label) => ({ label, type: 'variable', detail: 'column' })) : [])]
}

/** Without the namespace where it is the document's own. */
function connectors(document: unknown, all: string[]): Completion[] {
  const namespace = child(child(document, 'metadata'), 'namespace')
  const own = `${typeof namespace === 'string' ? namespace : 'default'}/`
  return all.map((one) => ({ label: one.startsWith(own) ? one.slice(own.length) : one, type: 'variable', detail: 'connector' }))
}

function nodes(document: unknown): Completion[] {
  const all = child(child(document, 'spec'), 'nodes')
  return (Array.isArray(all) ? (all as unknown[]) : []).flatMap((one) => {
    const id = child(one, 'id')
    const type = child(one, 'type')
    return typeof id === 'string' ? [{ label: id, type: 'variable', detail: typeof type === 'string' ? type : '' }] : []
  })
}

function value(document: unknown, path: Path): unknown {
  return path.reduce<unknown>((found, step) => child(found, step), document)
}

/** Lines about what stands there, the first its title; none where nothing is known. */
export function told(text: string, offset: number, schema: Schema): { from: number; to: number; lines: string[] } | null {
  const pointed = pointedAt(text, offset)
  if (pointed === null) return null
  const schemas = schemasAt(schema, pointed.document, pointed.path)
  if (schemas.length === 0) return null
  // The first that says something says it: those behind it are conditions.
  const said = schemas.reduceRight<Schema>((before, one) => ({ ...before, ...one }), {})
  const parent = schemasAt(schema, pointed.document, pointed.path.slice(0, -1))
  const required = parent.some((one) => one.required?.includes(String(pointed.path.at(-1))) === true)
  const types = [said.type ?? []].flat().filter((one) => one !== 'string' || !takes(said, 'array'))
  const list = (all: unknown[]) => all.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join(', ')
  const lines = [
    said.title ?? String(pointed.path.at(-1) ?? ''),
    said.description === said.title ? null : said.description,
    [types.join(' or '), said['x-unit'] === undefined ? '' : `in ${said['x-unit']}`, required ? 'required' : ''].filter(Boolean).join(', '),
    said.enum === undefined ? null : `One of ${list(said.enum)}`,
    !('default' in said) ? null : `Else ${list([said.default])}`,
    said.examples === undefined ? null : `Such as ${list(said.examples)}`,
    said['x-notYet'] === true ? 'Nothing runs it in this release.' : null,
  ]
  return { from: pointed.from, to: pointed.to, lines: lines.filter((one): one is string => typeof one === 'string' && one !== '') }
}

export function completions(known: () => Known) {
  return (context: CompletionContext): CompletionResult | null => {
    const found = complete(context.state.doc.toString(), context.pos, known())
    // Where nothing is typed yet, only when asked for: an empty line is mostly meant as one.
    if (found === null || (!context.explicit && found.from === context.pos && !/[:{[,-]\s$/.test(context.state.sliceDoc(context.pos - 2, context.pos)))) return null
    return { ...found, validFor: /^[\w./-]*$/ }
  }
}

export function hovers(known: () => Known) {
  return hoverTooltip((view, at): Tooltip | null => {
    const { schema } = known()
    const found = schema === null ? null : told(view.state.doc.toString(), at, schema)
    if (found === null) return null
    return {
      pos: found.from,
      end: found.to,
      above: true,
      create: () => {
        const dom = document.createElement('div')
        dom.className = 'penstock-hover'
        for (const line of found.lines) dom.appendChild(document.createElement('div')).textContent = line
        return { dom }
      },
    }
  })
}
