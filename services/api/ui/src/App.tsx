// Which page stands at which address, and that whoever is not signed in meets the login.
import { Center, Modal } from '@mantine/core'
import { lazy } from 'react'
import { createBrowserRouter, Navigate, RouterProvider } from 'react-router'
import { useSession, whose } from './api/session'
import { DeadLetters } from './letters/DeadLetters'
import { Login, SignIn } from './login/Login'
import { Quality } from './quality/Quality'
import { Runs } from './runs/Runs'
import { Broken } from './shell/Broken'
import { Shell } from './shell/Shell'
import { Page, Waiting } from './show/Page'
import { Trouble } from './show/Trouble'

// Each page is fetched when it is looked at, and what large libraries it brings along.
const RunPage = lazy(() => import('./run/RunPage'))
const Dataset = lazy(() => import('./quality/Dataset'))
const Editor = lazy(() => import('./editor/Editor'))
const Pipelines = lazy(() => import('./pipelines/Pipelines'))
const PipelinePage = lazy(() => import('./pipelines/PipelinePage'))
const Connectors = lazy(() => import('./connectors/Connectors'))
const ConnectorPage = lazy(() => import('./connectors/ConnectorPage'))
const Calendars = lazy(() => import('./calendars/Calendars'))
const System = lazy(() => import('./system/System'))
const Tokens = lazy(() => import('./access/Tokens'))
const Audit = lazy(() => import('./access/Audit'))

const router = createBrowserRouter(
  [
    {
      element: <Shell />,
      errorElement: <Broken />,
      children: [
        {
          errorElement: <Broken />,
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
            { path: 'connectors/:namespace/:name', element: <ConnectorPage /> },
            { path: 'connectors/:namespace/:name/edit', element: <Editor kind="connectors" /> },
            { path: 'calendars/*', element: <Calendars /> },
            { path: 'system', element: <System /> },
            { path: 'tokens', element: <Tokens /> },
            { path: 'audit', element: <Audit /> },
            { path: 'editor', element: <Editor /> },
            { path: '*', element: <Page title="Nothing here">There is no such page. The list at the left has those there are.</Page> },
          ],
        },
      ],
    },
  ],
  { basename: '/ui' },
)

export function App() {
  const { data: session, error } = useSession()
  if (session === undefined) {
    if (error === null) return <Waiting what="who is signed in" />
    return (
      <Center component="main" p="xl">
        <Trouble error={error} title="Penstock cannot be asked" />
      </Center>
    )
  }
  if (session === null) return <Login />
  return (
    <>
      {/* Whatever becomes of the session, the page stays, and what somebody has written there. */}
      <RouterProvider key={whose(session)} router={router} />
      {session.ended === true && <Again name={session.name} />}
    </>
  )
}

/** Over the page, and over any dialog of it. */
function Again({ name }: { name: string }) {
  return (
    <Modal
      opened
      onClose={() => undefined}
      title="Your session has ended"
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      zIndex={10_000}
      overlayProps={{ backgroundOpacity: 0.9, blur: 6 }}
    >
      <SignIn again={name} />
    </Modal>
  )
}
