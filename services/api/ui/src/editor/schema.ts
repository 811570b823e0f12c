// What the schema of recipes (JSON Schema 2020-12, served by the API) says of a place in a document. Knows of it what those schemas use.

export interface Schema {
  title?: string
  description?: string
  type?: string | string[]
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  items?: Schema
  enum?: unknown[]
  const?: unknown
  default?: unknown
  examples?: unknown[]
  format?: string
  $ref?: string
  $defs?: Record<string, Schema>
  allOf?: Schema[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  not?: Schema
  if?: Schema
  then?: Schema
  else?: Schema
  /** Of the language, but nothing runs it in this release. */
  'x-notYet'?: boolean
  'x-unit'?: string
}

export type Path = (string | number)[]

/** The schemas that hold for what stands at a path of a document, or would; none where nothing is known of it. */
export function schemasAt(root: Schema, document: unknown, path: Path): Schema[] {
  let value = document
  let found = holding(root, root, value)
  for (const step of path) {
    value = child(value, step)
    found = found.flatMap((one) => below(one, step)).flatMap((one) => holding(root, one, value))
  }
  return found
}

export interface Setting {
  name: string
  schema: Schema
  required: boolean
}

/** The settings that an object may have by those schemas, in their order. */
export function settings(schemas: Schema[]): Setting[] {
  const found = new Map<string, Setting>()
  const required = new Set(schemas.flatMap((one) => one.required ?? []))
  for (const { properties = {} } of schemas) {
    for (const [name, schema] of Object.entries(properties)) {
      // The one that says more of it: conditions repeat names without their meaning.
      const known = found.get(name)
      if (known === undefined || (known.schema.description === undefined && schema.description !== undefined)) {
        found.set(name, { name, schema, required: required.has(name) })
      }
    }
  }
  for (const name of required) if (!found.has(name)) found.set(name, { name, schema: {}, required: true })
  return [...found.values()]
}

/** The values that those schemas list, or give as examples. */
export function values(schemas: Schema[]): unknown[] {
  const listed = schemas.flatMap((one) => [...(one.enum ?? []), ...('const' in one ? [one.const] : []), ...(takes(one, 'boolean') ? [true, false] : [])])
  const all = listed.length > 0 ? listed : schemas.flatMap((one) => [...('default' in one ? [one.default] : []), ...(one.examples ?? [])])
  return [...new Set(all.filter((one) => typeof one !== 'object'))]
}

export function takes({ type }: Schema, wanted: string): boolean {
  return type === wanted || (Array.isArray(type) && type.includes(wanted))
}

/** A schema with all that it refers to and that holds of the value, flat. */
function holding(root: Schema, schema: Schema, value: unknown): Schema[] {
  const referred = schema.$ref === undefined ? undefined : referredBy(root, schema.$ref)
  const chosen = schema.if === undefined ? undefined : matches(root, schema.if, value) ? schema.then : schema.else
  const others = [referred, chosen, ...(schema.allOf ?? []), ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]
  return [schema, ...others.flatMap((one) => (one === undefined ? [] : holding(root, one, value)))]
}

function referredBy(root: Schema, reference: string): Schema | undefined {
  const name = /^#\/\$defs\/(.+)$/.exec(reference)?.[1]
  return name === undefined ? undefined : root.$defs?.[decodeURIComponent(name).replaceAll('~1', '/').replaceAll('~0', '~')]
}

function below({ properties, additionalProperties, items }: Schema, step: string | number): Schema[] {
  if (typeof step === 'number') return items === undefined ? [] : [items]
  const found = properties?.[step] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined)
  return found === undefined ? [] : [found]
}

/** Whether a condition holds, as far as conditions of recipes go: constants, lists, what must be there. */
function matches(root: Schema, condition: Schema, value: unknown): boolean {
  if ('const' in condition && condition.const !== value) return false
  if (condition.enum !== undefined && !condition.enum.includes(value)) return false
  if (condition.not !== undefined && matches(root, condition.not, value)) return false
  if (condition.required?.some((name) => child(value, name) === undefined) === true) return false
  for (const [name, schema] of Object.entries(condition.properties ?? {})) {
    const of = child(value, name)
    if (of !== undefined && !matches(root, schema, of)) return false
  }
  if (condition.allOf?.some((one) => !matches(root, one, value)) === true) return false
  return condition.anyOf?.some((one) => matches(root, one, value)) ?? true
}

export function child(value: unknown, step: string | number): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[step] : undefined
}
