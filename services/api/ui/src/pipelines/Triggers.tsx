// What starts a pipeline by itself, and what each trigger has seen: fire times, files, deliveries, messages, ends of other runs.
import { Alert, Button, Group, Select, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { call } from '../api/call'
import { usePages } from '../api/pages'
import type { Page, Pipeline, PipelineName } from '../api/types'
import { Heads, Older } from '../show/List'
import { bytes, count } from '../show/figures'
import { Empty, Scroll, Waiting } from '../show/Page'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'

const LOOK_AGAIN_MS = 10_000

interface Firing {
  key: string
  at: string
  run: string | null
  outcome: string
  detail: { message?: string } & Record<string, unknown>
}
interface Trigger {
  name: string
  type: string
  active: boolean
  version: number
  nextFireAt: string | null
  nextLookAt: string | null
  behind: number
  problem: ({ message?: string } & Record<string, unknown>) | null
  lastFiring: Firing | null
}
interface Arrival {
  path: string
  state: string
  size: number
  since: string
  runId: string | null
  late: boolean
  sameAs: string | null
}

const pathOf = ({ namespace, name }: PipelineName) => `/pipelines/${namespace}/${name}/triggers`

function useTriggers({ namespace, name }: PipelineName) {
  return useQuery({
    queryKey: ['triggers', namespace, name],
    queryFn: () => call<{ items: Trigger[] }>(pathOf({ namespace, name })),
    refetchInterval: LOOK_AGAIN_MS,
  })
}

/** In one line what would start it; that it is enabled alone starts nothing. */
export function StartsItself({ pipeline }: { pipeline: Pipeline }) {
  const { data } = useTriggers(pipeline)
  if (data === undefined || pipeline.enabled === null) return null
  const active = data.items.filter((one) => one.active)
  return (
    <Text fz="sm">
      {!pipeline.enabled
        ? 'It is disabled: nothing starts it by itself.'
        : active.length === 0
          ? `Nothing starts it by itself: ${data.items.length === 0 ? 'it has no schedule and no trigger' : 'none of its triggers is active'}.`
          : `It starts by itself: ${[...new Set(active.map(({ type }) => type))].join(', ')}.`}
    </Text>
  )
}

export function Triggers({ namespace, name }: PipelineName) {
  const [opened, open] = useState<string | null>(null)
  const path = pathOf({ namespace, name })
  const { data, error } = useTriggers({ namespace, name })
  if (error !== null) return <Trouble error={error} title="Its triggers cannot be listed" />
  if (data === undefined) return <Waiting what="triggers" />
  if (data.items.length === 0) {
    return (
      <Empty title="Nothing starts it by itself">
        Give its recipe a <code>schedule</code>, or <code>triggers</code>: files that arrive, calls to a webhook, messages of a topic, the end of another
        pipeline&rsquo;s run.
      </Empty>
    )
  }
  const chosen = data.items.find((one) => one.name === opened)
  return (
    <Stack>
      <Scroll label="Triggers">
        <Table verticalSpacing={4} miw={720}>
          <Heads of={['Trigger', 'Type', 'Active', 'Next', 'Last', 'What it saw']} />
          <Table.Tbody>
            {data.items.map((one) => (
              <Table.Tr key={one.name}>
                <Table.Td>{one.name}</Table.Td>
                <Table.Td>{one.type}</Table.Td>
                <Table.Td>{one.active ? 'yes' : 'no'}</Table.Td>
                <Table.Td>
                  <Next trigger={one} />
                </Table.Td>
                <Table.Td>{one.lastFiring === null ? 'never' : <What firing={one.lastFiring} />}</Table.Td>
                <Table.Td>
                  <Button
                    size="xs"
                    variant="default"
                    aria-expanded={opened === one.name}
                    aria-label={`Show what ${one.name} saw`}
                    onClick={() => open(opened === one.name ? null : one.name)}
                  >
                    Show
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Scroll>
      {data.items
        .filter(({ problem }) => problem !== null)
        .map((one) => (
          <Alert key={one.name} color="orange" variant="outline" title={`${one.name} could not look`}>
            {one.problem?.message ?? JSON.stringify(one.problem)}
          </Alert>
        ))}
      {chosen !== undefined && <Firings key={chosen.name} path={`${path}/${encodeURIComponent(chosen.name)}`} trigger={chosen} />}
    </Stack>
  )
}

function Next({ trigger: { nextFireAt, nextLookAt, behind } }: { trigger: Trigger }) {
  return (
    <>
      {nextFireAt !== null && <Moment at={nextFireAt} />}
      {nextFireAt === null && nextLookAt !== null && (
        <>
          looks again <Moment at={nextLookAt} />
        </>
      )}
      {behind > 0 && <Text fz="sm">{count(behind)} missed ones wait for their turn</Text>}
    </>
  )
}

function What({ firing: { at, outcome, run, detail } }: { firing: Firing }) {
  return (
    <>
      <Moment at={at} />: {run === null ? outcome : <Link to={`/runs/${run}`}>run {run.slice(0, 8)}</Link>}
      {detail.message !== undefined && `, ${detail.message}`}
    </>
  )
}

const OUTCOMES = ['run', 'missed', 'behind', 'refused']

function Firings({ path, trigger: { name, type } }: { path: string; trigger: Trigger }) {
  const [outcome, choose] = useState<string | null>(null)
  const { items, error, more } = usePages<Firing>(['firings', path, outcome], `${path}/firings`, { limit: 50, outcome })
  return (
    <Stack gap="xs" component="section" aria-label={`What ${name} saw`}>
      <Group align="end">
        <Select label="What became of it" clearable placeholder="anything" data={OUTCOMES} value={outcome} onChange={choose} />
      </Group>
      <Trouble error={error} title="It cannot be listed" />
      {items?.length === 0 && <Text c="dimmed">It has seen nothing like that yet.</Text>}
      {items !== undefined && items.length > 0 && (
        <Scroll label={`Firings of ${name}`} height={360}>
          <Table verticalSpacing={2} miw={640}>
            <Heads of={['When', 'What it saw', 'What became of it', 'Run', 'Why']} />
            <Table.Tbody>
              {items.map((one) => (
                <Table.Tr key={one.key}>
                  <Table.Td>
                    <Moment at={one.at} />
                  </Table.Td>
                  <Table.Td style={{ overflowWrap: 'anywhere' }}>{type === 'schedule' ? <Moment at={one.key} /> : one.key}</Table.Td>
                  <Table.Td>{one.outcome}</Table.Td>
                  <Table.Td>{one.run !== null && <Link to={`/runs/${one.run}`}>{one.run.slice(0, 8)}</Link>}</Table.Td>
                  <Table.Td>{one.detail.message ?? ''}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Scroll>
      )}
      <Older more={more} />
      {type === 'file' && <Files path={path} />}
    </Stack>
  )
}

/** Files that a trigger knows of, whether or not they have had their run. */
function Files({ path }: { path: string }) {
  const { data, error } = useQuery({ queryKey: ['arrivals', path], queryFn: () => call<Page<Arrival>>(`${path}/files`, { query: { limit: 100 } }) })
  if (error !== null) return <Trouble error={error} title="Its files cannot be listed" />
  if (data === undefined) return <Waiting what="files" />
  if (data.items.length === 0) return <Text c="dimmed">It has seen no file yet.</Text>
  return (
    <Scroll label="Files it has seen" height={360}>
      <Table verticalSpacing={2} miw={640}>
        <Heads of={['File', 'State', 'Size', 'Since', 'Run', 'What to know']} />
        <Table.Tbody>
          {data.items.map((one) => (
            <Table.Tr key={one.path}>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>{one.path}</Table.Td>
              <Table.Td>{one.state}</Table.Td>
              <Table.Td>{bytes(one.size)}</Table.Td>
              <Table.Td>
                <Moment at={one.since} />
              </Table.Td>
              <Table.Td>{one.runId !== null && <Link to={`/runs/${one.runId}`}>{one.runId.slice(0, 8)}</Link>}</Table.Td>
              <Table.Td>{[one.late ? 'late' : null, one.sameAs === null ? null : `the same as ${one.sameAs}`].filter((said) => said !== null).join(', ')}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Scroll>
  )
}
