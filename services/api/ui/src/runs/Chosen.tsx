// What can be done with the runs that are chosen: compared, retried, cancelled.
import { Alert, Anchor, Button, Group, List, Modal, Stack, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { call } from '../api/call'
import { useMay } from '../api/session'
import type { RunHead } from '../api/types'
import { Trouble } from '../show/Trouble'
import { comparison } from './bulk'

interface Changed {
  items: { run: string; done: boolean; detail: string | null }[]
  done: number
  refused: number
}
const ASKED = {
  retry: { title: 'Retry these runs?', text: 'What is done stays; what failed, and all that waited for it, is done again, by the version of the recipe that it had; what was corrected in a recipe since needs a new run.', done: 'in the queue again', no: 'Not now' },
  cancel: { title: 'Cancel these runs?', text: 'What is running is stopped; what is done stays.', done: 'cancelled', no: 'Let them run' },
} as const
type Verb = keyof typeof ASKED

export function Chosen({ chosen, onDone }: { chosen: RunHead[]; onDone: () => void }) {
  const [asking, ask] = useState<Verb | null>(null)
  const [said, say] = useState<{ verb: Verb; found: Changed } | null>(null)
  const may = useMay('operator')
  const pair = comparison(chosen)
  return (
    <>
      <Group gap="sm" role="group" aria-label="The runs that are chosen">
        {'to' in pair ? (
          <Button component={Link} to={pair.to} size="xs" variant="default">
            Compare
          </Button>
        ) : (
          <Button size="xs" variant="default" disabled>
            Compare
          </Button>
        )}
        {may && (
          <>
            <Button size="xs" variant="default" disabled={chosen.length === 0} onClick={() => ask('retry')}>
              Retry
            </Button>
            <Button size="xs" variant="default" disabled={chosen.length === 0} onClick={() => ask('cancel')}>
              Cancel
            </Button>
          </>
        )}
        <Text fz="sm" c="dimmed" aria-live="polite">
          {chosen.length > 0 && `${chosen.length} chosen. `}
          {'why' in pair && `${pair.why}.`}
        </Text>
      </Group>
      {said !== null && <Result verb={said.verb} found={said.found} onClose={() => say(null)} />}
      {asking !== null && (
        <Asked
          verb={asking}
          runs={chosen}
          onClose={() => ask(null)}
          onDone={(found) => {
            say({ verb: asking, found })
            ask(null)
            onDone()
          }}
        />
      )}
    </>
  )
}

function Asked({ verb, runs, onClose, onDone }: { verb: Verb; runs: RunHead[]; onClose: () => void; onDone: (found: Changed) => void }) {
  const client = useQueryClient()
  const { title, text, no } = ASKED[verb]
  const change = useMutation({
    mutationFn: () => call<Changed>(`/runs/${verb}`, { method: 'POST', body: { ids: runs.map(({ id }) => id) } }),
    onSuccess: async (found) => {
      await client.invalidateQueries({ queryKey: ['runs'] })
      onDone(found)
    },
  })
  return (
    <Modal opened onClose={onClose} title={title}>
      <Stack>
        <Text>
          {runs.length === 1 ? 'One run.' : `${runs.length} runs.`} {text}
        </Text>
        <Trouble error={change.error} />
        <Group justify="end">
          <Button variant="default" onClick={onClose}>
            {no}
          </Button>
          <Button {...(verb === 'cancel' ? { color: 'red' } : {})} loading={change.isPending} onClick={() => change.mutate()}>
            {verb === 'cancel' ? 'Cancel the runs' : 'Retry the runs'}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}

function Result({ verb, found, onClose }: { verb: Verb; found: Changed; onClose: () => void }) {
  const left = found.items.filter(({ done }) => !done)
  return (
    <Alert
      variant="outline"
      role="status"
      color={left.length > 0 ? 'orange' : 'green'}
      withCloseButton
      closeButtonLabel="Close"
      onClose={onClose}
      title={`${found.done} ${ASKED[verb].done}${left.length > 0 ? `, ${left.length} not` : ''}`}
    >
      {left.length > 0 && (
        <List size="sm">
          {left.map(({ run, detail }) => (
            <List.Item key={run}>
              <Anchor component={Link} to={`/runs/${run}`} inherit td="underline">
                {run.slice(-8)}
              </Anchor>
              : {detail}
            </List.Item>
          ))}
        </List>
      )}
    </Alert>
  )
}
