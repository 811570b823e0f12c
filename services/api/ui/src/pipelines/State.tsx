// What a pipeline keeps from run to run: how far its sources were read, and where its numbers go on.
import { Button, Group, Modal, Stack, Table, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { Link } from 'react-router'
import { call } from '../api/call'
import { useMay } from '../api/session'
import type { PipelineName } from '../api/types'
import { Heads } from '../show/List'
import { count } from '../show/figures'
import { Empty, Scroll, Waiting } from '../show/Page'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'

interface Kept {
  sequences: { node: string; next: number; heldBy: string | null; updatedAt: string }[]
  cursors: { node: string; value: string | null; remembered: number; heldBy: string | null; updatedAt: string }[]
}
interface Row {
  node: string
  what: 'cursor' | 'next'
  value: string | null
  more: string
  heldBy: string | null
  updatedAt: string
}

export function State({ namespace, name }: PipelineName) {
  const path = `/pipelines/${namespace}/${name}/state`
  const may = useMay('operator')
  const [changing, change] = useState<Row | null>(null)
  const { data, error } = useQuery({ queryKey: ['state', path], queryFn: () => call<Kept>(path) })
  if (error !== null && data === undefined) return <Trouble error={error} title="Its state cannot be shown" />
  if (data === undefined) return <Waiting what="its state" />
  const rows = listed(data)
  if (rows.length === 0) {
    return (
      <Empty title="It keeps nothing from run to run">
        A source with <code>incremental: {'{column: updated_at}'}</code> reads what is new since the last run; where it stopped would stand here. So would the
        next number of a <code>sequence_generator</code>.
      </Empty>
    )
  }
  return (
    <Stack>
      <Scroll label="What it keeps">
        <Table verticalSpacing={4} miw={640}>
          <Heads of={['Node', 'What', 'Value', 'Changed', 'Held by', 'What to do']} />
          <Table.Tbody>
            {rows.map((one) => (
              <Table.Tr key={`${one.what} ${one.node}`}>
                <Table.Td>{one.node}</Table.Td>
                <Table.Td>{one.what === 'cursor' ? 'read up to' : 'next number'}</Table.Td>
                <Table.Td>
                  {one.value ?? 'the beginning'}
                  {one.more}
                </Table.Td>
                <Table.Td>
                  <Moment at={one.updatedAt} />
                </Table.Td>
                <Table.Td>{one.heldBy !== null && <Link to={`/runs/${one.heldBy}`}>{one.heldBy.slice(0, 8)}</Link>}</Table.Td>
                <Table.Td>
                  {may && (
                    <Button size="xs" variant="default" aria-label={`Change ${one.node}`} onClick={() => change(one)}>
                      Change
                    </Button>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Scroll>
      {changing !== null && <Change path={path} row={changing} onClose={() => change(null)} />}
    </Stack>
  )
}

function listed({ cursors, sequences }: Kept): Row[] {
  return [
    ...cursors.map(({ value, remembered, ...one }) => ({
      ...one,
      what: 'cursor' as const,
      value,
      more: remembered > 0 ? ` (${count(remembered)} rows of it are remembered)` : '',
    })),
    ...sequences.map(({ next, ...one }) => ({ ...one, what: 'next' as const, value: String(next), more: '' })),
  ]
}

function Change({ path, row: { node, what, value }, onClose }: { path: string; row: Row; onClose: () => void }) {
  const [entered, enter] = useState(value ?? '')
  const client = useQueryClient()
  const done = async () => {
    onClose()
    await client.invalidateQueries({ queryKey: ['state', path] })
  }
  const at = `${path}/${encodeURIComponent(node)}`
  const set = useMutation({
    mutationFn: () => call(at, { method: 'PUT', body: what === 'cursor' ? { cursor: entered } : { next: Number(entered) } }),
    onSuccess: done,
  })
  const forget = useMutation({ mutationFn: () => call(at, { method: 'DELETE' }), onSuccess: done })
  const wrong = what === 'next' && !Number.isSafeInteger(Number(entered)) ? 'It must be a whole number; beyond 9,007,199,254,740,991 use penstock state.' : null
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (entered.trim() !== '' && wrong === null) set.mutate()
  }
  return (
    <Modal opened onClose={onClose} title={`What ${node} keeps`} closeButtonProps={{ 'aria-label': 'Close' }}>
      <form onSubmit={send}>
        <Stack>
          <TextInput
            label={what === 'cursor' ? 'The next run reads what comes after' : 'The next run numbers from'}
            value={entered}
            error={wrong}
            onChange={(event) => enter(event.currentTarget.value)}
          />
          <Text fz="sm" c="dimmed">
            Set back, rows may be read again that have been written; forgotten, it begins at its beginning.
          </Text>
          <Trouble error={set.error ?? forget.error} title="It was not changed" />
          <Group justify="end">
            <Button variant="default" color="red" loading={forget.isPending} onClick={() => forget.mutate()}>
              Forget it
            </Button>
            <Button type="submit" loading={set.isPending} disabled={entered.trim() === '' || wrong !== null}>
              Set it
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
