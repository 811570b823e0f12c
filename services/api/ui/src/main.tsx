import '@mantine/core/styles.css'
import '@xyflow/react/dist/style.css'

import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Problem } from './api/call'
import { App } from './App'
import { theme, variables } from './shell/theme'
import { ZoneProvider } from './show/zone'

const queries: QueryClient = new QueryClient({
  defaultOptions: {
    // A Penstock on this machine answers whether or not there is a network beyond it.
    mutations: { networkMode: 'always' },
    queries: {
      networkMode: 'always',
      staleTime: 2000,
      // What was refused is refused again; what did not answer may the next time.
      retry: (failures, error) => failures < 2 && !(error instanceof Problem && error.status >= 400 && error.status < 500),
    },
  },
})
// A session that has ended shows itself by any call that is refused.
const look = (error: unknown) => {
  if (error instanceof Problem && error.status === 401) void queries.invalidateQueries({ queryKey: ['session'] })
}
queries.getQueryCache().subscribe((event) => {
  if (event.type === 'updated' && event.action.type === 'error' && (event.query.queryKey as unknown[])[0] !== 'session') look(event.action.error)
})
queries.getMutationCache().subscribe((event) => {
  if (event.type === 'updated' && event.action.type === 'error') look(event.action.error)
})

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no element root')
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <ZoneProvider>
          <App />
        </ZoneProvider>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
