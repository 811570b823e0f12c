// A page that could not be drawn: it says so, and the frame around it stays. Pages that were built anew meanwhile are loaded again.
import { Alert, Button, Stack, Text } from '@mantine/core'
import { useRouteError } from 'react-router'
import { Page } from '../show/Page'

export function Broken() {
  const error = useRouteError()
  const said = error instanceof Error ? error.message : String(error)
  const old = /dynamically imported module|preload/i.test(said)
  return (
    <Page title="This page cannot be shown">
      <Alert color="red" variant="outline" title={old ? 'The pages were built anew' : 'Something in it went wrong'} role="alert">
        <Stack align="start">
          <Text>{old ? 'What this browser has of them is of another release, or the server does not answer.' : said}</Text>
          <Button onClick={() => window.location.reload()}>Load it again</Button>
        </Stack>
      </Alert>
    </Page>
  )
}
