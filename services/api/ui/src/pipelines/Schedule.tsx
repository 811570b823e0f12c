// When a pipeline fires next, and which times are left out between, each with the holiday or the rule that left it out.
import { Alert, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { call } from '../api/call'
import type { FireTime, Next, PipelineName } from '../api/types'
import { Empty, Scroll, Waiting } from '../show/Page'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'

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
      <Scroll label="Next fire times">
        <Table verticalSpacing={4} miw={520}>
          <Table.Thead>
            <Table.Tr>
              {['Time', 'On its own clock', 'Fires', 'Why'].map((one) => (
                <Table.Th key={one}>{one}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.items.map((one) => (
              <Table.Tr key={`${one.at} ${one.local}`}>
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
    </Stack>
  )
}

function why({ skipped, rule, movedFrom, note }: FireTime): string {
  if (skipped !== null) return `${skipped.name} (${skipped.calendar})`
  if (movedFrom !== null) return `moved from ${movedFrom.slice(0, 10)}${rule === null ? '' : `: ${rule.name} (${rule.calendar})`}`
  return note === null ? '' : `${note.name} (${note.calendar})`
}
