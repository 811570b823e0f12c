// Fire times that have passed, run again: what would run is seen before it does; then how far it is, and pausing, going on, cancelling.
import { Alert, Button, Checkbox, Group, Modal, NumberInput, Progress, Select, SimpleGrid, Stack, Table, Text, TextInput, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { Link } from 'react-router'
import { call } from '../api/call'
import { useMay } from '../api/session'
import type { Page, Pipeline, PipelineName } from '../api/types'
import { Heads } from '../show/List'
import { count } from '../show/figures'
import { Empty, Scroll, Waiting } from '../show/Page'
import { Status } from '../show/Status'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'
import { useKeys } from '../api/keys'
import { ParameterFields, useParameters } from './ParameterFields'

const LOOK_AGAIN_MS = 3000
const MOST_SHOWN = 500

interface Preview {
  from: string
  to: string
  runs: number
  leftOut: number
  dates: { logicalDate: string; runs: boolean; why: string; version: number | null }[]
}
interface Backfill {
  id: string
  pipeline: PipelineName
  from: string
  to: string
  order: string
  maxParallel: number
  which: string
  reason: string | null
  state: 'running' | 'paused' | 'cancelled' | 'finished'
  createdBy: string
  createdAt: string
  finishedAt: string | null
  dates: { total: number; waiting: number; running: number; succeeded: number; failed: number; leftOut: number; refused: number; cancelled: number }
}
interface BackfillDate {
  logicalDate: string
  version: number
  state: string
  run: string | null
  status: string | null
  detail: { message?: string } | null
}

export function Backfills({ pipeline }: { pipeline: Pipeline }) {
  const { namespace, name } = pipeline
  const may = useMay('operator')
  const [chosen, choose] = useState<string | null>(null)
  const { data, error } = useQuery({
    queryKey: ['backfills', namespace, name],
    queryFn: () => call<Page<Backfill>>('/backfills', { query: { namespace, pipeline: name, limit: 20 } }),
    refetchInterval: LOOK_AGAIN_MS,
  })
  return (
    <Stack>
      {may && <Ask pipeline={pipeline} onBegun={choose} />}
      <Title order={2} size="h4">
        Its backfills
      </Title>
      <Trouble error={error} title="They cannot be listed" />
      {data === undefined && error === null && <Waiting what="backfills" />}
      {data?.items.length === 0 && (
        <Empty title="It was never backfilled">
          A backfill runs fire times that have passed: those that were missed, those that failed, or all of a stretch. The preview says which, and starts
          nothing; <code>penstock backfill {name} --from 2026-03-01 --dry-run</code> shows the same.
        </Empty>
      )}
      {data?.items.map((one) => (
        <One key={one.id} backfill={one} opened={chosen === one.id} onOpen={() => choose(chosen === one.id ? null : one.id)} />
      ))}
    </Stack>
  )
}

const WHICH = [
  { value: 'missing', label: 'those with no run that succeeded' },
  { value: 'failed', label: 'those whose last run failed' },
  { value: 'all', label: 'all of them' },
]
const ORDERS = [
  { value: 'oldest', label: 'the oldest first' },
  { value: 'newest', label: 'the newest first' },
]
const VERSIONS = [
  { value: 'now', label: 'the version of now' },
  { value: 'then', label: 'the version of then' },
]

function Ask({ pipeline: { namespace, name, document }, onBegun }: { pipeline: Pipeline; onBegun: (id: string) => void }) {
  const path = `/pipelines/${namespace}/${name}/backfill`
  const client = useQueryClient()
  const entered = useParameters(document)
  const [from, setFrom] = useState('')
  const [to, setTo] = useState('')
  const [which, setWhich] = useState('missing')
  const [order, setOrder] = useState('oldest')
  const [version, setVersion] = useState('now')
  const [maxParallel, setMaxParallel] = useState<number | string>(1)
  const [reason, setReason] = useState('')
  const [sent, setSent] = useState(false)
  const keyOf = useKeys()
  const body = {
    from,
    ...(to === '' ? {} : { to }),
    which,
    order,
    version,
    maxParallel,
    parameters: entered.values,
    ...(reason === '' ? {} : { reason }),
  }
  const asked = JSON.stringify(body)
  const preview = useMutation({ mutationFn: (sent: string) => call<Preview>(`${path}/preview`, { method: 'POST', body: JSON.parse(sent) as unknown }) })
  const begin = useMutation({
    mutationFn: () => call<Backfill>(path, { method: 'POST', body, key: keyOf(body) }),
    onSuccess: async ({ id }) => {
      preview.reset()
      onBegun(id)
      await client.invalidateQueries({ queryKey: ['backfills', namespace, name] })
    },
  })
  const wrong = { ...entered.wrong, ...(from === '' ? { from: 'Say from which day on.' } : {}) }
  const look = (event: FormEvent) => {
    event.preventDefault()
    setSent(true)
    if (Object.keys(wrong).length === 0) preview.mutate(asked)
  }
  // What is begun is what was seen: another setting needs another preview.
  const seen = preview.data !== undefined && preview.variables === asked ? preview.data : null
  return (
    <form onSubmit={look} noValidate aria-label="New backfill">
      <Stack>
        <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }}>
          <TextInput
            type="date"
            label="From"
            description="The first day, on the pipeline’s clock"
            withAsterisk
            value={from}
            error={sent && from === '' ? wrong.from : undefined}
            onChange={(event) => setFrom(event.currentTarget.value)}
          />
          <TextInput
            type="date"
            label="To"
            description="The last day, whole; until now where left empty"
            value={to}
            onChange={(event) => setTo(event.currentTarget.value)}
          />
          <Select label="Which" description="Of the fire times" data={WHICH} value={which} allowDeselect={false} onChange={(one) => setWhich(one ?? which)} />
          <Select label="Order" description="Which are run first" data={ORDERS} value={order} allowDeselect={false} onChange={(one) => setOrder(one ?? order)} />
          <NumberInput label="At once" description="So many of its runs, 1 to 100" min={1} max={100} allowDecimal={false} value={maxParallel} onChange={setMaxParallel} />
          <Select
            label="Recipe"
            description="By which they run"
            data={VERSIONS}
            value={version}
            allowDeselect={false}
            onChange={(one) => setVersion(one ?? version)}
          />
        </SimpleGrid>
        {entered.parameters?.length !== 0 && <ParameterFields entered={entered} sent={sent} />}
        <TextInput label="Reason" description="For the record; it may be empty" value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
        <Group>
          <Button type="submit" variant="default" loading={preview.isPending}>
            Preview
          </Button>
          <Button disabled={seen === null || seen.runs === 0} loading={begin.isPending} onClick={() => begin.mutate()}>
            {seen === null ? 'Start the backfill' : `Start ${count(seen.runs)} runs`}
          </Button>
        </Group>
        <Trouble error={preview.error} title="It cannot be backfilled like that" />
        <Trouble error={begin.error} title="The backfill was not started" />
        <div aria-live="polite">{seen !== null && <Previewed preview={seen} />}</div>
      </Stack>
    </form>
  )
}

function Previewed({ preview: { runs, leftOut, dates } }: { preview: Preview }) {
  return (
    <Stack gap="xs">
      <Text fw={600}>
        {count(runs)} fire times would be run, {count(leftOut)} left out.
      </Text>
      {dates.length > 0 && (
        <Scroll label="What would be run" height={300}>
          <Table verticalSpacing={2} miw={480}>
            <Heads of={['Fire time', 'Runs', 'Why', 'Version']} />
            <Table.Tbody>
              {dates.slice(0, MOST_SHOWN).map((one) => (
                <Table.Tr key={one.logicalDate}>
                  <Table.Td>
                    <Moment at={one.logicalDate} />
                  </Table.Td>
                  <Table.Td>{one.runs ? 'yes' : 'no'}</Table.Td>
                  <Table.Td>{one.why}</Table.Td>
                  <Table.Td>{one.version ?? ''}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Scroll>
      )}
      {dates.length > MOST_SHOWN && <Text c="dimmed">The first {MOST_SHOWN} are shown.</Text>}
    </Stack>
  )
}

const STATES = { running: 'RUNNING', paused: 'RETRYING', cancelled: 'CANCELLED', finished: 'COMPLETED' } as const

function One({ backfill, opened, onOpen }: { backfill: Backfill; opened: boolean; onOpen: () => void }) {
  const { id, state, dates, from, to, which, order, maxParallel, reason, createdBy } = backfill
  const may = useMay('operator')
  const client = useQueryClient()
  const [cancelling, cancel] = useState(false)
  const turn = useMutation({
    mutationFn: (what: 'pause' | 'resume') => call(`/backfills/${id}/${what}`, { method: 'POST', body: {} }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['backfills'] }),
  })
  const over = state === 'finished' || state === 'cancelled'
  const done = dates.total - dates.waiting - dates.running
  return (
    <Stack gap={6} component="section" aria-label={`Backfill ${id.slice(0, 8)}`} data-backfill={state}>
      <Group justify="space-between">
        <div>
          <Group gap="sm">
            {state === 'paused' ? 'paused' : <Status status={STATES[state]} />}
            <Text span>
              <Moment at={from} /> to <Moment at={to} />
            </Text>
          </Group>
          <Text fz="sm" c="dimmed">
            {WHICH.find(({ value }) => value === which)?.label}, {ORDERS.find(({ value }) => value === order)?.label}, {maxParallel} at once; by {createdBy}
            {reason !== null && `: ${reason}`}
          </Text>
        </div>
        <Group gap="xs">
          {may && state === 'running' && (
            <Button size="xs" variant="default" loading={turn.isPending} onClick={() => turn.mutate('pause')}>
              Pause
            </Button>
          )}
          {may && state === 'paused' && (
            <Button size="xs" variant="default" loading={turn.isPending} onClick={() => turn.mutate('resume')}>
              Resume
            </Button>
          )}
          {may && !over && (
            <Button size="xs" variant="default" onClick={() => cancel(true)}>
              Cancel
            </Button>
          )}
          <Button size="xs" variant="default" aria-expanded={opened} onClick={onOpen}>
            Its dates
          </Button>
        </Group>
      </Group>
      <Progress.Root size="lg">
        <Progress.Section value={part(dates.succeeded, dates.total)} color="green.8" aria-label="Succeeded" />
        <Progress.Section value={part(dates.failed + dates.refused, dates.total)} color="red.8" aria-label="Failed or refused" />
        <Progress.Section value={part(dates.running, dates.total)} color="blue.7" aria-label="Running" />
        <Progress.Section value={part(dates.leftOut + dates.cancelled, dates.total)} color="gray.6" aria-label="Left out or cancelled" />
      </Progress.Root>
      <Text fz="sm">
        {count(done)} of {count(dates.total)} done: {count(dates.succeeded)} succeeded, {count(dates.failed)} failed, {count(dates.refused)} refused,{' '}
        {count(dates.leftOut)} left out, {count(dates.cancelled)} cancelled; {count(dates.running)} running, {count(dates.waiting)} waiting
      </Text>
      <Trouble error={turn.error} />
      {opened && <Dates backfill={id} live={!over || dates.running > 0} />}
      {cancelling && <Cancel id={id} onClose={() => cancel(false)} />}
    </Stack>
  )
}

const part = (some: number, all: number) => (all === 0 ? 0 : (100 * some) / all)

function Cancel({ id, onClose }: { id: string; onClose: () => void }) {
  const client = useQueryClient()
  const [runs, setRuns] = useState(false)
  const cancel = useMutation({
    mutationFn: () => call(`/backfills/${id}/cancel`, { method: 'POST', body: { runs } }),
    onSuccess: async () => {
      onClose()
      await client.invalidateQueries({ queryKey: ['backfills'] })
    },
  })
  return (
    <Modal opened onClose={onClose} title="Cancel the backfill" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack>
        <Text>It starts nothing more, for good. Another one may be started for what is left.</Text>
        <Checkbox label="Cancel its runs that have not ended, too" checked={runs} onChange={(event) => setRuns(event.currentTarget.checked)} />
        <Trouble error={cancel.error} title="It was not cancelled" />
        <Group justify="end">
          <Button variant="default" onClick={onClose}>
            Not now
          </Button>
          <Button color="red" loading={cancel.isPending} onClick={() => cancel.mutate()}>
            Cancel the backfill
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}

function Dates({ backfill, live }: { backfill: string; live: boolean }) {
  const { data, error } = useQuery({
    queryKey: ['backfills', backfill, 'dates'],
    queryFn: () => call<Page<BackfillDate>>(`/backfills/${backfill}/dates`, { query: { limit: MOST_SHOWN } }),
    refetchInterval: live ? LOOK_AGAIN_MS : false,
  })
  if (error !== null) return <Trouble error={error} title="Its dates cannot be listed" />
  if (data === undefined) return <Waiting what="dates" />
  return (
    <>
      <Scroll label="Its dates" height={360}>
        <Table verticalSpacing={2} miw={560}>
          <Heads of={['Fire time', 'State', 'Run', 'Version', 'Why not']} />
          <Table.Tbody>
            {data.items.map((one) => (
              <Table.Tr key={one.logicalDate}>
                <Table.Td>
                  <Moment at={one.logicalDate} />
                </Table.Td>
                <Table.Td>{one.status === null ? one.state.replace('_', ' ') : <Status status={one.status} />}</Table.Td>
                <Table.Td>{one.run !== null && <Link to={`/runs/${one.run}`}>{one.run.slice(0, 8)}</Link>}</Table.Td>
                <Table.Td>{one.version}</Table.Td>
                <Table.Td>{one.detail?.message ?? ''}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Scroll>
      {data.nextCursor !== null && (
        <Alert variant="outline">
          The first {MOST_SHOWN} are shown; <code>penstock backfill show {backfill}</code> lists all.
        </Alert>
      )}
    </>
  )
}
