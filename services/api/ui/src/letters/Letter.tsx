// One dead letter: what was wrong, the row to be corrected, and waiving it or opening it again.
import { Anchor, Button, Code, Group, Modal, Stack, Text, Textarea } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { call } from '../api/call'
import type { DeadLetter } from '../api/types'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'
import { corrected, lineKey, textOf } from './record'

interface Props {
  letter: DeadLetter
  /** Whether who looks may change it. */
  may: boolean
  onClose: () => void
  onDone: () => Promise<void>
}

export function Letter({ letter, may, onClose, onDone }: Props) {
  const [text, setText] = useState(() => textOf(letter))
  const save = useMutation({
    mutationFn: (body: Record<string, unknown>) => call(`/dead-letters/${letter.id}`, { method: 'PATCH', body }),
    onSuccess: async () => {
      await onDone()
      onClose()
    },
  })
  const line = lineKey(letter) !== null
  const found = corrected(letter, text)
  const wrong = typeof found === 'string' ? found : undefined
  // What was written is not taken away by a slip.
  const written = text !== textOf(letter)
  const changeable = may && letter.state !== 'replayed'
  const editable = changeable && letter.state !== 'waived'
  return (
    <Modal opened onClose={onClose} closeOnClickOutside={!written} closeOnEscape={!written} title={`A row that ${letter.node} rejected`} size="lg">
      <Stack>
        <Text style={{ overflowWrap: 'anywhere' }}>{letter.error_message}</Text>
        <Text fz="sm" c="dimmed">
          {[letter.state, letter.rule === null ? null : `rule ${letter.rule}`, letter.position === null ? null : `line ${letter.position}`, letter.retry_count > 0 ? `replayed ${letter.retry_count} times before` : null]
            .filter((one) => one !== null)
            .join(', ')}
          , <Moment at={letter.timestamp} />
          {letter.replayRun !== null && (
            <>
              {', '}
              <Anchor component={Link} to={`/runs/${letter.replayRun}`} inherit td="underline">
                the run that replays it
              </Anchor>
            </>
          )}
        </Text>
        <Textarea
          label={line ? 'The line' : 'The row'}
          description={editable ? (line ? 'As it should stand in the file' : 'As JSON; correct it, and it can be replayed') : 'It can be read, but not changed'}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          autosize
          minRows={line ? 1 : 4}
          maxRows={18}
          readOnly={!editable}
          value={text}
          error={wrong}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        {letter.record !== null && (
          <details>
            <summary>As it was rejected</summary>
            <Code block tabIndex={0}>
              {JSON.stringify(letter.original_record, null, 2)}
            </Code>
          </details>
        )}
        <Trouble error={save.error} title="It was not saved" />
        <Group justify="end">
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
          {changeable && letter.state !== 'open' && (
            <Button variant="default" loading={save.isPending} onClick={() => save.mutate({ state: 'open' })}>
              {letter.state === 'fixed' ? 'Take the correction back' : 'Open it again'}
            </Button>
          )}
          {editable && (
            <>
              <Button variant="default" loading={save.isPending} onClick={() => save.mutate({ state: 'waived' })}>
                Waive it
              </Button>
              <Button
                disabled={typeof found === 'string' || Object.keys(found).length === 0}
                loading={save.isPending}
                onClick={() => save.mutate({ record: found })}
              >
                Save the correction
              </Button>
            </>
          )}
        </Group>
      </Stack>
    </Modal>
  )
}
