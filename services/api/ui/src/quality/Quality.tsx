// How good each dataset is: the newest check of each, the worst in plain sight.
import { Anchor, Button, Group, Table } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useSearchParams } from 'react-router'
import { call } from '../api/call'
import type { CheckSummary, Page as PageOf } from '../api/types'
import { Heads } from '../show/List'
import { count, UNKNOWN } from '../show/figures'
import { FilterText } from '../show/Filters'
import { Empty, Page, Scroll, Waiting } from '../show/Page'
import { Status } from '../show/Status'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'
import { datasetPage } from './address'

export function Quality() {
  const [said, say] = useSearchParams()
  const query = Object.fromEntries((['namespace', 'dataset', 'cursor'] as const).map((name) => [name, said.get(name)]))
  const { data, error, isPending } = useQuery({
    queryKey: ['quality', query],
    queryFn: () => call<PageOf<CheckSummary>>('/quality', { query: { ...query, limit: 100 } }),
    placeholderData: keepPreviousData,
  })
  const change = (name: string, value: string | null) => {
    const next = new URLSearchParams(said)
    if (name !== 'cursor') next.delete('cursor')
    if (value === null || value === '') next.delete(name)
    else next.set(name, value)
    say(next, { replace: name !== 'cursor' })
  }
  const filtered = said.has('namespace') || said.has('dataset') || said.has('cursor')
  return (
    <Page title="Quality">
      <Group align="end" gap="sm">
        <FilterText label="Namespace" value={said.get('namespace') ?? ''} onSay={(value) => change('namespace', value)} />
        <FilterText label="Dataset" placeholder="default/db:orders" value={said.get('dataset') ?? ''} onSay={(value) => change('dataset', value)} />
      </Group>
      <Trouble error={error} title="The checks cannot be listed" />
      {isPending && <Waiting what="quality" />}
      {data?.items.length === 0 && filtered && <Empty title="No dataset is like that">A dataset is called as its connector and its table or path, such as default/db:orders.</Empty>}
      {data?.items.length === 0 && !filtered && (
        <Empty title="Nothing was checked yet">
          A document of kind <code>DataQualityRuleSet</code> says what must hold of a dataset: that a column has no NULLs, that keys are unique, that values
          lie in a range. Every run that writes the dataset is then checked, and has a score from 0 to 100.
        </Empty>
      )}
      {data !== undefined && data.items.length > 0 && (
        <Scroll label="Datasets and their scores">
          <Table highlightOnHover verticalSpacing={6} miw={760}>
            <Heads of={['Score', 'Dataset', 'Looked at', 'Rules', 'Drift', 'Rows', 'Checked']} />
            <Table.Tbody>
              {data.items.map((one) => (
                <Table.Tr key={`${one.namespace} ${one.dataset} ${one.scope} ${one.ruleSet ?? ''}`}>
                  <Table.Td fw={600}>{one.score ?? UNKNOWN}</Table.Td>
                  <Table.Td>
                    <Anchor component={Link} to={datasetPage(one)}>
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
      <Group>
        {said.has('cursor') && (
          <Button variant="default" onClick={() => change('cursor', null)}>
            First
          </Button>
        )}
        {data?.nextCursor != null && (
          <Button variant="default" onClick={() => change('cursor', data.nextCursor)}>
            More
          </Button>
        )}
      </Group>
    </Page>
  )
}
