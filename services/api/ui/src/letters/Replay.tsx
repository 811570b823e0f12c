// Runs rejected rows again, and follows the runs that do it to their ends.
import { Alert, Anchor, Button, Checkbox, Group, List, Modal, Select, Stack, Text } from '@mantine/core'
import { useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { Link } from 'react-router'
import { call } from '../api/call'
import { newKey } from '../api/keys'
import { FINAL } from '../api/runs'
import type { LetterGroup, Run } from '../api/types'
import { count } from '../show/figures'
import { Status } from '../show/Status'
import { Trouble } from '../show/Trouble'

/** Which letters: by id, or all that a filter finds. */
export type Meant = { ids: string[] } | Record<string, string>

export interface Replays {
  letters: number
  runs: { id: string; node: string; letters: number }[]
}

interface Props<T> {
  meant: Meant
  onClose: () => void
  onDone: (done: T) => void
}

const LOOK_AGAIN_MS = 1000
const OF_NEWEST = [
  { value: 'newest', label: 'the newest version' },
  { value: 'original', label: 'the version that rejected them' },
]

export function AskReplay({ meant, onClose, onDone }: Props<Replays>) {
  const [version, setVersion] = useState('newest')
  const [again, setAgain] = useState(false)
  // One key for all that is the same: sent again after a lost answer, it is still one replay.
  const [keys] = useState(() => new Map<string, string>())
  const replay = useMutation({
    mutationFn: (body: Record<string, unknown>) => {
      const text = JSON.stringify(body)
      const key = keys.get(text) ?? newKey()
      keys.set(text, key)
      return call<Replays>('/dead-letters/replay', { method: 'POST', body, key })
    },
    onSuccess: onDone,
  })
  return (
    <Modal opened onClose={onClose} title="Replay these rows?">
      <Stack>
        <Meaning meant={meant} />
        <Text>Each goes through the node that rejected it, and on to the destination, as it stands now. What others of the run did stays.</Text>
        <Select label="Through" data={OF_NEWEST} allowDeselect={false} value={version} onChange={(chosen) => setVersion(chosen ?? 'newest')} />
        {/* Asked for only after the API has said that a replay may have written them already. */}
        {replay.error !== null && (
          <>
            <Trouble error={replay.error} title="They were not replayed" />
            <Checkbox
              label="Also rows of a replay that failed, and may have written them already"
              checked={again}
              onChange={(event) => setAgain(event.currentTarget.checked)}
            />
          </>
        )}
        <Group justify="end">
          <Button variant="default" onClick={onClose}>
            Not now
          </Button>
          <Button loading={replay.isPending} onClick={() => replay.mutate({ ...meant, version, allowDuplicates: again })}>
            Replay them
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}

export function AskWaive({ meant, onClose, onDone }: Props<{ letters: number }>) {
  const waive = useMutation({
    mutationFn: () => call<{ letters: number }>('/dead-letters/waive', { method: 'POST', body: meant }),
    onSuccess: onDone,
  })
  return (
    <Modal opened onClose={onClose} title="Waive these rows?">
      <Stack>
        <Meaning meant={meant} />
        <Text>They need not get through any more. They are kept, and can be opened again one by one.</Text>
        <Trouble error={waive.error} title="They were not waived" />
        <Group justify="end">
          <Button variant="default" onClick={onClose}>
            Not now
          </Button>
          <Button loading={waive.isPending} onClick={() => waive.mutate()}>
            Waive them
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}

/** How many rows that are still open or corrected. */
function Meaning({ meant }: { meant: Meant }) {
  const byId = Array.isArray(meant.ids)
  const { data } = useQuery({
    queryKey: ['letters', 'summary', meant],
    queryFn: () => call<{ items: LetterGroup[] }>('/dead-letters/summary', { query: meant as Record<string, string> }),
    enabled: !byId,
  })
  if (byId) return <Text fw={600}>{meant.ids?.length === 1 ? 'One row' : `${count(meant.ids?.length)} rows`} that you chose</Text>
  const open = data?.items.filter(({ state }) => state === 'open' || state === 'fixed') ?? []
  const rows = data === undefined ? undefined : open.reduce((sum, { letters }) => sum + letters, 0)
  return (
    <Text fw={600}>
      All that the filter finds: {count(rows)} open or corrected rows{open.length > 1 && `, of ${open.length} nodes or rules`}
    </Text>
  )
}

/** The runs, until all of them have ended. */
export function Following({ replays }: { replays: Replays }) {
  const client = useQueryClient()
  const runs = useQueries({
    queries: replays.runs.map(({ id }) => ({
      queryKey: ['run', id],
      queryFn: () => call<Run>(`/runs/${id}`),
      refetchInterval: ({ state }: { state: { data: Run | undefined } }) => (state.data !== undefined && FINAL.has(state.data.status) ? (false as const) : LOOK_AGAIN_MS),
    })),
    combine: (found) => found.map(({ data }) => data),
  })
  const ended = runs.filter((run) => run !== undefined && FINAL.has(run.status)).length
  useEffect(() => {
    // The letters become `replayed` as the run that replays them succeeds.
    if (ended > 0) void client.invalidateQueries({ queryKey: ['letters'] })
  }, [client, ended])
  const all = ended === replays.runs.length
  const well = runs.every((run) => run?.status === 'SUCCEEDED')
  const rows = `${count(replays.letters)} ${replays.letters === 1 ? 'row' : 'rows'}`
  return (
    <Alert
      variant="outline"
      role="status"
      color={!all ? 'blue' : well ? 'green' : 'red'}
      title={!all ? `${rows} on the way again` : well ? `${rows} replayed` : 'Not every replay went well'}
    >
      <List size="sm" listStyleType="none">
        {replays.runs.map(({ id, node, letters }, number) => (
          <List.Item key={id}>
            <Status status={runs[number]?.status ?? 'QUEUED'} />{' '}
            <Anchor component={Link} to={`/runs/${id}`} inherit td="underline">
              run {id.slice(-8)}
            </Anchor>
            , {count(letters)} {letters === 1 ? 'row' : 'rows'} through {node}
            {runs[number]?.error?.message !== undefined && `: ${runs[number].error.message}`}
            {(runs[number]?.progress.rowsRejected ?? 0) > 0 && `; ${count(runs[number]?.progress.rowsRejected)} were rejected again`}
          </List.Item>
        ))}
      </List>
    </Alert>
  )
}
