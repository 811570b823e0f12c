// Connectors, and the breaker of each: closed lets everybody through, open nobody, half-open one trial.
import { Anchor, Button, Table, Text } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useSearchParams } from 'react-router'
import { call } from '../api/call'
import { useMay } from '../api/session'
import type { Breaker, Page as PageOf } from '../api/types'
import { Heads, Turn } from '../show/List'
import { UNKNOWN } from '../show/figures'
import { Empty, Page, Scroll, Waiting } from '../show/Page'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'
import { State, useReset } from './Breaker'

const LIMIT = 100

export default function Connectors() {
  const [said, say] = useSearchParams()
  const cursor = said.get('cursor')
  const writes = useMay('editor')
  const { data, error, isPending } = useQuery({
    queryKey: ['breakers', cursor],
    queryFn: () => call<PageOf<Breaker>>('/circuit-breakers', { query: { cursor, limit: LIMIT } }),
    placeholderData: keepPreviousData,
    refetchInterval: 5000,
  })
  const reset = useReset()
  return (
    <Page
      title="Connectors"
      actions={
        writes && (
          <Button component={Link} to="/editor" variant="default">
            Write a connector
          </Button>
        )
      }
    >
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
            <Heads of={['Connector', 'Breaker', 'Failures in a row', 'Changed', 'Next trial', 'Last failure']} />
            <Table.Tbody>
              {data.items.map((one) => (
                <Table.Tr key={one.connector}>
                  <Table.Td>
                    <Anchor component={Link} to={`/connectors/${one.connector}`}>
                      {one.connector}
                    </Anchor>
                  </Table.Td>
                  <Table.Td>
                    <State breaker={one} reset={reset} />
                  </Table.Td>
                  <Table.Td>
                    {one.failures ?? UNKNOWN} of {one.failuresToOpen}
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
      <Turn cursor={cursor} next={data?.nextCursor} say={say} />
    </Page>
  )
}
