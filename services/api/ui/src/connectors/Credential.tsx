// A connector's secrets: which there are and of which version; values go in, and never come out.
import { Alert, Button, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { call, Problem } from '../api/call'
import { Waiting } from '../show/Page'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'

interface Known {
  namespace: string
  name: string
  version: number
  type: string
  savedAt: string
}
interface ConnectorTypes {
  items: { type: string; secretFields: string[] }[]
}

/** `reference`: as the connector's text names it, [namespace/]name; null: it names none. */
export function Credential({ namespace, reference, type }: { namespace: string; reference: string | null; type: string | null }) {
  const [space, name] = reference === null ? [namespace, ''] : reference.includes('/') ? reference.split('/', 2) : [namespace, reference]
  if (reference === null || !/^[A-Za-z0-9_./-]+$/.test(reference)) {
    return (
      <Alert variant="outline" title="It names no credential that is kept here">
        Its secrets, if it has any, stand in its text as references. With <code>credential: my-secret</code> in its spec, the values are kept apart under that
        name, and can be changed here without a new version.
      </Alert>
    )
  }
  return <Values key={reference} namespace={space ?? namespace} name={name ?? ''} type={type} />
}

function Values({ namespace, name, type }: { namespace: string; name: string; type: string | null }) {
  const path = `/credentials/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`
  const client = useQueryClient()
  const { data, error } = useQuery({
    queryKey: ['credential', namespace, name],
    queryFn: async () => {
      try {
        return await call<Known>(path)
      } catch (refused) {
        if (refused instanceof Problem && refused.status === 404) return null
        throw refused
      }
    },
  })
  const types = useQuery({ queryKey: ['connector-types'], queryFn: () => call<ConnectorTypes>('/connector-types'), staleTime: Infinity })
  const [entered, enter] = useState<Record<string, string>>({})
  const [more, setMore] = useState<string[]>([])
  const [field, setField] = useState('')
  const put = useMutation({
    mutationFn: (values: Record<string, string>) => call(path, { method: 'PUT', body: values }),
    onSuccess: async () => {
      // What was typed is not kept in the page either.
      enter({})
      await client.invalidateQueries({ queryKey: ['credential', namespace, name] })
    },
  })
  if (error !== null && data === undefined) return <Trouble error={error} title="The credential is not known" />
  if (data === undefined || types.data === undefined) return <Waiting what="the credential" />
  const fields = [...(types.data.items.find((one) => one.type === type)?.secretFields ?? []), ...more]
  const values = Object.fromEntries(Object.entries(entered).filter(([, value]) => value !== ''))
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (Object.keys(values).length > 0) put.mutate(values)
  }
  const add = () => {
    if (field.trim() !== '' && !fields.includes(field.trim())) setMore([...more, field.trim()])
    setField('')
  }
  return (
    <form onSubmit={send} autoComplete="off">
      <Stack maw={560}>
        <Text>
          {namespace}/{name}:{' '}
          {data === null ? (
            'it is not kept here yet'
          ) : (
            <>
              version {data.version}, {data.type}, changed <Moment at={data.savedAt} />
            </>
          )}
        </Text>
        <Text fz="sm" c="dimmed">
          What is set here replaces the whole credential; runs from then on use it. Values are sealed, and nobody can read them again, nor what is left empty.
        </Text>
        {fields.map((one) => (
          <PasswordInput
            key={one}
            label={one}
            autoComplete="new-password"
            value={entered[one] ?? ''}
            onChange={(event) => {
              const { value } = event.currentTarget
              enter((before) => ({ ...before, [one]: value }))
            }}
          />
        ))}
        <Group align="end">
          <TextInput label="Another field" value={field} onChange={(event) => setField(event.currentTarget.value)} />
          <Button variant="default" onClick={add} disabled={field.trim() === ''}>
            Add the field
          </Button>
        </Group>
        <Trouble error={put.error} title="It was not set" />
        <div aria-live="polite">{put.isSuccess && <Text>It was set.</Text>}</div>
        <Button type="submit" loading={put.isPending} disabled={Object.keys(values).length === 0} style={{ alignSelf: 'start' }}>
          Set the credential
        </Button>
      </Stack>
    </form>
  )
}
