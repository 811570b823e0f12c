// One way to the API: the cookie says who asks, a header of the page's own says that the page asked. What is refused is a Problem.
import { heard } from './clock'
import { parse } from './exact'
import type { TextProblem } from './types'

export class Problem extends Error {
  constructor(
    readonly status: number,
    detail: string,
    readonly kind: string = '',
    readonly errors: Partial<TextProblem>[] = [],
  ) {
    super(detail)
  }
}

let csrf: string | null = null

/** What every call that changes something carries from now on; null: nobody is signed in. */
export function carry(token: string | null): void {
  csrf = token
}

interface Asked {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Sent as JSON. */
  body?: unknown
  /** Sent as it is, a recipe. */
  text?: string
  /** Values that are undefined, null or empty are left out. */
  query?: Record<string, string | number | null | undefined>
  /** The same key and body are answered the same, and done once. */
  key?: string
}

/** The answer's JSON; undefined where it has no body. Throws Problem. */
export async function call<T>(path: string, asked: Asked = {}): Promise<T> {
  const method = asked.method ?? 'GET'
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (asked.body !== undefined) headers['Content-Type'] = 'application/json'
  if (asked.text !== undefined) headers['Content-Type'] = 'application/yaml'
  if (method !== 'GET' && csrf !== null) headers['X-CSRF-Token'] = csrf
  if (asked.key !== undefined) headers['Idempotency-Key'] = asked.key
  let answer: Response
  try {
    answer = await fetch(address(path, asked.query), {
      method,
      headers,
      credentials: 'same-origin',
      body: asked.text ?? (asked.body === undefined ? null : JSON.stringify(asked.body)),
    })
  } catch {
    throw new Problem(0, 'Penstock does not answer. Is it running (make status), and can this browser reach it?')
  }
  heard(answer.headers.get('Date'))
  if (!answer.ok) throw await refused(answer)
  const told = await answer.text()
  return (told === '' ? undefined : parse(told)) as T
}

export function address(path: string, query: Asked['query'] = {}): string {
  const said = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '')
  const search = new URLSearchParams(said.map(([name, value]) => [name, String(value)])).toString()
  return `/api/v1${path}${search === '' ? '' : `?${search}`}`
}

async function refused(answer: Response): Promise<Problem> {
  try {
    const told = (await answer.json()) as { detail?: string; type?: string; errors?: Partial<TextProblem>[] }
    const kind = told.type?.split(':').at(-1)
    return new Problem(answer.status, told.detail ?? answer.statusText, kind, told.errors)
  } catch {
    return new Problem(answer.status, `The server answered ${answer.status} ${answer.statusText}. Try again in a moment.`)
  }
}
