// Who is signed in. The token is given once, to the server, and kept nowhere in the browser.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { call, carry, Problem } from './call'
import type { Role, Session } from './types'

const KEY = ['session']
const ROLES: Role[] = ['viewer', 'editor', 'operator', 'admin']

/** `data`: null where nobody is signed in. */
export function useSession() {
  return useQuery({
    queryKey: KEY,
    queryFn: async () => {
      try {
        const session = await call<Session>('/session')
        carry(session.csrf)
        return session
      } catch (error) {
        if (error instanceof Problem && error.status === 401) return null
        throw error
      }
    },
    staleTime: 60_000,
    refetchOnWindowFocus: true,
  })
}

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
      carry(session.csrf)
      client.setQueryData(KEY, session)
    },
  })
}

export function useSignOut() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => call<undefined>('/session', { method: 'DELETE' }),
    onSuccess: () => {
      carry(null)
      // Nothing that this person saw is left for the next.
      client.setQueryData(KEY, null)
      client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] })
    },
  })
}
