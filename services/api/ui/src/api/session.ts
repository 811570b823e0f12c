// Who is signed in. The token is given once, to the server, and kept nowhere in the browser.
import { useMutation, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query'
import { call, carry, Problem } from './call'
import type { Role, Session } from './types'

const KEY = ['session']
const ROLES: Role[] = ['viewer', 'editor', 'operator', 'admin']

/** `data`: null where nobody is signed in; of a session that has ended, what it was, and that it has ended. */
export function useSession() {
  const client = useQueryClient()
  return useQuery<Session | null>({
    queryKey: KEY,
    queryFn: async () => {
      try {
        const session = await call<Session>('/session')
        take(client, session)
        return session
      } catch (error) {
        if (!(error instanceof Problem && error.status === 401)) throw error
        const known = client.getQueryData<Session | null>(KEY) ?? null
        return known === null ? null : { ...known, ended: true }
      }
    },
    staleTime: 60_000,
    // Somebody may have logged in again in another tab.
    refetchOnWindowFocus: ({ state }) => (state.data?.ended === true ? 'always' : true),
  })
}

/** The same for the same person with the same view: what the one wrote and saw is not the other's. */
export function whose({ name, namespaces }: Session): string {
  return JSON.stringify([name, namespaces])
}

/** A session that the server has told, by a login here or in another tab. */
function take(client: QueryClient, session: Session): void {
  const before = client.getQueryData<Session | null>(KEY) ?? null
  carry(session.csrf)
  if (before === null) return
  // Nothing that one person saw is left for the next.
  if (whose(before) !== whose(session)) client.removeQueries({ predicate: others })
  // What was refused meanwhile is asked again.
  else if (before.ended === true) void client.invalidateQueries({ predicate: others })
}

const others = ({ queryKey }: { queryKey: readonly unknown[] }) => queryKey[0] !== KEY[0]

/** Whether who is signed in may do what needs that role. The API decides; this only says it before. */
export function useMay(role: Role): boolean {
  const { data } = useSession()
  return data != null && ROLES.indexOf(data.role) >= ROLES.indexOf(role)
}

export function useSignIn() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (token: string) => call<Session>('/session', { method: 'POST', body: { token } }),
    onSuccess: (session) => {
      take(client, session)
      client.setQueryData(KEY, session)
    },
  })
}

export function useSignOut() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async () => {
      try {
        await call<undefined>('/session', { method: 'DELETE' })
      } catch (error) {
        // It has ended before.
        if (!(error instanceof Problem && error.status === 401)) throw error
      }
    },
    onSuccess: () => {
      carry(null)
      client.setQueryData(KEY, null)
      client.removeQueries({ predicate: others })
    },
  })
}
