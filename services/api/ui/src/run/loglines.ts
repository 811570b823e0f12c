// Log lines as they are read: only the newest are kept, however many there are, and what was read is not read again.
import { address, Problem } from '../api/call'
import type { LogLine } from '../api/types'

/** More than these nobody reads in a page. */
export const MOST = 1000
// Lines are numbered before they are committed, so that one may be seen after its successors.
const SETTLED_AFTER_MS = 5000

export interface Read {
  /** The newest, in their order. */
  lines: LogLine[]
  /** How many there are of them in all. */
  total: number
  /** All up to this number has been read. */
  settled: number
}
export const NOTHING: Read = { lines: [], total: 0, settled: 0 }

/** What is known once lines were read again from its `settled` on. */
export function readOn(known: Read, lines: LogLine[]): Read {
  const kept = known.lines.filter(({ id }) => id <= known.settled)
  const before = known.total - (known.lines.length - kept.length)
  const newest = Math.max(0, ...lines.map(({ at }) => Date.parse(at)))
  const settled = lines.filter(({ at }) => Date.parse(at) < newest - SETTLED_AFTER_MS).reduce((most, { id }) => Math.max(most, id), known.settled)
  return { lines: [...kept, ...lines].slice(-MOST), total: before + lines.length, settled }
}

/** Which lines somebody looks for. Of a node: its own, and those that its stage wrote of no node; `stage` null: of any stage. */
export interface Sought {
  node: string | null
  stage: number | null
  text: string
  /** Warnings and worse. */
  severe: boolean
}
const USUAL = new Set(['DEBUG', 'INFO'])

export function isSought(line: LogLine, { node, stage, text, severe }: Sought): boolean {
  if (severe && USUAL.has(line.level)) return false
  if (node !== null && line.node !== node && !(line.node === null && (stage === null || line.stage === stage))) return false
  return text === '' || line.message.toLowerCase().includes(text.toLowerCase())
}

/** A long answer is read piece by piece, and no more than the newest are held. */
export async function readLines(run: string, sought: Sought, known: Read, signal: AbortSignal): Promise<Read> {
  const answer = await fetch(address(`/runs/${run}/logs`, { follow: 'false', after: known.settled }), { credentials: 'same-origin', signal })
  if (!answer.ok || answer.body === null) throw new Problem(answer.status, `The server answered ${answer.status}. Load the page again.`)
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  let found: LogLine[] = []
  let dropped = 0
  for (;;) {
    const { done, value } = await reader.read()
    const texts = (rest + (value ?? '')).split('\n')
    rest = done ? '' : (texts.pop() ?? '')
    for (const text of texts) {
      if (text === '') continue
      const line = JSON.parse(text) as LogLine
      if (isSought(line, sought)) found.push(line)
    }
    if (found.length > 2 * MOST) {
      dropped += found.length - MOST
      found = found.slice(-MOST)
    }
    if (done) break
  }
  const read = readOn(known, found)
  return { ...read, total: read.total + dropped }
}
