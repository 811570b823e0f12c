// Search by the keyboard, on every page: pipelines, runs, connectors, datasets, pages, and what can be done.
import { useMantineColorScheme, VisuallyHidden } from '@mantine/core'
import '@mantine/spotlight/styles.css'
import { createSpotlight, Spotlight } from '@mantine/spotlight'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { call } from '../api/call'
import { useMay, useSignOut } from '../api/session'
import type { CheckSummary, ListedPipeline, Page, PipelineName, RunHead } from '../api/types'
import { leave } from '../editor/unsaved'
import { PAGES } from '../shell/pages'
import { look } from '../show/Status'
import { useZone } from '../show/zone'
import { matching, pipelineName, runId, type Entry, type Group } from './entries'
import classes from './Search.module.css'

const [store, controls] = createSpotlight()
// A list is no older than this when it is searched.
const FRESH_MS = 30_000
const MOST = 500
const MOST_RUNS = 100

export const openSearch = () => controls.open()

export function Search() {
  const [query, setQuery] = useState('')
  const [opened, setOpened] = useState(false)
  const { groups, asking, failed } = useGroups(query, opened)
  const found = groups.filter(({ entries }) => entries.length > 0)
  return (
    <Spotlight.Root
      store={store}
      shortcut={['mod + K', '/']}
      query={query}
      onQueryChange={setQuery}
      onSpotlightOpen={() => setOpened(true)}
      onSpotlightClose={() => setOpened(false)}
      clearQueryOnClose
      scrollable
      maxHeight="60vh"
      size="lg"
      // For screen readers, the dialog's name.
      title={<VisuallyHidden>Search</VisuallyHidden>}
      classNames={{ actionDescription: classes.description ?? '' }}
      styles={{ header: { minHeight: 0, padding: 0 } }}
    >
      <Spotlight.Search placeholder="Pipelines, runs by id, connectors, datasets, pages, actions" aria-label="Search" />
      <Spotlight.ActionsList>
        {found.map(({ label, entries }) => (
          <Spotlight.ActionsGroup key={label} label={label}>
            {entries.map((one) => (
              <Spotlight.Action key={one.id} label={one.label} description={one.description} onClick={one.go} />
            ))}
          </Spotlight.ActionsGroup>
        ))}
        {found.length === 0 && (
          <Spotlight.Empty>
            {asking ? 'It is being looked for.' : 'Nothing is called that. A run is found by its whole id, or by the beginning of a recent one.'}
          </Spotlight.Empty>
        )}
      </Spotlight.ActionsList>
      {failed && <Spotlight.Footer>Not all lists could be asked for; there may be more than this.</Spotlight.Footer>}
    </Spotlight.Root>
  )
}

/** `asking`: a list is still on its way; `failed`: one could not be had. */
function useGroups(query: string, opened: boolean): { groups: Group[]; asking: boolean; failed: boolean } {
  const go = useNavigate()
  const lists = [
    useList<ListedPipeline>('/pipelines', MOST, opened),
    useList<PipelineName>('/connectors', MOST, opened),
    useList<RunHead>('/runs', MOST_RUNS, opened),
    useList<CheckSummary>('/quality', MOST, opened),
  ] as const
  const [pipelines, connectors, runs, datasets] = [lists[0].data ?? [], lists[1].data ?? [], lists[2].data ?? [], lists[3].data ?? []]
  const admin = useMay('admin')
  const actions = useActions(pipelines)
  const typedRun = runId(query)
  const typedPipeline = pipelineName(query)
  const listed = typedPipeline !== null && pipelines.some((one) => one.namespace === typedPipeline.namespace && one.name === typedPipeline.name)
  const pages: Entry[] = PAGES.filter(({ role }) => role !== 'admin' || admin).map(({ to, label, about }) => ({
    id: `page ${to}`,
    label,
    description: about,
    go: () => void go(to),
  }))
  const groups: Group[] = [
    {
      label: 'Pipelines',
      entries: pipelines.map(({ namespace, name, lastRun }) => ({
        id: `pipeline ${namespace}/${name}`,
        label: `${namespace}/${name}`,
        description: lastRun === null ? 'It has never run' : `Its last run ${look(lastRun.status).word}`,
        go: () => void go(`/pipelines/${namespace}/${name}`),
      })),
    },
    {
      label: 'Runs',
      // By their ids only: by pipeline, the list of runs has filters.
      entries: query.trim().length < 4 ? [] : runs.map(({ id, pipeline, status }) => ({
        id: `run ${id}`,
        label: id,
        description: `${pipeline.namespace}/${pipeline.name}, ${look(status).word}`,
        go: () => void go(`/runs/${id}`),
      })),
    },
    {
      label: 'Connectors',
      entries: connectors.map(({ namespace, name }) => ({
        id: `connector ${namespace}/${name}`,
        label: `${namespace}/${name}`,
        description: 'Connector',
        go: () => void go(`/connectors/${namespace}/${name}`),
      })),
    },
    {
      label: 'Datasets',
      entries: datasets.map(({ namespace, dataset, scope, ruleSet, score }) => ({
        id: `dataset ${namespace} ${dataset} ${scope} ${ruleSet ?? ''}`,
        label: dataset,
        description: [`Quality ${score ?? 'not known'}`, ruleSet].filter((one) => one !== null).join(', '),
        go: () => void go(`/quality/${namespace}/${escaped(dataset)}?${new URLSearchParams({ scope, ruleSet: ruleSet ?? '' }).toString()}`),
      })),
    },
    { label: 'Pages', entries: pages },
    { label: 'Actions', entries: actions },
  ]
  const typed: Entry[] = [
    ...(typedRun === null ? [] : [{ id: 'typed run', label: `Run ${typedRun}`, description: 'Open it', go: () => void go(`/runs/${typedRun}`) }]),
    ...(typedPipeline === null || listed
      ? []
      : [
          {
            id: 'typed pipeline',
            label: `${typedPipeline.namespace}/${typedPipeline.name}`,
            description: 'Open the pipeline of that name',
            go: () => void go(`/pipelines/${typedPipeline.namespace}/${typedPipeline.name}`),
          },
        ]),
  ]
  // With nothing typed, the pages and what can be done are what one wants to learn of.
  const shown = query.trim() === '' ? [...groups.slice(-2), ...groups.slice(0, -2)] : groups
  return {
    groups: [{ label: 'By its name', entries: typed }, ...shown.map(({ label, entries }) => ({ label, entries: matching(entries, query) }))],
    asking: lists.some(({ isFetching, data }) => isFetching && data === undefined),
    failed: lists.some(({ error }) => error !== null),
  }
}

function useList<T>(path: string, limit: number, enabled: boolean) {
  return useQuery({
    queryKey: ['search', path],
    queryFn: async () => (await call<Page<T>>(path, { query: { limit } })).items,
    enabled,
    staleTime: FRESH_MS,
  })
}

function useActions(pipelines: ListedPipeline[]): Entry[] {
  const go = useNavigate()
  const starts = useMay('operator')
  const signOut = useSignOut()
  const { setColorScheme } = useMantineColorScheme()
  const { zone, choose } = useZone()
  const at = ({ namespace, name }: PipelineName) => `/pipelines/${namespace}/${name}`
  return [
    ...(starts
      ? pipelines.filter(({ valid }) => valid).map((one) => ({
          id: `start ${one.namespace}/${one.name}`,
          label: `Start ${one.namespace}/${one.name}`,
          description: 'A run of it, with its parameters',
          go: () => void go(`${at(one)}?start=yes`),
        }))
      : []),
    { id: 'failed', label: 'Show runs that failed', description: 'The latest', go: () => void go('/runs?status=FAILED') },
    { id: 'dark', label: 'Dark colours', description: 'For this browser', go: () => setColorScheme('dark') },
    { id: 'light', label: 'Light colours', description: 'For this browser', go: () => setColorScheme('light') },
    {
      id: 'clock',
      label: zone === 'UTC' ? 'Show times of this machine’s clock' : 'Show times in UTC',
      description: 'On all pages',
      go: () => choose(zone === 'UTC' ? 'local' : 'UTC'),
    },
    { id: 'sign-out', label: 'Sign out', description: 'Ends this session', go: () => leave(() => signOut.mutate()) },
  ]
}

/** A name with slashes as a part of an address. */
const escaped = (name: string) => name.split('/').map(encodeURIComponent).join('/')
