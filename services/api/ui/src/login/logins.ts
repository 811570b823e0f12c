// The ways in beside a token, and what became of somebody who was sent elsewhere and came back.
import { useQuery } from '@tanstack/react-query'
import { call } from '../api/call'

interface Logins {
  token: boolean
  oidc: { label: string; address: string } | null
}

const REASONS: Record<string, string> = {
  expired: 'The login was begun in another browser, or more than ten minutes ago. Log in again; cookies must be allowed.',
  failed: 'The login did not go through. Log in again; if it stays so, whoever runs Penstock finds the reason in the log of the API.',
  nobody: 'You are known there, but nothing says what you may do here. Ask whoever runs Penstock to let you in.',
  'shut-out': 'You were shut out of this Penstock. Ask whoever runs it to let you in again.',
  away: 'Where you log in does not answer. Try again in a moment, or use a token.',
}

export function useLogins() {
  return useQuery({ queryKey: ['logins'], queryFn: () => call<Logins>('/logins'), staleTime: 60_000, retry: false })
}

/** A sentence for ?login=…; null where nobody was refused. */
export function whyNot(search: string): string | null {
  const word = new URLSearchParams(search).get('login')
  return word === null ? null : (REASONS[word] ?? 'The login did not go through. Log in again.')
}

/** Where the browser goes to log in; it comes back to the page that it is on. */
export function startOf(address: string, here: { pathname: string; search: string }): string {
  const search = new URLSearchParams(here.search)
  search.delete('login')
  const after = `${here.pathname}${search.size > 0 ? `?${search.toString()}` : ''}`
  return `${address}?${new URLSearchParams({ after }).toString()}`
}
