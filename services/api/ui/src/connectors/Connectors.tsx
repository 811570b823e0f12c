// Connectors, and the breaker of each: closed lets everybody through, open nobody, half-open one trial.
import { Button, Table, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { call } from '../api/call'
import { useMay } from '../api/session'
import type { Breaker, Page as PageOf } from '../api/types'
import { Empty, Page, Scroll, Waiting } from '../show/Page'
import { Status } from '../show/Status'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'

export function Connectors() {
  const client = useQueryClient()
  const may = useMay('operator')
  const { data, error, isPending } = useQuery({
    queryKey: ['breakers'],
    queryFn: () => call<PageOf<Breaker>>('/circuit-breakers', { query: { limit: 500 } }),
    refetchInterval: 5000,
  })
  const reset = useMutation({
    mutationFn: ({ namespace, name }: Breaker) => call(`/circuit-breakers/${namespace}/${name}/reset`, { method: 'POST' }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['breakers'] }),
  })
  return (
    <Page title="Connectors">
      <Trouble error={error} title="The connectors cannot be listed" />
      <Trouble error={reset.error} title="It was not reset" />
      {isPending && <Waiting what="connectors" />}
      {data?.items.length === 0 && (
        <Empty title="There is no connector yet">
          A connector says where data lies, and how to get in: a folder, a database, a bucket, an API. Apply a document of kind <code>Connector</code>; its
          secrets are kept apart, and never shown.
        </Empty>
      )}
      {data !== undefined && data.items.length > 0 && (
        <Scroll label="Connectors and their circuit breakers">
          <Table verticalSpacing={6} miw={720}>
            <Table.Thead>
              <Table.Tr>
                {['Connector', 'Breaker', 'Failures in a row', 'Changed', 'Next trial', 'Last failure'].map((name) => (
                  <Table.Th key={name}>{name}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.items.map((one) => (
                <Table.Tr key={one.connector}>
                  <Table.Td>{one.connector}</Table.Td>
                  <Table.Td>
                    {one.state === null ? 'not known: Redis is away' : <Status status={one.state} />}{' '}
                    {may && one.state !== null && one.state !== 'closed' && (
                      <Button size="xs" variant="default" loading={reset.isPending} aria-label={`Reset ${one.connector}`} onClick={() => reset.mutate(one)}>
                        Reset
                      </Button>
                    )}
                  </Table.Td>
                  <Table.Td>
                    {one.failures ?? '–'} of {one.failuresToOpen}
                  </Table.Td>
                  <Table.Td>
                    <Moment at={one.changedAt} />
                  </Table.Td>
                  <Table.Td>
                    <Moment at={one.nextTrialAt} />
                  </Table.Td>
                  <Table.Td maw={320}>
                    <Text fz="sm" style={{ overflowWrap: 'anywhere' }}>
                      {one.error ?? ''}
                    </Text>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Scroll>
      )}
    </Page>
  )
}
