// A worker looks at a connector; what takes longer than the server waits is asked for until it is there.
import { call } from '../api/call'

const WAIT_S = 10
const AGAIN_MS = 1000
// A worker that is there has answered by then; nobody waits for ever where none is.
const LONGEST_MS = 120_000

export interface Checked {
  ok: boolean
  tried: { what: string; ok: boolean; said: string }[]
}
export interface FoundObject {
  name: string
  columns: { name: string; type: string; vendorType: string | null; nullable: boolean }[]
  keys: string[][]
  rows: number | null
  failed: string | null
}
export interface Discovered {
  items: FoundObject[]
  more: boolean
}
export interface Previewed {
  columns: { name: string; type: string; nullable: boolean }[]
  rows: Record<string, string | null>[]
}
interface Waiting {
  request: string
  state: string
}

/** `path`: /connectors/{namespace}/{name}. Throws Problem, and Error where nobody answers. */
export async function looked<T extends object>(path: string, does: 'check' | 'discover' | 'preview', body: object = {}): Promise<T> {
  let told = await call<T | Waiting>(`${path}/${does}`, { method: 'POST', body, query: { wait: WAIT_S } })
  const until = Date.now() + LONGEST_MS
  while ('request' in told && 'state' in told) {
    if (Date.now() > until) throw new Error('No worker has answered in two minutes. Is one running? The system page says so.')
    await new Promise((done) => setTimeout(done, AGAIN_MS))
    told = await call<T | Waiting>(`${path}/looks/${told.request}`)
  }
  return told
}
