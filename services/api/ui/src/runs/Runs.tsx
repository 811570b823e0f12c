// The latest runs. What is looked for stands in the address, so that a list can be sent to somebody.
import { Anchor, Button, Checkbox, Group, MultiSelect, Table, Text } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import { call } from '../api/call'
import { serverNow } from '../api/clock'
import { FINAL } from '../api/runs'
import type { Page as PageOf, RunHead } from '../api/types'
import { labelText } from '../pipelines/labels'
import { NONE, toggled } from '../show/chosen'
import { between, duration } from '../show/figures'
import { Filters, FilterText, FilterTime } from '../show/Filters'
import { Empty, Page, Scroll, Waiting } from '../show/Page'
import { look, Status } from '../show/Status'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'
import { Chosen } from './Chosen'

const STATUSES = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED', 'TIMED_OUT', 'SKIPPED']
const FILTERS = ['namespace', 'pipeline', 'status', 'trigger', 'label', 'from', 'to'] as const
const NAMES = { namespace: 'Namespace', pipeline: 'Pipeline', trigger: 'Started by', label: 'Label' } as const
const EXAMPLES = { namespace: '', pipeline: '', trigger: 'such as schedule', label: 'such as team:sales' } as const
const LIMIT = 50
const LOOK_AGAIN_MS = 5000
const ONE_LINE = { whiteSpace: 'nowrap' } as const

export function Runs() {
  const [said, say] = useSearchParams()
  const [chosen, choose] = useState(NONE)
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
    choose(NONE)
    if (value === null || value === '') next.delete(name)
    else next.set(name, value)
    say(next, { replace: true })
  }
  const turn = (cursor: string | null) => {
    const next = new URLSearchParams(said)
    if (cursor === null) next.delete('cursor')
    else next.set('cursor', cursor)
    choose(NONE)
    say(next)
  }
  return (
    <Page title="Runs">
      <Filters any={filtered}>
        {(['namespace', 'pipeline', 'trigger', 'label'] as const).map((name) => (
          <FilterText key={name} label={NAMES[name]} placeholder={EXAMPLES[name]} value={said.get(name) ?? ''} onSay={(value) => change(name, value)} />
        ))}
        <MultiSelect
          label="Status"
          w={220}
          clearable
          clearButtonProps={{ 'aria-label': 'Any status' }}
          value={said.get('status')?.split(',') ?? []}
          onChange={(status) => change('status', status.join(','))}
          data={STATUSES.map((status) => ({ value: status, label: look(status).word }))}
        />
        <FilterTime label="From" value={said.get('from') ?? ''} onSay={(value) => change('from', value)} />
        <FilterTime label="Before" value={said.get('to') ?? ''} onSay={(value) => change('to', value)} />
      </Filters>
      <Trouble error={error} title="The runs cannot be listed" />
      {isPending && <Waiting what="runs" />}
      {data !== undefined && data.items.length === 0 && (filtered || said.has('cursor') ? <NoneLikeThat /> : <NoneYet />)}
      {data !== undefined && data.items.length > 0 && (
        <>
          <Chosen chosen={data.items.filter(({ id }) => chosen.has(id))} onDone={() => choose(NONE)} />
          <RunTable runs={data.items} chosen={chosen} onChoose={choose} />
        </>
      )}
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

interface Listed {
  runs: RunHead[]
  /** Ids of those that are chosen; without it none can be. */
  chosen?: ReadonlySet<string>
  onChoose?: (chosen: ReadonlySet<string>) => void
}

export function RunTable({ runs, chosen, onChoose }: Listed) {
  const now = serverNow()
  return (
    <Scroll label="Runs">
      <Table highlightOnHover verticalSpacing={3} miw={760}>
        <Table.Thead>
          <Table.Tr>
            {chosen !== undefined && (
              <Table.Th w={36}>
                <Checkbox
                  size="xs"
                  aria-label="Choose all of this page"
                  checked={runs.every(({ id }) => chosen.has(id))}
                  indeterminate={runs.some(({ id }) => chosen.has(id)) && !runs.every(({ id }) => chosen.has(id))}
                  onChange={(event) => onChoose?.(event.currentTarget.checked ? new Set(runs.map(({ id }) => id)) : NONE)}
                />
              </Table.Th>
            )}
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
              {chosen !== undefined && (
                <Table.Td>
                  <Checkbox
                    size="xs"
                    aria-label={`Choose run ${run.id.slice(-8)}`}
                    checked={chosen.has(run.id)}
                    onChange={() => onChoose?.(toggled(chosen, run.id))}
                  />
                </Table.Td>
              )}
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
                  <Text fz="sm" c="dimmed" maw={280} truncate title={run.error.message}>
                    {run.error.message}
                  </Text>
                )}
                {Object.keys(run.labels).length > 0 && (
                  <Text fz="xs" c="dimmed" maw={280} truncate title={labelText(run.labels)}>
                    {labelText(run.labels)}
                  </Text>
                )}
                {run.error === null && run.waitingFor !== null && (
                  <Text fz="sm" c="dimmed" maw={280} truncate title={run.waitingFor.detail}>
                    {run.waitingFor.detail}
                  </Text>
                )}
              </Table.Td>
              <Table.Td style={ONE_LINE}>
                <Moment at={run.createdAt} />
              </Table.Td>
              <Table.Td style={ONE_LINE}>{duration(between(run.startedAt, FINAL.has(run.status) ? run.finishedAt : null, now))}</Table.Td>
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
