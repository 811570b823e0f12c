// Where in a recipe's text somebody writes or points: in which document, at which path, and what is expected there.
import { isMap, isPair, isScalar, parseAllDocuments, visit, type Document } from 'yaml'
import type { Path } from './schema'

export interface Place {
  /** The whole document, without what is being written. */
  document: unknown
  /** Of the object for a key, of the value itself for a value. An item is both: the value, or the first key of an object. */
  path: Path
  expects: 'key' | 'value' | 'item'
  /** Where the word begins that is being written. */
  from: number
  /** A colon follows the word already. */
  named: boolean
}

// Stands for the word that is being written; nobody calls anything like that.
const HERE = 'zzPenstockIsWrittenHere'
const BEFORE = /[\w./-]*$/
const AFTER = /^[\w./-]*/
const OPTIONS = { uniqueKeys: false, strict: false, logLevel: 'silent' } as const
// Beyond this, reading the text at each key would be felt.
export const LONGEST = 200_000

/** null where nothing can be said, such as inside a text or a comment. */
export function placeAt(text: string, offset: number): Place | null {
  if (text.length > LONGEST) return null
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset)
  const word = BEFORE.exec(line)?.[0] ?? ''
  const before = line.slice(0, line.length - word.length)
  const from = offset - word.length
  const end = offset + (AFTER.exec(text.slice(offset))?.[0].length ?? 0)
  const named = /^\s*:(\s|$)/.test(text.slice(end))
  const expects = expected(before, text.slice(0, from))
  if (expects === null) return null
  const key = expects === 'key' || (expects === 'item' && named)
  const written = `${text.slice(0, from)}${HERE}${key && !named ? ': null' : ''}${text.slice(end)}`
  const found = find(written, key)
  return found === null ? null : { ...found, expects, from, named }
}

/** By what stands before the word. */
function expected(before: string, all: string): Place['expects'] | null {
  if (/(^|\s)#/.test(before)) return null
  if (/:\s+$/.test(before)) return 'value'
  if (/^\s*$/.test(before)) return unclosed(all) === '[' ? 'item' : 'key'
  if (/^\s*(-\s+)+$/.test(before)) return 'item'
  if (/[{[,]\s*$/.test(before)) {
    const open = unclosed(all)
    return open === '{' ? 'key' : open === '[' ? 'item' : null
  }
  return null
}

/** The bracket of a flow that is open at the end of a text. Reads back to the line that begins outside of it. */
function unclosed(text: string): '{' | '[' | null {
  let depth = 0
  for (let at = text.length - 1, lines = 0; at >= 0 && lines < 50; at -= 1) {
    const sign = text[at]
    if (sign === '\n') lines += 1
    if (sign === '}' || sign === ']') depth += 1
    if (sign === '{' || sign === '[') {
      if (depth === 0) return sign
      depth -= 1
    }
  }
  return null
}

function find(text: string, key: boolean): { document: unknown; path: Path } | null {
  for (const document of documents(text)) {
    let path: Path | null = null
    visit(document, {
      Scalar(at, node, ancestors) {
        if (node.value !== HERE) return undefined
        path = pathOf(at, ancestors as unknown[])
        return visit.BREAK
      },
    })
    if (path === null) continue
    const found: Path = key ? (path as Path).slice(0, -1) : path
    return { document: without(document.toJS()), path: found }
  }
  return null
}

function documents(text: string): Document[] {
  const found = parseAllDocuments(text, OPTIONS)
  return Array.isArray(found) ? (found as Document[]) : []
}

/** From the nodes above one; of a key, the key's own name is its last step. */
function pathOf(at: unknown, ancestors: unknown[]): Path {
  const path: Path = []
  ancestors.forEach((one, depth) => {
    const next = ancestors[depth + 1]
    if (isPair(one)) {
      if (isScalar(one.key)) path.push(String(one.key.value))
    } else if (!isMap(one) && typeof one === 'object' && one !== null && 'items' in one) {
      const place = next === undefined ? at : (one as { items: unknown[] }).items.indexOf(next)
      if (typeof place === 'number') path.push(place)
    }
  })
  return path
}

function without(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(without)
  if (typeof value !== 'object' || value === null) return value === HERE ? undefined : value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== HERE)
      .map(([name, one]) => [name, without(one)]),
  )
}

export interface Pointed {
  document: unknown
  path: Path
  from: number
  to: number
}

/** The key or the value that an offset lies in; its path is that of the value. null: it lies between them. */
export function pointedAt(text: string, offset: number): Pointed | null {
  if (text.length > LONGEST) return null
  for (const document of documents(text)) {
    let found: Omit<Pointed, 'document'> | null = null
    visit(document, {
      Scalar(at, node, ancestors) {
        const [from, to] = node.range ?? [0, 0]
        if (offset < from || offset > to) return undefined
        found = { path: pathOf(at, ancestors as unknown[]), from, to }
        return visit.BREAK
      },
    })
    if (found !== null) return { document: document.toJS(), ...(found as Omit<Pointed, 'document'>) }
  }
  return null
}
