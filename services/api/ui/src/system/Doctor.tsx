// Does everything hold that must? It reads much of the store, so it looks when somebody asks.
import { Alert, Button, Group, List, Select, Stack, Table, Text, Title } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { call } from '../api/call'
import { Heads } from '../show/List'
import { Scroll } from '../show/Page'
import { Status } from '../show/Status'
import { Trouble } from '../show/Trouble'

interface Finding {
  name: string
  holds: string
  ok: boolean | null
  count: number
  found: { run: string | null; detail: string }[]
  remedy: string | null
}
interface Examined {
  healthy: boolean
  checks: Finding[]
}
const STRETCHES = [
  { value: '1', label: 'the last day' },
  { value: '30', label: 'the last 30 days' },
  { value: '366', label: 'the last year' },
]

export function Doctor() {
  const [days, choose] = useState('30')
  const look = useMutation({ mutationFn: () => call<Examined>('/system/doctor', { query: { days } }) })
  return (
    <section aria-labelledby="doctor">
      <Stack gap="xs">
        <Title order={2} size="h4" id="doctor">
          Doctor
        </Title>
        <Text fz="sm" c="dimmed">
          Looks whether all holds that must, in the runs of a while and in all that have not ended. It changes nothing; <code>penstock doctor</code> does the
          same.
        </Text>
        <Group align="end">
          <Select label="Runs of" data={STRETCHES} value={days} allowDeselect={false} onChange={(chosen) => choose(chosen ?? days)} />
          <Button variant="default" loading={look.isPending} onClick={() => look.mutate()}>
            Examine
          </Button>
        </Group>
        <Trouble error={look.error} title="It could not be examined" />
        <div aria-live="polite">
          {look.data !== undefined && (
            <Alert color={look.data.healthy ? 'green' : 'red'} variant="outline" title={look.data.healthy ? 'All holds' : 'Something is off'} mb="xs">
              {look.data.checks.length} things were looked at.
            </Alert>
          )}
        </div>
        {look.data !== undefined && <Findings checks={look.data.checks} />}
      </Stack>
    </section>
  )
}

/** What is off comes first. */
function Findings({ checks }: { checks: Finding[] }) {
  const rank = ({ ok }: Finding) => (ok === false ? 0 : ok === null ? 1 : 2)
  return (
    <Scroll label="What was looked at" height={480}>
      <Table verticalSpacing={4} miw={640}>
        <Heads of={['What must hold', 'Does it', 'What is off']} />
        <Table.Tbody>
          {[...checks]
            .sort((one, other) => rank(one) - rank(other))
            .map((one) => (
              <Table.Tr key={one.name}>
                <Table.Td>{one.holds}</Table.Td>
                <Table.Td>{one.ok === null ? 'cannot be seen from here' : <Status status={one.ok ? 'PASSED' : 'FAILED'} />}</Table.Td>
                <Table.Td>
                  {one.count > 0 && (
                    <List size="sm">
                      {one.found.map(({ run, detail }, number) => (
                        <List.Item key={number}>
                          {run !== null && <Link to={`/runs/${run}`}>{run.slice(0, 8)}</Link>} {detail}
                        </List.Item>
                      ))}
                      {one.count > one.found.length && <List.Item>and {one.count - one.found.length} more</List.Item>}
                    </List>
                  )}
                  {one.remedy !== null && <Text fz="sm">What to do: {one.remedy}</Text>}
                </Table.Td>
              </Table.Tr>
            ))}
        </Table.Tbody>
      </Table>
    </Scroll>
  )
}
