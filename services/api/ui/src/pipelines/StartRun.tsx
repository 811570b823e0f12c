// Starts a run: a form made from the parameters that the recipe declares.
import { Button, Group, Modal, Select, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { useNavigate } from 'react-router'
import { call } from '../api/call'
import type { Pipeline, PipelineName, Run } from '../api/types'
import { Waiting } from '../show/Page'
import { Trouble } from '../show/Trouble'
import { declared, given, type Parameter } from './parameters'

export function StartRun({ pipeline: { namespace, name }, onClose }: { pipeline: PipelineName; onClose: () => void }) {
  const path = `/pipelines/${namespace}/${name}`
  const { data, error } = useQuery({ queryKey: ['pipeline', namespace, name], queryFn: () => call<Pipeline>(path) })
  return (
    <Modal opened onClose={onClose} title={`Start ${namespace}/${name}`} size="lg">
      <Trouble error={error} title="The recipe cannot be read" />
      {data === undefined && error === null && <Waiting what="the recipe" />}
      {data !== undefined && <Form path={path} parameters={declared(data.document)} onClose={onClose} />}
    </Modal>
  )
}

function Form({ path, parameters, onClose }: { path: string; parameters: Parameter[] | null; onClose: () => void }) {
  const [entered, enter] = useState<Record<string, string>>({})
  const [raw, setRaw] = useState('{}')
  const [reason, setReason] = useState('')
  const [sent, setSent] = useState(false)
  const go = useNavigate()
  const start = useMutation({
    mutationFn: (body: Record<string, unknown>) => call<Run>(`${path}/runs`, { method: 'POST', body, key: keyOf(body) }),
    onSuccess: (run) => go(`/runs/${run.id}`),
  })
  // What was asked for already keeps its key: sent again after a lost answer, it is still one run.
  const [keys] = useState(() => new Map<string, string>())
  const keyOf = (body: Record<string, unknown>) => {
    const text = JSON.stringify(body)
    const key = keys.get(text) ?? newKey()
    keys.set(text, key)
    return key
  }
  const { values, wrong } = parameters === null ? parsed(raw) : given(parameters, entered)
  const send = (event: FormEvent) => {
    event.preventDefault()
    setSent(true)
    if (Object.keys(wrong).length === 0) start.mutate({ parameters: values, ...(reason === '' ? {} : { reason }) })
  }
  return (
    <form onSubmit={send}>
      <Stack>
        {parameters?.length === 0 && <Text c="dimmed">It takes no parameters.</Text>}
        {parameters?.map((one) => (
          <Field
            key={one.name}
            parameter={one}
            value={entered[one.name] ?? ''}
            error={sent ? wrong[one.name] : undefined}
            onChange={(value) => enter((before) => ({ ...before, [one.name]: value }))}
          />
        ))}
        {parameters === null && (
          <Textarea
            label="Parameters, as JSON"
            description="The recipe is written in a form that this page does not read, so there are no fields for them."
            autosize
            minRows={3}
            value={raw}
            error={sent ? wrong.parameters : undefined}
            onChange={(event) => setRaw(event.currentTarget.value)}
          />
        )}
        <TextInput label="Reason" description="For the record; it may be empty" value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
        <Trouble error={start.error} title="The run was not started" />
        <Group justify="end">
          <Button variant="default" onClick={onClose}>
            Not now
          </Button>
          <Button type="submit" loading={start.isPending}>
            Start the run
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function Field({ parameter, value, error, onChange }: { parameter: Parameter; value: string; error: string | undefined; onChange: (value: string) => void }) {
  const { name, type, required, description, fallback } = parameter
  const said = [description, type, fallback === undefined ? null : `else ${fallback}`].filter((one) => one !== null).join('; ')
  const shared = { label: name, description: said, error, withAsterisk: required }
  if (type === 'boolean') {
    return <Select {...shared} clearable data={['true', 'false']} value={value === '' ? null : value} onChange={(chosen) => onChange(chosen ?? '')} />
  }
  return (
    <TextInput
      {...shared}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      placeholder={fallback}
      {...(type === 'date' ? { type: 'date' } : {})}
      {...(type === 'integer' || type === 'number' ? { inputMode: 'decimal' as const } : {})}
    />
  )
}

function parsed(text: string): { values: Record<string, unknown>; wrong: Record<string, string> } {
  try {
    return { values: JSON.parse(text) as Record<string, unknown>, wrong: {} }
  } catch {
    return { values: {}, wrong: { parameters: 'It must be JSON, such as {"region": "north"}.' } }
  }
}

/** Random enough that no other form has it; `crypto.randomUUID` is there only where the page came over HTTPS or from this machine. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, '0')).join('')
}
