// A proposed text beside the one that is there, before it is taken or left.
import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { lazy, Suspense } from 'react'
import { Waiting } from '../show/Page'

const SideBySide = lazy(() => import('../show/SideBySide'))

export function Proposal({ before, proposed, onTake, onLeave }: { before: string; proposed: string; onTake: () => void; onLeave: () => void }) {
  return (
    <Alert variant="outline" title="A correction is proposed">
      <Stack gap="sm">
        <Text>Nothing is changed yet. Taken, it stands in the editor, where it can be read, changed, and applied.</Text>
        <Suspense fallback={<Waiting what="the difference" />}>
          <SideBySide before={{ label: 'As it is', text: before }} after={{ label: 'As it is proposed', text: proposed }} />
        </Suspense>
        <Group>
          <Button onClick={onTake}>Take it</Button>
          <Button variant="default" onClick={onLeave}>
            Leave it
          </Button>
        </Group>
      </Stack>
    </Alert>
  )
}
