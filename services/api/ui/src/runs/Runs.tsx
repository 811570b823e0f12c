// The latest runs. What is looked for stands in the address, so that a list can be sent to somebody.
import { Anchor, Button, Group, Select, Table, Text, TextInput } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useSearchParams } from 'react-router'
import { call } from '../api/call'
import { FINAL } from '../api/runs'
import type { Page as PageOf, RunHead } from '../api/types'
import { between, duration } from '../show/figures'
import { Empty, Page, Scroll, Waiting } from '../show/Page'
import { look, Status } from '../show/Status'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'

const STATUSES = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED', 'TIMED_OUT', 'SKIPPED']
const FILTERS = ['namespace', 'pipeline', 'status'] as const
const LIMIT = 50
const LOOK_AGAIN_MS = 5000

export function Runs() {
  const [said, say] = useSearchParams()
  const query = Object.fromEntries([...FILTERS, 'cursor' as const].map((name) => [name, said.get(name)]))
  const { data, error, isPending } = useQuery({
    queryKey: ['runs', query],
    queryFn: () => call<PageOf<RunHead>>('/runs', { query: { ...query, limit: LIMIT } }),
    placeholderData: keepPreviousData,
    // Only the first page changes.
    refetchInterval: said.has('cursor') ? false : LOOK_AGAIN_MS,
  })
  const filtered = FILTERS.some((name) => said.has(name))
  const change = (name: string, value: string | null) => {
    const next = new URLSearchParams(said)
    next.delete('cursor')
    if (value === null || value === '') next.delete(name)
    else next.set(name, value)
    say(next, { replace: true })
  }
  const turn = (cursor: string | null) => {
    const next = new URLSearchParams(said)
    if (cursor === null) next.delete('cursor')
    else next.set('cursor', cursor)
    say(next)
  }
  return (
    <Page title="Runs">
      <Group align="end" gap="sm">
        {(['namespace', 'pipeline'] as const).map((name) => (
          <TextInput
            key={`${name} ${said.get(name) ?? ''}`}
            label={name === 'namespace' ? 'Namespace' : 'Pipeline'}
            w={180}
            defaultValue={said.get(name) ?? ''}
            onBlur={(event) => event.currentTarget.value !== (said.get(name) ?? '') && change(name, event.currentTarget.value.trim())}
            onKeyDown={(event) => event.key === 'Enter' && change(name, event.currentTarget.value.trim())}
          />
        ))}
        <Select
          label="Status"
          w={160}
          clearable
          clearButtonProps={{ 'aria-label': 'Any status' }}
          value={said.get('status')}
          onChange={(status) => change('status', status)}
          data={STATUSES.map((status) => ({ value: status, label: look(status).word }))}
        />
      </Group>
      <Trouble error={error} title="The runs cannot be listed" />
      {isPending && <Waiting what="runs" />}
      {data !== undefined && data.items.length === 0 && (filtered || said.has('cursor') ? <NoneLikeThat /> : <NoneYet />)}
      {data !== undefined && data.items.length > 0 && <RunTable runs={data.items} />}
      <Group>
        {said.has('cursor') && (
          <Button variant="default" onClick={() => turn(null)}>
            Newest
          </Button>
        )}
        {data?.nextCursor != null && (
          <Button variant="default" onClick={() => turn(data.nextCursor)}>
            Older
          </Button>
        )}
      </Group>
    </Page>
  )
}

export function RunTable({ runs }: { runs: RunHead[] }) {
  const now = Date.now()
  return (
    <Scroll label="Runs">
      <Table highlightOnHover verticalSpacing={6} miw={760}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Status</Table.Th>
            <Table.Th>Pipeline</Table.Th>
            <Table.Th>Run</Table.Th>
            <Table.Th>Asked for</Table.Th>
            <Table.Th>Took</Table.Th>
            <Table.Th>By</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {runs.map((run) => (
            <Table.Tr key={run.id}>
              <Table.Td>
                <Status status={run.status} />
              </Table.Td>
              <Table.Td>
                <Anchor component={Link} to={`/pipelines/${run.pipeline.namespace}/${run.pipeline.name}`}>
                  {run.pipeline.namespace}/{run.pipeline.name}
                </Anchor>
              </Table.Td>
              <Table.Td>
                <Anchor component={Link} to={`/runs/${run.id}`} ff="monospace" fz="sm" aria-label={`Run ${run.id.slice(-8)}`}>
                  {run.id.slice(-8)}
                </Anchor>
                {run.error?.message !== undefined && (
                  <Text fz="sm" c="dimmed" maw={360} truncate title={run.error.message}>
                    {run.error.message}
                  </Text>
                )}
                {run.error === null && run.waitingFor !== null && (
                  <Text fz="sm" c="dimmed" maw={360} truncate title={run.waitingFor.detail}>
                    {run.waitingFor.detail}
                  </Text>
                )}
              </Table.Td>
              <Table.Td>
                <Moment at={run.createdAt} />
              </Table.Td>
              <Table.Td>{duration(between(run.startedAt, FINAL.has(run.status) ? run.finishedAt : null, now))}</Table.Td>
              <Table.Td>
                {run.trigger.type ?? ''} {run.createdBy !== null && <Text span c="dimmed" fz="sm">({run.createdBy})</Text>}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Scroll>
  )
}

function NoneLikeThat() {
  return <Empty title="No run is like that">Take a filter away, or look whether the name is spelt as in the recipe.</Empty>
}

function NoneYet() {
  return (
    <Empty title="Nothing has run yet">
      A run begins when somebody asks for one, or by a schedule, a file, a message or a webhook.{' '}
      <Anchor component={Link} to="/pipelines" inherit>
        Choose a pipeline
      </Anchor>{' '}
      and start it, or{' '}
      <Anchor component={Link} to="/editor" inherit>
        write a recipe
      </Anchor>
      . <code>make demo</code> brings one that works.
    </Empty>
  )
}
