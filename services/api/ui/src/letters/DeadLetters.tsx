// Rows that did not get through: looked for, corrected, waived, and run again through the node that rejected them.
import { Alert, Anchor, Button, Checkbox, Group, Modal, Select, Stack, Table, Text, Textarea, TextInput } from '@mantine/core'
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import { call } from '../api/call'
import { useMay } from '../api/session'
import type { DeadLetter, Page as PageOf } from '../api/types'
import { cell } from '../show/figures'
import { Empty, Page, Scroll, Waiting } from '../show/Page'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'

const FILTERS = ['run', 'pipeline', 'node', 'state', 'contains'] as const
const LIMIT = 50
interface Replays {
  letters: number
  runs: { id: string }[]
}

export function DeadLetters() {
  const [said, say] = useSearchParams()
  const client = useQueryClient()
  const may = useMay('operator')
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set())
  const [opened, open] = useState<DeadLetter | null>(null)
  const query = Object.fromEntries([...FILTERS, 'cursor' as const].map((name) => [name, said.get(name)]))
  const { data, error, isPending } = useQuery({
    queryKey: ['letters', query],
    queryFn: () => call<PageOf<DeadLetter>>('/dead-letters', { query: { ...query, limit: LIMIT } }),
    placeholderData: keepPreviousData,
  })
  const again = () => client.invalidateQueries({ queryKey: ['letters'] })
  const replay = useMutation({
    mutationFn: () => call<Replays>('/dead-letters/replay', { method: 'POST', body: { ids: [...chosen] } }),
    onSuccess: () => {
      choose(new Set())
      return again()
    },
  })
  const waive = useMutation({
    mutationFn: () => call('/dead-letters/waive', { method: 'POST', body: { ids: [...chosen] } }),
    onSuccess: () => {
      choose(new Set())
      return again()
    },
  })
  const change = (name: string, value: string | null) => {
    const next = new URLSearchParams(said)
    next.delete('cursor')
    if (value === null || value.trim() === '') next.delete(name)
    else next.set(name, value.trim())
    choose(new Set())
    say(next, { replace: true })
  }
  const filtered = FILTERS.some((name) => said.has(name))
  return (
    <Page
      title="Dead letters"
      actions={
        may && (
          <>
            <Button disabled={chosen.size === 0} loading={replay.isPending} onClick={() => replay.mutate()}>
              Replay {chosen.size > 0 ? chosen.size : ''}
            </Button>
            <Button variant="default" disabled={chosen.size === 0} loading={waive.isPending} onClick={() => waive.mutate()}>
              Waive
            </Button>
          </>
        )
      }
    >
      <Group align="end" gap="sm">
        {(['pipeline', 'node', 'run', 'contains'] as const).map((name) => (
          <TextInput
            key={`${name} ${said.get(name) ?? ''}`}
            label={name === 'contains' ? 'Reason contains' : name.charAt(0).toUpperCase() + name.slice(1)}
            w={170}
            defaultValue={said.get(name) ?? ''}
            onBlur={(event) => event.currentTarget.value !== (said.get(name) ?? '') && change(name, event.currentTarget.value)}
            onKeyDown={(event) => event.key === 'Enter' && change(name, event.currentTarget.value)}
          />
        ))}
        <Select
          label="State"
          w={130}
          clearable
          clearButtonProps={{ 'aria-label': 'Any state' }}
          data={['open', 'fixed', 'replayed', 'waived']}
          value={said.get('state')}
          onChange={(state) => change('state', state)}
        />
      </Group>
      <Trouble error={error} title="The dead letters cannot be listed" />
      <Trouble error={replay.error ?? waive.error} />
      {replay.data !== undefined && (
        <Alert variant="outline" title="They run again">
          {replay.data.runs.map((run) => (
            <Anchor key={run.id} component={Link} to={`/runs/${run.id}`} mr="sm">
              Run {run.id.slice(-8)}
            </Anchor>
          ))}
        </Alert>
      )}
      {isPending && <Waiting what="dead letters" />}
      {data?.items.length === 0 && (
        <Empty title={data.nextCursor !== null ? 'None among those that were looked through so far' : filtered ? 'No dead letter is like that' : 'Every row got through'}>
          A row that a source cannot read, an expression cannot compute, a rule rejects or a destination refuses is kept here, with the reason. It can be
          corrected and run again through the node that rejected it.
        </Empty>
      )}
      {data !== undefined && data.items.length > 0 && (
        <Scroll label="Dead letters">
          <Table verticalSpacing={4} fz="sm" miw={860}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>
                  <Checkbox
                    aria-label="Choose all of this page"
                    checked={data.items.every((one) => chosen.has(one.id))}
                    onChange={(event) => choose(event.currentTarget.checked ? new Set(data.items.map((one) => one.id)) : new Set())}
                  />
                </Table.Th>
                {['State', 'Node', 'Row', 'Reason', 'Rejected', 'Look'].map((name) => (
                  <Table.Th key={name}>{name}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.items.map((one) => (
                <Table.Tr key={one.id}>
                  <Table.Td>
                    <Checkbox
                      aria-label={`Choose dead letter ${one.id.slice(-8)}`}
                      checked={chosen.has(one.id)}
                      onChange={(event) => {
                        const next = new Set(chosen)
                        if (event.currentTarget.checked) next.add(one.id)
                        else next.delete(one.id)
                        choose(next)
                      }}
                    />
                  </Table.Td>
                  <Table.Td>{one.state}</Table.Td>
                  <Table.Td>
                    <Anchor component={Link} to={`/runs/${one.run}?node=${encodeURIComponent(one.node)}`} fz="sm">
                      {one.pipeline.name}: {one.node}
                    </Anchor>
                  </Table.Td>
                  <Table.Td maw={340}>
                    <Text ff="monospace" fz="xs" maw={330} truncate>
                      {cell(one.record ?? one.original_record)}
                    </Text>
                  </Table.Td>
                  <Table.Td maw={340} style={{ overflowWrap: 'anywhere' }}>
                    {one.error_message}
                  </Table.Td>
                  <Table.Td>
                    <Moment at={one.timestamp} />
                  </Table.Td>
                  <Table.Td>
                    <Button size="xs" variant="default" aria-label={`Open dead letter ${one.id.slice(-8)}`} onClick={() => open(one)}>
                      Open
                    </Button>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Scroll>
      )}
      {data?.nextCursor != null && (
        <div>
          <Button
            variant="default"
            onClick={() => {
              const next = new URLSearchParams(said)
              next.set('cursor', data.nextCursor ?? '')
              say(next)
            }}
          >
            More
          </Button>
        </div>
      )}
      {opened !== null && <Letter letter={opened} may={may} onClose={() => open(null)} onDone={again} />}
    </Page>
  )
}

function Letter({ letter, may, onClose, onDone }: { letter: DeadLetter; may: boolean; onClose: () => void; onDone: () => Promise<void> }) {
  const before = JSON.stringify(letter.record ?? letter.original_record, null, 2)
  const [text, setText] = useState(before)
  const save = useMutation({
    mutationFn: () => call(`/dead-letters/${letter.id}`, { method: 'PATCH', body: { record: changed(before, text) } }),
    onSuccess: async () => {
      await onDone()
      onClose()
    },
  })
  const readable = isObject(text)
  const changeable = may && (letter.state === 'open' || letter.state === 'fixed')
  return (
    <Modal opened onClose={onClose} title={`A row that ${letter.node} rejected`} size="lg">
      <Stack>
        <Text style={{ overflowWrap: 'anywhere' }}>{letter.error_message}</Text>
        <Textarea
          label="The row"
          description={changeable ? 'Correct it, and it can be replayed' : 'It can be read, but not changed'}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          autosize
          minRows={4}
          maxRows={18}
          readOnly={!changeable}
          value={text}
          error={readable ? undefined : 'It must be a JSON object.'}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Trouble error={save.error} title="It was not saved" />
        {changeable && (
          <Group justify="end">
            <Button variant="default" onClick={onClose}>
              Close
            </Button>
            <Button disabled={!readable || text === before} loading={save.isPending} onClick={() => save.mutate()}>
              Save the correction
            </Button>
          </Group>
        )}
      </Stack>
    </Modal>
  )
}

/** Only the columns that somebody changed: the others stay as they are, numbers that a browser rounds among them. */
function changed(before: string, text: string): Record<string, unknown> {
  const was = JSON.parse(before) as Record<string, unknown> | null
  const is = JSON.parse(text) as Record<string, unknown>
  return Object.fromEntries(Object.entries(is).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(was?.[name])))
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
