// The audit log: who changed what, or tried to. Its filters stand in the address.
import { Button, Group, Select, Table, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useSearchParams } from 'react-router'
import { usePages } from '../api/pages'
import { useMay } from '../api/session'
import { Heads, Older } from '../show/List'
import { UNKNOWN } from '../show/figures'
import { Empty, Page, Scroll, Waiting } from '../show/Page'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'

interface Entry {
  id: string
  at: string
  name: string | null
  role: string | null
  address: string | null
  action: string
  namespace: string | null
  object: string | null
  requestId: string
  status: number
}
const FIELDS = [
  { key: 'token', label: 'By whom', hint: 'A token’s name or id' },
  { key: 'action', label: 'What', hint: 'Such as runs.cancel' },
  { key: 'object', label: 'To what', hint: 'A name, as it is told' },
  { key: 'namespace', label: 'Namespace', hint: '' },
  { key: 'request', label: 'Request', hint: 'An X-Request-ID' },
] as const
const OUTCOMES = ['done', 'refused', 'failed']

export default function Audit() {
  const may = useMay('admin')
  const [said, say] = useSearchParams()
  const query = Object.fromEntries(['token', 'action', 'object', 'namespace', 'request', 'outcome', 'since'].map((key) => [key, said.get(key)]))
  const { items, error, more } = usePages<Entry>(['audit', query], '/audit', { ...query, limit: 100 }, may)
  if (!may) return <Page title="Audit log"><Empty title="This is for admins">What your own token may do stands at the top right.</Empty></Page>
  return (
    <Page title="Audit log">
      <Filters key={said.toString()} said={said} say={say} />
      <Trouble error={error} title="The audit log cannot be read" />
      {items === undefined && error === null && <Waiting what="the audit log" />}
      {items?.length === 0 && <Empty title="Nothing is like that">Every call that changes something, or tries to, leaves a line here. Take a filter away to see others.</Empty>}
      {items !== undefined && items.length > 0 && (
        <Scroll label="Audit log">
          <Table verticalSpacing={2} miw={900}>
            <Heads of={['When', 'Who', 'From', 'What', 'Namespace', 'To what', 'Answer', 'Request']} />
            <Table.Tbody>
              {items.map((one) => (
                <Table.Tr key={one.id}>
                  <Table.Td>
                    <Moment at={one.at} />
                  </Table.Td>
                  <Table.Td>{one.name === null ? 'nobody who could log in' : `${one.name} (${one.role ?? UNKNOWN})`}</Table.Td>
                  <Table.Td>{one.address ?? UNKNOWN}</Table.Td>
                  <Table.Td>{one.action}</Table.Td>
                  <Table.Td>{one.namespace ?? ''}</Table.Td>
                  <Table.Td style={{ overflowWrap: 'anywhere' }}>{one.object ?? ''}</Table.Td>
                  <Table.Td>{answer(one.status)}</Table.Td>
                  <Table.Td>
                    <code>{one.requestId.slice(0, 8)}</code>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Scroll>
      )}
      <Older more={more} />
    </Page>
  )
}

function answer(status: number): string {
  return `${status < 400 ? 'done' : status < 500 ? 'refused' : 'failed'} (${status})`
}

function Filters({ said, say }: { said: URLSearchParams; say: (next: Record<string, string>) => void }) {
  const [entered, enter] = useState<Record<string, string>>(Object.fromEntries(said.entries()))
  const set = (key: string, value: string) => enter((before) => ({ ...before, [key]: value }))
  const send = (event: FormEvent) => {
    event.preventDefault()
    say(Object.fromEntries(Object.entries(entered).filter(([, value]) => value.trim() !== '')))
  }
  return (
    <form onSubmit={send} role="search" aria-label="Filter the audit log">
      <Group align="end">
        {FIELDS.map(({ key, label, hint }) => (
          <TextInput key={key} label={label} placeholder={hint} value={entered[key] ?? ''} onChange={(event) => set(key, event.currentTarget.value)} w={170} />
        ))}
        <Select label="How it ended" clearable placeholder="anyhow" data={OUTCOMES} value={entered.outcome ?? null} onChange={(one) => set('outcome', one ?? '')} w={150} />
        <TextInput type="date" label="Since" value={(entered.since ?? '').slice(0, 10)} onChange={(event) => set('since', event.currentTarget.value)} />
        <Button type="submit">Show</Button>
        <Button variant="default" onClick={() => say({})}>
          All
        </Button>
      </Group>
    </form>
  )
}
