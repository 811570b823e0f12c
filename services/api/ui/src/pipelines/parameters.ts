// The parameters that a recipe declares, and what somebody has entered for them as the API takes it.
import { parseDocument } from 'yaml'

export const TYPES = ['string', 'integer', 'number', 'boolean', 'date', 'timestamp', 'list'] as const
export type Type = (typeof TYPES)[number]

export interface Parameter {
  name: string
  type: Type
  required: boolean
  description: string | null
  /** As it is written; undefined: none. */
  fallback: string | undefined
}

/** null where the text cannot be read here, such as one in TOML. A text of many documents: of its first pipeline. */
export function declared(text: string): Parameter[] | null {
  let tree: unknown
  try {
    const document = parseDocument(text, { uniqueKeys: false })
    if (document.errors.length > 0) return null
    tree = document.toJS()
  } catch {
    return null
  }
  const spec = object(object(tree)?.spec)
  if (spec === null) return null
  const entries = Array.isArray(spec.parameters) ? (spec.parameters as unknown[]) : []
  return entries.flatMap((entry) => {
    const said = object(entry)
    if (said === null || typeof said.name !== 'string') return []
    const type = TYPES.find((one) => one === said.type) ?? 'string'
    const fallback = said.default === undefined ? undefined : typeof said.default === 'string' ? said.default : JSON.stringify(said.default)
    const description = typeof said.description === 'string' ? said.description : null
    return { name: said.name, type, required: said.required === true, description, fallback }
  })
}

/** Values as the API takes them. `wrong`: a sentence by name. */
export interface Given {
  values: Record<string, unknown>
  wrong: Record<string, string>
}

/** What is given to the run: what is empty is left out, so that it has its default. */
export function given(parameters: Parameter[], entered: Record<string, string>): Given {
  const values: Record<string, unknown> = {}
  const wrong: Record<string, string> = {}
  for (const parameter of parameters) {
    const text = (entered[parameter.name] ?? '').trim()
    if (text === '') {
      if (parameter.required && parameter.fallback === undefined) wrong[parameter.name] = 'It is required.'
      continue
    }
    const value = read(parameter.type, text)
    if (value instanceof Error) wrong[parameter.name] = value.message
    else values[parameter.name] = value
  }
  return { values, wrong }
}

/** Values of a run as they are entered in the fields of a form. */
export function written(values: Record<string, unknown>): Record<string, string> {
  const known = Object.entries(values).filter(([, value]) => value !== null)
  return Object.fromEntries(known.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]))
}

/** Values that are entered as JSON. */
export function parsed(text: string): Given {
  const wrong = { parameters: 'It must be a JSON object, such as {"region": "north"}.' }
  try {
    const values = object(JSON.parse(text) as unknown)
    return values === null ? { values: {}, wrong } : { values, wrong: {} }
  } catch {
    return { values: {}, wrong }
  }
}

// As the API's samples have it: shared/secrets/shown.py.
const SECRET =
  /(?:^|[^a-z])(?:pass(?:word|wd|phrase)?|pwd|secret|token|api_?key|private_?key|credential|pin|ssn|pesel|iban|card_?(?:no|number)|cvv|cvc)(?:[^a-z]|$)/

/** Whether what is entered under that name is not for everybody who sees the screen. */
export function looksSecret(name: string): boolean {
  return SECRET.test(name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase())
}

function read(type: Type, text: string): unknown {
  switch (type) {
    case 'integer':
      if (!/^[+-]?\d+$/.test(text)) return new Error('It must be a whole number.')
      // Beyond these a browser rounds.
      return Number.isSafeInteger(Number(text)) ? Number(text) : new Error('It is too large for a browser; start the run with penstock run --param.')
    case 'number':
      return Number.isFinite(Number(text)) ? Number(text) : new Error('It must be a number, such as 1.5.')
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : new Error('It must be true or false.')
    case 'date':
      return /^\d{4}-\d{2}-\d{2}$/.test(text) ? text : new Error('It must be a date, such as 2026-03-29.')
    case 'timestamp':
      return /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/i.test(text)
        ? text
        : new Error('It must be a time, such as 2026-03-29T02:00:00.')
    case 'list':
      return items(text)
    default:
      return text
  }
}

function items(text: string): unknown {
  if (!text.startsWith('[')) return text.split(',').map((one) => one.trim())
  try {
    return JSON.parse(text) as unknown
  } catch {
    return new Error('It must be texts with commas between them, or a JSON list.')
  }
}

function object(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null
}
