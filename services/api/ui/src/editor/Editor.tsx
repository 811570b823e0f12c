// Recipes as text: offered as one writes, checked, each error at its line, planned beside it, and applied as a new version.
import { Alert, Anchor, Button, Grid, Group, List, Modal, Stack, Text, TextInput, useComputedColorScheme } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { Link, useBlocker, useParams } from 'react-router'
import { call, Problem } from '../api/call'
import { useMay, useSession } from '../api/session'
import type { Page as PageOf, Pipeline, PipelineName, TextProblem } from '../api/types'
import { Page, Waiting } from '../show/Page'
import { Trouble } from '../show/Trouble'
import type { Known } from './assist'
import { editor, mark, recolour, replace, type Editing } from './codemirror'
import { proposed, settle } from './draft'
import { PlanPreview, type Plan } from './PlanPreview'
import { Proposal } from './Proposal'
import type { Schema } from './schema'
import { guard } from './unsaved'

const EXAMPLE = `apiVersion: penstock/v1
kind: Connector
metadata: {name: my-files}
spec: {type: files, config: {root: /absolute/folder}}
---
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: adults}
spec:
  nodes:
    - {id: people, type: connector_source, config: {connector: my-files, path: people.csv}}
    - {id: adults, type: filter, config: {condition: age >= 18}}
    - {id: result, type: connector_sink, config: {connector: my-files, path: adults.parquet, writeMode: OVERWRITE}}
  edges:
    - {from: people, to: adults}
    - {from: adults, to: result}
`
// After the last key.
const CHECK_MS = 500

/** What is edited: `address`, of the API; null: something new. */
interface Edited extends PipelineName {
  address: string
  isPipeline: boolean
}

export default function Editor({ kind = 'pipelines' }: { kind?: 'pipelines' | 'connectors' }) {
  const { namespace, name } = useParams()
  const edited: Edited | null =
    namespace === undefined || name === undefined ? null : { namespace, name, address: `/${kind}/${namespace}/${name}`, isPipeline: kind === 'pipelines' }
  const { data, error } = useQuery({
    queryKey: ['edited', edited?.address],
    queryFn: () => call<Pipeline>(edited?.address ?? ''),
    enabled: edited !== null,
    // What somebody writes is not taken away by what somebody else has saved; opened again, it is what is there by then.
    staleTime: Infinity,
    gcTime: 0,
  })
  const title = edited === null ? 'Write a recipe' : `Edit ${edited.namespace}/${edited.name}`
  if (error !== null && data === undefined) {
    return (
      <Page title={title}>
        <Trouble error={error} title="This recipe cannot be read" />
      </Page>
    )
  }
  if (edited !== null && data === undefined) return <Waiting what="the recipe" />
  return <Writing key={edited?.address} title={title} edited={edited} begin={data ?? null} />
}

interface Applied {
  applied: { kind: string; namespace: string; name: string; version: number | null; changed: boolean | null }[]
}
/** A pipeline as it was saved last, that can be planned. */
interface SavedPipeline extends PipelineName {
  text: string
}

function Writing({ title, edited, begin }: { title: string; edited: Edited | null; begin: Pipeline | null }) {
  const place = useRef<HTMLDivElement>(null)
  const editing = useRef<Editing>(null)
  const first = begin?.document ?? EXAMPLE
  const [text, setText] = useState(first)
  // What stands there at this moment, for answers that come late.
  const written = useRef(first)
  const [saved, setSaved] = useState(first)
  const [version, setVersion] = useState(begin?.version ?? null)
  const [pipeline, setPipeline] = useState<SavedPipeline | null>(edited?.isPipeline === true && begin?.valid === true ? { ...edited, text: first } : null)
  const [proposal, propose] = useState(() => (edited?.isPipeline === true ? proposed(edited) : null))
  const [overtaken, overtake] = useState<number | null>(null)
  const [message, setMessage] = useState('')
  const [problems, setProblems] = useState<TextProblem[] | null>(null)
  const client = useQueryClient()
  const may = useMay('editor')
  const { data: session } = useSession()
  const dark = useComputedColorScheme('light') === 'dark'
  const known = useKnown()
  useEffect(() => {
    if (place.current === null) return
    const made = editor(
      place.current,
      written.current,
      (changed) => {
        written.current = changed
        setText(changed)
      },
      () => known.current,
    )
    editing.current = made
    return () => {
      editing.current = null
      made.destroy()
    }
  }, [known])
  useEffect(() => {
    if (editing.current !== null) recolour(editing.current, dark)
  }, [dark])
  const leave = () => {
    if (edited !== null) settle(edited)
    propose(null)
  }
  const show = (found: TextProblem[]) => {
    setProblems(found)
    if (editing.current !== null) mark(editing.current, found)
  }
  const check = useMutation({
    mutationFn: (sent: string) => call<{ errors: TextProblem[] }>('/validate', { method: 'POST', text: sent }),
    onSuccess: ({ errors }, sent) => {
      // Of a text that was changed meanwhile, the lines are others.
      if (written.current === sent) show(errors)
    },
  })
  const { mutate: validate } = check
  useEffect(() => {
    const timer = window.setTimeout(() => validate(text), CHECK_MS)
    return () => window.clearTimeout(timer)
    // What a session that had ended was refused is asked again by the next.
  }, [text, validate, session?.csrf])
  const apply = useMutation({
    mutationFn: async ({ sent, over }: { sent: string; over: boolean }) => {
      if (edited !== null && !over) {
        const now = await call<Pipeline>(edited.address)
        if (now.version !== version) return now.version
      }
      return call<Applied>('/apply', { method: 'POST', text: sent, query: { message } })
    },
    onSuccess: async (answer, { sent }) => {
      if (typeof answer === 'number') {
        overtake(answer)
        return
      }
      overtake(null)
      // What was proposed has been seen, and is taken or not by now.
      leave()
      setSaved(sent)
      setMessage('')
      const one = answer.applied.find((each) => each.kind === 'Pipeline' && (edited === null || (each.name === edited.name && each.namespace === edited.namespace)))
      if (edited !== null) setVersion((before) => answer.applied.find((each) => each.name === edited.name && each.namespace === edited.namespace)?.version ?? before)
      for (const kind of ['pipeline', 'pipelines', 'connector', 'breakers', 'search', 'next', 'explain', 'triggers', 'lineage']) await client.invalidateQueries({ queryKey: [kind] })
      if (one !== undefined) {
        const { document } = await call<Pipeline>(`/pipelines/${one.namespace}/${one.name}`)
        setPipeline({ namespace: one.namespace, name: one.name, text: document })
      }
    },
    onError: (refused, { sent }) => {
      if (refused instanceof Problem && refused.errors.length > 0 && written.current === sent) show(refused.errors as TextProblem[])
    },
  })
  const errors = problems?.filter((one) => one.severity === 'error') ?? []
  const changed = text !== saved
  const take = () => {
    if (proposal !== null && editing.current !== null) replace(editing.current, proposal)
    leave()
  }
  return (
    <Page
      title={title}
      actions={
        may && (
          <Button loading={apply.isPending} disabled={errors.length > 0} onClick={() => apply.mutate({ sent: text, over: false })}>
            Apply
          </Button>
        )
      }
    >
      {!may && session != null && (
        <Text c="dimmed">
          You may look and check here, not apply: that takes the role editor, and yours is {session.role}. Ask whoever runs Penstock for it.
        </Text>
      )}
      <Unsaved changed={may && changed} />
      {proposal !== null && proposal !== text && <Proposal before={text} proposed={proposal} onTake={take} onLeave={leave} />}
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, lg: pipeline === null ? 12 : 7 }}>
          <Stack gap="sm">
            {may && <TextInput label="Message of the new version" maw={480} value={message} onChange={(event) => setMessage(event.currentTarget.value)} />}
            <div ref={place} />
            <Text fz="sm" c="dimmed">
              Ctrl-Space offers what may stand where you are; point at a word to read what it means. Tab leaves the text.
            </Text>
            <Checked problems={problems} failed={check.error} onGo={(line) => editing.current !== null && goTo(editing.current, line)} />
            <Trouble error={apply.error} title="Nothing was saved" />
            {apply.data !== undefined && typeof apply.data !== 'number' && <Done applied={apply.data} />}
          </Stack>
        </Grid.Col>
        {pipeline !== null && (
          <Grid.Col span={{ base: 12, lg: 5 }}>
            <PlanPreview
              key={`${pipeline.namespace}/${pipeline.name} ${pipeline.text}`}
              pipeline={pipeline}
              saved={pipeline.text}
              changed={changed}
              onPlan={(plan) => (known.current.columns = columnsOf(plan))}
            />
          </Grid.Col>
        )}
      </Grid>
      {overtaken !== null && edited !== null && (
        <Modal opened onClose={() => overtake(null)} title="Somebody has saved it meanwhile" closeButtonProps={{ 'aria-label': 'Close' }}>
          <Stack>
            <Text>
              Version {overtaken} is there by now; you began with {version}. Applied, yours comes after it, and what it changed is gone from the newest text.
            </Text>
            <Anchor href={`/ui${edited.address}?tab=versions`} target="_blank">
              See what it changed, in another tab
            </Anchor>
            <Group justify="end">
              <Button variant="default" onClick={() => overtake(null)}>
                Not now
              </Button>
              <Button color="red" loading={apply.isPending} onClick={() => apply.mutate({ sent: text, over: true })}>
                Apply mine
              </Button>
            </Group>
          </Stack>
        </Modal>
      )}
    </Page>
  )
}

/** What completion goes by. It changes without the page being drawn anew. */
function useKnown() {
  const known = useRef<Known>({ schema: null, connectors: [], columns: [] })
  const schema = useQuery({ queryKey: ['schema', 'recipe'], queryFn: () => call<Schema>('/schemas/recipe.json'), staleTime: Infinity })
  const connectors = useQuery({ queryKey: ['search', '/connectors'], queryFn: async () => (await call<PageOf<PipelineName>>('/connectors', { query: { limit: 500 } })).items })
  useEffect(() => {
    known.current.schema = schema.data ?? null
    known.current.connectors = (connectors.data ?? []).map(({ namespace, name }) => `${namespace}/${name}`)
  }, [schema.data, connectors.data])
  return known
}

/** Names, each once; of sources whose columns are known. */
function columnsOf({ sources }: Plan): string[] {
  const named = sources.flatMap(({ columns }) => columns ?? []).map((one) => (Array.isArray(one) ? (one as unknown[])[0] : (one as { name?: unknown } | null)?.name))
  return [...new Set(named.filter((one): one is string => typeof one === 'string'))]
}

/** Nobody loses what he has written by a click. */
function Unsaved({ changed }: { changed: boolean }) {
  // What somebody has asked for that takes the page away: signing out.
  const [going, setGoing] = useState<(() => void) | null>(null)
  const blocker = useBlocker(({ currentLocation, nextLocation }) => changed && currentLocation.pathname !== nextLocation.pathname)
  useEffect(() => {
    if (!changed) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', ask)
    const unguard = guard((go) => setGoing(() => go))
    return () => {
      unguard()
      window.removeEventListener('beforeunload', ask)
    }
  }, [changed])
  const stay = () => {
    setGoing(null)
    blocker.reset?.()
  }
  const leave = () => {
    setGoing(null)
    if (going !== null) going()
    else blocker.proceed?.()
  }
  if (blocker.state !== 'blocked' && going === null) return null
  return (
    <Modal opened onClose={stay} title="What you have written is not saved" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Group justify="end">
        <Button variant="default" onClick={stay}>
          Stay here
        </Button>
        <Button color="red" onClick={leave}>
          Leave without saving
        </Button>
      </Group>
    </Modal>
  )
}

function Checked({ problems, failed, onGo }: { problems: TextProblem[] | null; failed: Error | null; onGo: (line: number) => void }) {
  const errors = problems?.filter((one) => one.severity === 'error') ?? []
  return (
    <div aria-live="polite">
      <Trouble error={failed} title="It could not be checked" />
      {problems === null && failed === null && <Text c="dimmed">It is being checked.</Text>}
      {problems?.length === 0 && failed === null && <Text>Nothing is wrong with it.</Text>}
      {problems !== null && problems.length > 0 && (
        <Alert color={errors.length > 0 ? 'red' : 'orange'} variant="outline" title={errors.length > 0 ? 'It cannot be applied yet' : 'What to look at'}>
          <List size="sm">
            {problems.map((one, number) => (
              <List.Item key={number}>
                <Anchor component="button" type="button" inherit ta="left" onClick={() => onGo(one.line)}>
                  Line {one.line}
                </Anchor>
                : {one.message}
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
    </div>
  )
}

const PAGES: Record<string, string> = { Pipeline: '/pipelines', Connector: '/connectors', Calendar: '/calendars' }

function Done({ applied: { applied } }: { applied: Applied }) {
  return (
    <Alert color="green" variant="outline" title="Applied" role="status">
      {applied.map((one) => (
        <Group key={`${one.kind} ${one.namespace}/${one.name}`} gap="xs">
          {one.kind}{' '}
          {PAGES[one.kind] !== undefined ? (
            <Anchor component={Link} to={`${PAGES[one.kind] ?? ''}/${one.namespace}/${one.name}`}>
              {one.namespace}/{one.name}
            </Anchor>
          ) : (
            `${one.namespace}/${one.name}`
          )}
          {one.changed === true ? `version ${one.version ?? ''}` : 'as it was'}
        </Group>
      ))}
    </Alert>
  )
}

function goTo(view: Editing, line: number): void {
  const { from } = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines))
  view.dispatch({ selection: { anchor: from }, scrollIntoView: true })
  view.focus()
}
