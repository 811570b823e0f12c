// Recipes as text: checked as they are written, each error at its line, and applied as a new version.
import { Alert, Anchor, Button, Group, List, Stack, Text, TextInput, useComputedColorScheme } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { Link, useParams } from 'react-router'
import { call, Problem } from '../api/call'
import { useMay } from '../api/session'
import type { Pipeline, TextProblem } from '../api/types'
import { Page, Waiting } from '../show/Page'
import { Trouble } from '../show/Trouble'
import { editor, mark, type Editing } from './codemirror'

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

export default function Editor() {
  const { namespace, name } = useParams()
  const path = namespace === undefined || name === undefined ? null : `/pipelines/${namespace}/${name}`
  const { data, error } = useQuery({
    queryKey: ['pipeline', namespace, name],
    queryFn: () => call<Pipeline>(path ?? ''),
    enabled: path !== null,
    // What somebody writes is not taken away by what somebody else has saved.
    staleTime: Infinity,
  })
  const title = path === null ? 'Write a recipe' : `Edit ${namespace}/${name}`
  if (error !== null) {
    return (
      <Page title={title}>
        <Trouble error={error} title="This recipe cannot be read" />
      </Page>
    )
  }
  if (path !== null && data === undefined) return <Waiting what="the recipe" />
  return <Writing key={path} title={title} begin={data?.document ?? EXAMPLE} />
}

interface Applied {
  applied: { kind: string; namespace: string; name: string; version: number | null; changed: boolean | null }[]
}

function Writing({ title, begin }: { title: string; begin: string }) {
  const place = useRef<HTMLDivElement>(null)
  const editing = useRef<Editing>(null)
  const [text, setText] = useState(begin)
  // Outlives the editor, which is made anew when the colours change.
  const written = useRef(begin)
  const [message, setMessage] = useState('')
  const [problems, setProblems] = useState<TextProblem[] | null>(null)
  const client = useQueryClient()
  const may = useMay('editor')
  const dark = useComputedColorScheme('light') === 'dark'
  useEffect(() => {
    if (place.current === null) return
    const made = editor(place.current, written.current, dark, (changed) => {
      written.current = changed
      setText(changed)
    })
    editing.current = made
    return () => {
      editing.current = null
      made.destroy()
    }
  }, [dark])
  const show = (found: TextProblem[]) => {
    setProblems(found)
    if (editing.current !== null) mark(editing.current, found)
  }
  const { mutate: validate } = useMutation({
    mutationFn: (sent: string) => call<{ errors: TextProblem[] }>('/validate', { method: 'POST', text: sent }),
    onSuccess: ({ errors }, sent) => {
      // Of a text that was changed meanwhile, the lines are others.
      if (editing.current?.state.doc.toString() === sent) show(errors)
    },
  })
  useEffect(() => {
    const timer = window.setTimeout(() => validate(text), CHECK_MS)
    return () => window.clearTimeout(timer)
  }, [text, validate])
  const apply = useMutation({
    mutationFn: () => call<Applied>('/apply', { method: 'POST', text, query: { message } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['pipeline'] })
      await client.invalidateQueries({ queryKey: ['pipelines'] })
    },
    onError: (refused) => {
      if (refused instanceof Problem && refused.errors.length > 0) show(refused.errors as TextProblem[])
    },
  })
  const errors = problems?.filter((one) => one.severity === 'error') ?? []
  return (
    <Page
      title={title}
      actions={
        may && (
          <Button loading={apply.isPending} disabled={errors.length > 0} onClick={() => apply.mutate()}>
            Apply
          </Button>
        )
      }
    >
      <Stack gap="sm">
        {may && <TextInput label="Message of the new version" maw={480} value={message} onChange={(event) => setMessage(event.currentTarget.value)} />}
        <div ref={place} />
        <div aria-live="polite">
          {problems === null && <Text c="dimmed">It is being checked.</Text>}
          {problems?.length === 0 && <Text>Nothing is wrong with it.</Text>}
          {problems !== null && problems.length > 0 && (
            <Alert color={errors.length > 0 ? 'red' : 'orange'} variant="outline" title={errors.length > 0 ? 'It cannot be applied yet' : 'What to look at'}>
              <List size="sm">
                {problems.map((one, number) => (
                  <List.Item key={number}>
                    <Anchor component="button" type="button" inherit ta="left" onClick={() => editing.current !== null && goTo(editing.current, one.line)}>
                      Line {one.line}
                    </Anchor>
                    : {one.message}
                  </List.Item>
                ))}
              </List>
            </Alert>
          )}
        </div>
        <Trouble error={apply.error} title="Nothing was saved" />
        {apply.data !== undefined && (
          <Alert color="green" variant="outline" title="Applied" role="status">
            {apply.data.applied.map((one) => (
              <Group key={`${one.kind} ${one.namespace}/${one.name}`} gap="xs">
                {one.kind}{' '}
                {one.kind === 'Pipeline' ? (
                  <Anchor component={Link} to={`/pipelines/${one.namespace}/${one.name}`}>
                    {one.namespace}/{one.name}
                  </Anchor>
                ) : (
                  `${one.namespace}/${one.name}`
                )}
                {one.changed === true ? `version ${one.version ?? ''}` : 'as it was'}
              </Group>
            ))}
          </Alert>
        )}
      </Stack>
    </Page>
  )
}

function goTo(view: Editing, line: number): void {
  const { from } = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines))
  view.dispatch({ selection: { anchor: from }, scrollIntoView: true })
  view.focus()
}
