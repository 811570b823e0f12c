// A calendar date for date: a country's public holidays, an exchange's, or a document of kind Calendar.
import { Button, Group, Select, Stack, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { useNavigate, useParams, useSearchParams } from 'react-router'
import { call } from '../api/call'
import { Empty, Page, Waiting } from '../show/Page'
import { Trouble } from '../show/Trouble'
import { Days, type Explained } from './Days'

const STRETCHES = [
  { value: '31', label: 'a month' },
  { value: '92', label: 'three months' },
  { value: '366', label: 'a year' },
]

export default function Calendars() {
  const { '*': named = '' } = useParams()
  // What is typed for one is not left standing for the next.
  return <Calendar key={named} named={named} />
}

function Calendar({ named }: { named: string }) {
  const [said, say] = useSearchParams()
  const go = useNavigate()
  const [typed, type] = useState(named)
  const from = said.get('from') ?? ''
  const days = STRETCHES.some(({ value }) => value === said.get('days')) ? (said.get('days') ?? '92') : '92'
  const [namespace, name] = named.includes('/') ? [named.slice(0, named.indexOf('/')), named.slice(named.indexOf('/') + 1)] : [undefined, named]
  const { data, error } = useQuery({
    queryKey: ['calendar', named, from, days],
    queryFn: () => call<Explained>(`/calendars/${encodeURIComponent(name)}/explain`, { query: { namespace, from, days } }),
    enabled: named !== '',
  })
  const show = (event: FormEvent) => {
    event.preventDefault()
    if (typed.trim() !== '') void go(`/calendars/${typed.trim()}?${said.toString()}`)
  }
  const set = (key: string, value: string) => say({ from, days, [key]: value }, { replace: true })
  return (
    <Page title={named === '' ? 'Calendars' : `Calendar ${named}`}>
      <form onSubmit={show} aria-label="Which calendar">
        <Group align="end">
          <TextInput label="Calendar" description="PL_HOLIDAY, or a Calendar’s namespace/name" value={typed} onChange={(event) => type(event.currentTarget.value)} />
          <TextInput type="date" label="From" description="Today where left empty" value={from} onChange={(event) => set('from', event.currentTarget.value)} />
          <Select label="For" description="So long" data={STRETCHES} value={days} allowDeselect={false} onChange={(one) => set('days', one ?? days)} />
          <Button type="submit">Explain</Button>
        </Group>
      </form>
      {named === '' && (
        <Empty title="Which days count?">
          A schedule ends with the days on which it does not fire: <code>0 6 * * 1-5 !PL_HOLIDAY</code> leaves out Polish public holidays, and the same goes
          for other countries by their two letters. Days of your own are a document of kind <code>Calendar</code>. Name one above, or open it from a
          pipeline&rsquo;s schedule.
        </Empty>
      )}
      <Trouble error={error} title="This calendar cannot be explained" />
      {named !== '' && data === undefined && error === null && <Waiting what="the days" />}
      {data !== undefined && (
        <Stack gap="xs">
          <Text aria-live="polite">
            {data.items.filter(({ counts }) => !counts).length} of {data.items.length} days do not count.
          </Text>
          <Days days={data.items} label={`Days of ${named}`} />
        </Stack>
      )}
    </Page>
  )
}
