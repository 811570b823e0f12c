// How good each dataset is: the newest check of each, the worst in plain sight.
import { Anchor, Button, Table } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useSearchParams } from 'react-router'
import { call } from '../api/call'
import type { CheckSummary, Page as PageOf } from '../api/types'
import { count, UNKNOWN } from '../show/figures'
import { Empty, Page, Scroll, Waiting } from '../show/Page'
import { Status } from '../show/Status'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'

export function Quality() {
  const [said, say] = useSearchParams()
  const cursor = said.get('cursor')
  const { data, error, isPending } = useQuery({
    queryKey: ['quality', cursor],
    queryFn: () => call<PageOf<CheckSummary>>('/quality', { query: { cursor, limit: 100 } }),
    placeholderData: keepPreviousData,
  })
  return (
    <Page title="Quality">
      <Trouble error={error} title="The checks cannot be listed" />
      {isPending && <Waiting what="quality" />}
      {data?.items.length === 0 && (
        <Empty title="Nothing was checked yet">
          A document of kind <code>DataQualityRuleSet</code> says what must hold of a dataset: that a column has no NULLs, that keys are unique, that values
          lie in a range. Every run that writes the dataset is then checked, and has a score from 0 to 100.
        </Empty>
      )}
      {data !== undefined && data.items.length > 0 && (
        <Scroll label="Datasets and their scores">
          <Table highlightOnHover verticalSpacing={6} miw={760}>
            <Table.Thead>
              <Table.Tr>
                {['Score', 'Dataset', 'Looked at', 'Rules', 'Drift', 'Rows', 'Checked'].map((name) => (
                  <Table.Th key={name}>{name}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.items.map((one) => (
                <Table.Tr key={`${one.namespace} ${one.dataset} ${one.scope} ${one.ruleSet ?? ''}`}>
                  <Table.Td fw={600}>{one.score ?? UNKNOWN}</Table.Td>
                  <Table.Td>
                    <Anchor component={Link} to={addressOf(one)}>
                      {one.dataset}
                    </Anchor>
                  </Table.Td>
                  <Table.Td>
                    {one.scope === 'batch' ? 'what a run wrote' : 'all that is there'}
                    {one.ruleSet !== null && `, by ${one.ruleSet}`}
                  </Table.Td>
                  <Table.Td>
                    {one.failed + one.errors === 0 ? <Status status="PASSED" /> : <Status status={one.failed > 0 ? 'FAILED' : 'ERROR'} />} {one.passed} of{' '}
                    {one.passed + one.failed + one.errors}
                  </Table.Td>
                  <Table.Td>{one.drift ?? ''}</Table.Td>
                  <Table.Td>{count(one.rows)}</Table.Td>
                  <Table.Td>
                    <Moment at={one.at} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Scroll>
      )}
      {data?.nextCursor != null && (
        <div>
          <Button variant="default" onClick={() => say({ cursor: data.nextCursor ?? '' })}>
            More
          </Button>
        </div>
      )}
    </Page>
  )
}

function addressOf({ namespace, dataset, scope, ruleSet }: CheckSummary): string {
  return `/quality/${namespace}/${dataset}?${new URLSearchParams({ scope, ruleSet: ruleSet ?? '' }).toString()}`
}
