// Which page stands at which address, and that whoever is not signed in meets the login.
import { Center } from '@mantine/core'
import { lazy } from 'react'
import { createBrowserRouter, Navigate, RouterProvider } from 'react-router'
import { useSession } from './api/session'
import { Connectors } from './connectors/Connectors'
import { DeadLetters } from './letters/DeadLetters'
import { Login } from './login/Login'
import { PipelinePage } from './pipelines/PipelinePage'
import { Pipelines } from './pipelines/Pipelines'
import { Quality } from './quality/Quality'
import { Runs } from './runs/Runs'
import { Shell } from './shell/Shell'
import { Page, Waiting } from './show/Page'
import { Trouble } from './show/Trouble'

// What brings large libraries along is fetched when it is looked at.
const RunPage = lazy(() => import('./run/RunPage'))
const Dataset = lazy(() => import('./quality/Dataset'))
const Editor = lazy(() => import('./editor/Editor'))

const router = createBrowserRouter(
  [
    {
      element: <Shell />,
      children: [
        { index: true, element: <Navigate to="/runs" replace /> },
        { path: 'runs', element: <Runs /> },
        { path: 'runs/:id', element: <RunPage /> },
        { path: 'pipelines', element: <Pipelines /> },
        { path: 'pipelines/:namespace/:name', element: <PipelinePage /> },
        { path: 'pipelines/:namespace/:name/edit', element: <Editor /> },
        { path: 'quality', element: <Quality /> },
        { path: 'quality/:namespace/*', element: <Dataset /> },
        { path: 'dead-letters', element: <DeadLetters /> },
        { path: 'connectors', element: <Connectors /> },
        { path: 'editor', element: <Editor /> },
        { path: '*', element: <Page title="Nothing here">There is no such page. The list at the left has those there are.</Page> },
      ],
    },
  ],
  { basename: '/ui' },
)

export function App() {
  const { data: session, isPending, error } = useSession()
  if (isPending) return <Waiting what="who is signed in" />
  if (error !== null) {
    return (
      <Center component="main" p="xl">
        <Trouble error={error} title="Penstock cannot be asked" />
      </Center>
    )
  }
  return session === null ? <Login /> : <RouterProvider router={router} />
}
