// One run: how it stands, live; its graph, attempts, rows and log lines; and of the node that is chosen, everything.
import { Alert, Anchor, Code, Group, Paper, Progress, SimpleGrid, Stack, Tabs, Text } from '@mantine/core'
import { replaceEqualDeep, useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react'
import { Link, useParams, useSearchParams } from 'react-router'
import { call } from '../api/call'
import { serverNow } from '../api/clock'
import { useLive, type Live } from '../api/live'
import { FINAL, newer } from '../api/runs'
import type { Graph, Run } from '../api/types'
import { labelText } from '../pipelines/labels'
import { datasetPage } from '../quality/address'
import { between, count, duration } from '../show/figures'
import { Page, Waiting } from '../show/Page'
import { look, Status } from '../show/Status'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'
import { Actions } from './Actions'
import { Attempts } from './Attempts'
import { Failure } from './Failure'
import { Logs } from './Logs'
import { NodePanel } from './NodePanel'
import { FEW, meant } from './find'
import { Finder, NodeTable } from './NodeTable'
import { RunGraph } from './RunGraph'
import { WhyDifferent } from './WhyDifferent'
import classes from './RunPage.module.css'

const TABS = ['graph', 'attempts', 'rows', 'different', 'logs', 'details'] as const
const RowRiver = lazy(() => import('./RowRiver'))
// Events tell of changes at once; this is for what no event tells of, such as why a run waits.
const LOOK_AGAIN_MS = 5000
// In a tab that nobody looks at, whose title says how the run stands.
const NOW_AND_THEN_MS = 15_000

export default function RunPage() {
  const id = useParams().id ?? ''
  // What was heard of one run says nothing of another.
  return <OneRun key={id} id={id} />
}

function OneRun({ id }: { id: string }) {
  const [said, say] = useSearchParams()
  const { data: run, error } = useQuery({
    queryKey: ['run', id],
    queryFn: () => call<Run>(`/runs/${id}`),
    structuralSharing: (known, told) => replaceEqualDeep(known, newer(known as Run | undefined, told as Run)),
    refetchInterval: ({ state }) =>
      state.data === undefined || FINAL.has(state.data.status) ? false : document.visibilityState === 'hidden' ? NOW_AND_THEN_MS : LOOK_AGAIN_MS,
    refetchIntervalInBackground: true,
  })
  const { data: graph, error: noGraph } = useQuery({
    queryKey: ['graph', id, run?.nodes.length],
    queryFn: () => call<Graph>(`/runs/${id}/graph`),
    enabled: run !== undefined,
    staleTime: Infinity,
  })
  const live = useLive(id, run?.lastSeq, run !== undefined && !FINAL.has(run.status))
  const tab = TABS.find((one) => one === said.get('tab')) ?? 'graph'
  const node = said.get('node')
  const change = (name: string, value: string | null) => {
    const next = new URLSearchParams(said)
    if (value === null) next.delete(name)
    else next.set(name, value)
    say(next, { replace: true })
  }
  const choose = (chosen: string) => change('node', chosen)
  if (error !== null && run === undefined) {
    return (
      <Page title="Run">
        <Trouble error={error} title="This run cannot be shown" />
      </Page>
    )
  }
  if (run === undefined) return <Waiting what="the run" />
  const { namespace, name } = run.pipeline
  const wanted = { text: said.get('find') ?? '', only: said.get('only') ?? '' }
  const nodes = meant(run, wanted)
  return (
    <Page
      title={`${look(run.status).word}: ${name}, run ${run.id.slice(-8)}`}
      heading={
        <>
          <Anchor component={Link} to={`/pipelines/${namespace}/${name}`} inherit>
            {namespace}/{name}
          </Anchor>{' '}
          <Text span inherit fw={400} ff="monospace">
            {run.id.slice(-8)}
          </Text>
        </>
      }
      actions={<Actions run={run} node={node} />}
    >
      <Trouble error={error} title="What is shown here may be old" />
      <Head run={run} live={live} />
      <Failure run={run} onChoose={choose} />
      {run.error === null && run.waitingFor !== null && (
        <Alert variant="outline" title={`It waits (${run.waitingFor.reason})`}>
          {run.waitingFor.detail}
        </Alert>
      )}
      <div className={node === null ? undefined : classes.split}>
        <Tabs value={tab} onChange={(chosen) => change('tab', chosen)} keepMounted={false}>
          <Tabs.List mb="sm">
            <Tabs.Tab value="graph">Graph</Tabs.Tab>
            <Tabs.Tab value="attempts">Attempts</Tabs.Tab>
            <Tabs.Tab value="rows">Rows</Tabs.Tab>
            <Tabs.Tab value="different">Why different</Tabs.Tab>
            <Tabs.Tab value="logs">Logs</Tabs.Tab>
            <Tabs.Tab value="details">Details</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="graph">
            <Stack>
              <Trouble error={noGraph} title="The graph cannot be shown" />
              {graph === undefined && noGraph === null && <Waiting what="the graph" />}
              {run.nodes.length > FEW && (
                <Finder run={run} meant={nodes} wanted={wanted} onWant={(which, value) => change(which, value === '' ? null : value)} />
              )}
              {graph !== undefined && (
                <RunGraph
                  run={run}
                  graph={graph}
                  live={live}
                  chosen={node}
                  wanted={nodes.length < run.nodes.length ? nodes.map(({ id }) => id) : null}
                  onChoose={choose}
                />
              )}
              <NodeTable run={run} nodes={nodes} live={live} onChoose={choose} />
            </Stack>
          </Tabs.Panel>
          <Tabs.Panel value="attempts">
            <Attempts run={run} onChoose={choose} />
          </Tabs.Panel>
          <Tabs.Panel value="rows">
            <Trouble error={noGraph} title="The row river cannot be drawn" />
            <Suspense fallback={<Waiting what="the row river" />}>{graph !== undefined && <RowRiver run={run} graph={graph} onChoose={choose} />}</Suspense>
          </Tabs.Panel>
          <Tabs.Panel value="different">
            <WhyDifferent run={run} other={said.get('with')} onOther={(other) => change('with', other)} onChoose={choose} />
          </Tabs.Panel>
          <Tabs.Panel value="logs">
            <Logs run={run} />
          </Tabs.Panel>
          <Tabs.Panel value="details">
            <Details run={run} />
          </Tabs.Panel>
        </Tabs>
        {node !== null && <NodePanel key={node} run={run} graph={graph} node={node} onChoose={choose} onClose={() => change('node', null)} />}
      </div>
    </Page>
  )
}

function Head({ run, live }: { run: Run; live: Live }) {
  const ended = FINAL.has(run.status)
  const now = useNow(!ended)
  const { progress } = run
  // Of a run that failed, what was skipped is over, but not done.
  const completed = run.nodes.filter((node) => node.status === 'COMPLETED').length
  const percent = ended ? (100 * completed) / Math.max(1, run.nodes.length) : progress.percent
  return (
    <Paper withBorder p="sm">
      <Stack gap="xs">
        <Group gap="lg" aria-live="polite">
          <Text component="div" fw={600} fz="lg" data-run-status={run.status}>
            <Status status={run.status} />
          </Text>
          <Text fz="sm">version {run.version} of the recipe</Text>
          {!ended && <Text fz="sm" c="dimmed">{live.connected ? 'live' : 'not live; looked at every few seconds'}</Text>}
          {progress.activeNodes.length > 0 && <Text fz="sm">now: {progress.activeNodes.join(', ')}</Text>}
        </Group>
        <Progress
          value={percent}
          color={run.status === 'SUCCEEDED' ? 'green' : ended ? 'red' : 'blue'}
          aria-label={`${completed} of ${run.nodes.length} nodes are done`}
        />
        <SimpleGrid cols={{ base: 2, xs: 3, md: 6 }} spacing="xs" verticalSpacing={4}>
          <Figure name="Nodes done" value={`${completed} of ${run.nodes.length}`} />
          <Figure name="Took" value={duration(between(run.startedAt, ended ? run.finishedAt : null, now))} />
          <Figure name="Rows read" value={count(progress.rowsRead)} />
          <Figure name="Rows written" value={count(progress.rowsWritten)} />
          <Figure name="Rows rejected" value={count(progress.rowsRejected)} />
          <Figure name="Books" value={run.balanced === null ? (ended ? 'not counted' : 'not known yet') : run.balanced ? 'balanced' : 'do not balance'} />
        </SimpleGrid>
        {progress.estimatedFinishAt !== null && !ended && (
          <Text fz="sm">
            It should end at <Moment at={progress.estimatedFinishAt} />.
          </Text>
        )}
      </Stack>
    </Paper>
  )
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <Text fz="xs" c="dimmed">
        {name}
      </Text>
      <Text fw={600}>{value}</Text>
    </div>
  )
}

/** The time of now, each second while `ticking`. */
function useNow(ticking: boolean): number {
  const [now, setNow] = useState(() => serverNow())
  useEffect(() => {
    if (!ticking) return
    const timer = window.setInterval(() => setNow(serverNow()), 1000)
    return () => window.clearInterval(timer)
  }, [ticking])
  return now
}

function Details({ run }: { run: Run }) {
  const told: [string, ReactNode][] = [
    ['Run', <Code key="id">{run.id}</Code>],
    ['Version', `${run.version}`],
    ['Started by', `${run.trigger.type ?? '?'}${run.createdBy === null ? '' : ` (${run.createdBy})`}`],
    ['Reason', run.reason ?? 'none was given'],
    ['Labels', labelText(run.labels) || 'none'],
    ['Logical date', <Moment key="logical" at={run.logicalDate} />],
    ['Asked for', <Moment key="created" at={run.createdAt} />],
    ['Began', <Moment key="started" at={run.startedAt} />],
    ['Ended', <Moment key="finished" at={run.finishedAt} />],
  ]
  return (
    <Stack>
      <dl className={classes.details}>
        {told.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div>
        <Text fw={600}>Parameters</Text>
        {Object.keys(run.parameters).length === 0 ? (
          <Text c="dimmed">It takes none.</Text>
        ) : (
          <Code block tabIndex={0}>
            {JSON.stringify(run.parameters, null, 2)}
          </Code>
        )}
      </div>
      {run.quality.length > 0 && (
        <div>
          <Text fw={600}>Quality</Text>
          {run.quality.map((one) => (
            <Text key={`${one.dataset} ${one.scope} ${one.ruleSet ?? ''}`}>
              <Anchor component={Link} to={datasetPage({ ...one, namespace: run.pipeline.namespace })} inherit>
                {one.dataset}
              </Anchor>
              : {one.score ?? 'no score'}, {one.passed} passed, {one.failed} failed, {one.errors} not measured
            </Text>
          ))}
        </div>
      )}
    </Stack>
  )
}
