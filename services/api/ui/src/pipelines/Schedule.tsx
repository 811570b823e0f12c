// When a pipeline fires next, which times are left out between, and date for date why: each with the holiday or the rule that says so.
import { Alert, Anchor, Group, Stack, Table, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { call } from '../api/call'
import type { FireTime, Next, PipelineName } from '../api/types'
import { addressOf, Days, type Explained } from '../calendars/Days'
import { Heads } from '../show/List'
import { Empty, Scroll, Waiting } from '../show/Page'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'

const DAYS = 60

export function Schedule({ namespace, name }: PipelineName) {
  const { data, error } = useQuery({
    queryKey: ['next', namespace, name],
    queryFn: () => call<Next>(`/pipelines/${namespace}/${name}/next`, { query: { count: 20 } }),
  })
  if (error !== null) return <Trouble error={error} title="Its schedule cannot be shown" />
  if (data === undefined) return <Waiting what="the schedule" />
  if (data.pipeline.schedule === null) {
    return (
      <Empty title="It has no schedule">
        Write one into the recipe&rsquo;s spec, such as <code>schedule: &quot;0 6 * * MON-FRI !PL_HOLIDAY&quot;</code>: each working day at six, but not on Polish
        holidays.
      </Empty>
    )
  }
  return (
    <Stack>
      <Text>
        <code>{data.pipeline.schedule}</code> in {data.pipeline.timezone}
      </Text>
      {data.notes.map((note) => (
        <Alert key={note} variant="outline">
          {note}
        </Alert>
      ))}
      <Scroll label="Next fire times" height={420}>
        <Table verticalSpacing={4} miw={520}>
          <Heads of={['Time', 'On its own clock', 'Fires', 'Why']} />
          <Table.Tbody>
            {data.items.map((one) => (
              <Table.Tr key={`${one.at} ${one.local}`} data-skipped={one.skipped !== null || undefined}>
                <Table.Td>
                  <Moment at={one.at} />
                </Table.Td>
                <Table.Td>{one.local.replace('T', ' ')}</Table.Td>
                <Table.Td>{one.skipped === null ? 'yes' : one.times > 1 ? `no, nor ${one.times - 1} more times of that day` : 'no'}</Table.Td>
                <Table.Td>{why(one)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Scroll>
      <DateForDate namespace={namespace} name={name} />
    </Stack>
  )
}

function DateForDate({ namespace, name }: PipelineName) {
  const { data, error } = useQuery({
    queryKey: ['explain', namespace, name],
    queryFn: () => call<Explained>(`/pipelines/${namespace}/${name}/explain`, { query: { days: DAYS } }),
  })
  if (error !== null) return <Trouble error={error} title="Its days cannot be explained" />
  if (data === undefined) return <Waiting what="the days" />
  return (
    <Stack gap="xs" component="section" aria-labelledby="date-for-date">
      <Title order={2} size="h4" id="date-for-date">
        Date for date
      </Title>
      {data.calendars.length > 0 && (
        <Group gap="xs">
          <Text span>It goes by</Text>
          {data.calendars.map((one) => (
            <Anchor key={one.name} component={Link} to={addressOf(one.name)}>
              {one.name}
              {one.version !== null && `, version ${one.version}`}
            </Anchor>
          ))}
        </Group>
      )}
      <Days days={data.items} label="The next days" />
    </Stack>
  )
}

function why({ skipped, rule, movedFrom, note }: FireTime): string {
  if (skipped !== null) return `${skipped.name} (${skipped.calendar})`
  if (movedFrom !== null) return `moved from ${movedFrom.slice(0, 10)}${rule === null ? '' : `: ${rule.name} (${rule.calendar})`}`
  return note === null ? '' : `${note.name} (${note.calendar})`
}
