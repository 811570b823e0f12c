// A rejected row as it is corrected: as JSON, or, of a file, as its line.
import { parse } from '../api/exact'
import type { DeadLetter } from '../api/types'

type Row = Record<string, unknown>

/** What there is to be corrected. */
export function rowOf({ record, original_record }: DeadLetter): Row {
  return (record ?? original_record) as Row
}

/** The key under which a row of a file has its whole line; null where a row has columns. */
export function lineKey(letter: DeadLetter): string | null {
  if (letter.kind !== 'line') return null
  return ['line', 'record'].find((key) => typeof rowOf(letter)[key] === 'string') ?? null
}

/** What stands in the field. */
export function textOf(letter: DeadLetter): string {
  const key = lineKey(letter)
  return key === null ? JSON.stringify(rowOf(letter), null, 2) : (rowOf(letter)[key] as string)
}

/** Only the columns that were changed, as they are to be; a sentence where the text is no row of these columns. */
export function corrected(letter: DeadLetter, text: string): Row | string {
  const before = rowOf(letter)
  const key = lineKey(letter)
  if (key !== null) return text === before[key] ? {} : { [key]: text }
  let row: unknown
  try {
    row = parse(text)
  } catch (error) {
    return `It is no JSON: ${error instanceof Error ? error.message : 'it cannot be read'}.`
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return 'It must be a JSON object.'
  const unknown = Object.keys(row).find((name) => !(name in before))
  if (unknown !== undefined) return `There is no column ${unknown}; there is ${Object.keys(before).join(', ')}.`
  return Object.fromEntries(Object.entries(row).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])))
}
