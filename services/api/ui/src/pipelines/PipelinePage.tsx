// One pipeline: its runs, recipe and versions, what starts it and when, what was run again, where its data comes from, and what it keeps.
import { Alert, Button, Group, List, Tabs, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { Link, useParams, useSearchParams } from 'react-router'
import { call } from '../api/call'
import { useMay } from '../api/session'
import type { Page as PageOf, Pipeline, PipelineName, RunHead } from '../api/types'
import { RunTable } from '../runs/Runs'
import { Empty, Page, Sql, Waiting } from '../show/Page'
import { Trouble } from '../show/Trouble'
import { Versions } from '../versions/Versions'
import { Backfills } from './Backfills'
import { Schedule } from './Schedule'
import { StartRun } from './StartRun'
import { State } from './State'
import { StartsItself, Triggers } from './Triggers'

// It brings the library of graphs along.
const Lineage = lazy(() => import('../lineage/Lineage'))

const TABS = [
  { value: 'runs', label: 'Runs' },
  { value: 'recipe', label: 'Recipe' },
  { value: 'versions', label: 'Versions' },
  { value: 'schedule', label: 'Schedule' },
  { value: 'triggers', label: 'Triggers' },
  { value: 'backfills', label: 'Backfills' },
  { value: 'lineage', label: 'Lineage' },
  { value: 'state', label: 'State' },
]

export default function PipelinePage() {
  const { namespace = '', name = '' } = useParams()
  const [said, say] = useSearchParams()
  // The keyboard search leads here with the form open.
  const starting = said.get('start') === 'yes'
  const tab = said.get('tab') ?? 'runs'
  const start = (open: boolean) => say({ tab, ...(open ? { start: 'yes' } : {}) }, { replace: true })
  const mayStart = useMay('operator')
  const path = `/pipelines/${namespace}/${name}`
  const { data, error } = useQuery({ queryKey: ['pipeline', namespace, name], queryFn: () => call<Pipeline>(path) })
  const title = `${namespace}/${name}`
  if (error !== null && data === undefined) {
    return (
      <Page title={title}>
        <Trouble error={error} title="This pipeline cannot be shown" />
      </Page>
    )
  }
  if (data === undefined) return <Waiting what="the pipeline" />
  return (
    <Page
      // What was entered for one pipeline is not another's.
      key={path}
      title={title}
      actions={
        <>
          {mayStart && <Button onClick={() => start(true)}>Start a run</Button>}
          <Button component={Link} to={`${path}/edit`} variant="default">
            Edit
          </Button>
          <Switch pipeline={data} />
        </>
      }
    >
      <Trouble error={error} title="What is shown here may be old" />
      <Text c="dimmed" fz="sm">
        Version {data.version}, by {data.author}
        {data.message !== '' && `: ${data.message}`}
      </Text>
      <StartsItself pipeline={data} />
      {data.errors.length > 0 && (
        <Alert color="red" variant="outline" title={data.valid ? 'What to look at' : 'This version is a draft; it does not run'}>
          <List size="sm">
            {data.errors.map((one, number) => (
              <List.Item key={number}>
                Line {one.line}: {one.message}
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
      <Tabs value={tab} onChange={(chosen) => say({ tab: chosen ?? 'runs' }, { replace: true })} keepMounted={false}>
        <Tabs.List mb="sm">
          {TABS.map(({ value, label }) => (
            <Tabs.Tab key={value} value={value}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="runs">
          <LatestRuns namespace={namespace} name={name} />
        </Tabs.Panel>
        <Tabs.Panel value="recipe">
          <Sql label="The recipe's text">{data.document}</Sql>
        </Tabs.Panel>
        <Tabs.Panel value="versions">
          <Versions path={path} queryKey={['pipeline', namespace, name]} />
        </Tabs.Panel>
        <Tabs.Panel value="schedule">
          <Schedule namespace={namespace} name={name} />
        </Tabs.Panel>
        <Tabs.Panel value="triggers">
          <Triggers namespace={namespace} name={name} />
        </Tabs.Panel>
        <Tabs.Panel value="backfills">
          <Backfills pipeline={data} />
        </Tabs.Panel>
        <Tabs.Panel value="lineage">
          <Suspense fallback={<Waiting what="its lineage" />}>
            <Lineage namespace={namespace} name={name} />
          </Suspense>
        </Tabs.Panel>
        <Tabs.Panel value="state">
          <State namespace={namespace} name={name} />
        </Tabs.Panel>
      </Tabs>
      {starting && <StartRun pipeline={data} like={said.get('like')} onClose={() => start(false)} />}
    </Page>
  )
}

function LatestRuns({ namespace, name }: PipelineName) {
  const { data, error } = useQuery({
    queryKey: ['runs', { namespace, pipeline: name }],
    queryFn: () => call<PageOf<RunHead>>('/runs', { query: { namespace, pipeline: name, limit: 20 } }),
    refetchInterval: 5000,
  })
  if (error !== null) return <Trouble error={error} />
  if (data === undefined) return <Waiting what="runs" />
  if (data.items.length === 0) return <Empty title="It has not run yet">Start a run with the button above, or give its recipe a schedule.</Empty>
  return (
    <>
      <RunTable runs={data.items} />
      <Group mt="sm">
        <Button component={Link} to={`/runs?namespace=${namespace}&pipeline=${name}`} variant="default">
          All of its runs
        </Button>
      </Group>
    </>
  )
}

/** Whether it starts by itself. */
function Switch({ pipeline }: { pipeline: Pipeline }) {
  const client = useQueryClient()
  const may = useMay('operator')
  const { namespace, name, enabled } = pipeline
  const change = useMutation({
    mutationFn: () => call(`/pipelines/${namespace}/${name}/${enabled === true ? 'disable' : 'enable'}`, { method: 'POST', body: {} }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['pipeline', namespace, name] }),
  })
  if (!may || enabled === null) return null
  return (
    <>
      <Button variant="default" loading={change.isPending} onClick={() => change.mutate()}>
        {enabled ? 'Disable' : 'Enable'}
      </Button>
      <Trouble error={change.error} />
    </>
  )
}
