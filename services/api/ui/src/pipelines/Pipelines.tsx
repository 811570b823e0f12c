// All pipelines: how each went last, when it fires next, and how good its data was.
import { Anchor, Button, Group, Table, Text } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import { call } from '../api/call'
import { useMay } from '../api/session'
import type { ListedPipeline, Page as PageOf, PipelineName } from '../api/types'
import { Heads, Turn } from '../show/List'
import { UNKNOWN } from '../show/figures'
import { FilterText } from '../show/Filters'
import { Empty, Page, Scroll, Waiting } from '../show/Page'
import { Status } from '../show/Status'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'
import { StartRun } from './StartRun'

const LIMIT = 100
const LOOK_AGAIN_MS = 10_000

export default function Pipelines() {
  const [said, say] = useSearchParams()
  const query = { namespace: said.get('namespace'), name: said.get('name'), cursor: said.get('cursor') }
  const filtered = query.namespace !== null || query.name !== null
  const [starting, start] = useState<PipelineName | null>(null)
  const mayStart = useMay('operator')
  const { data, error, isPending } = useQuery({
    queryKey: ['pipelines', query],
    queryFn: () => call<PageOf<ListedPipeline>>('/pipelines', { query: { ...query, limit: LIMIT } }),
    placeholderData: keepPreviousData,
    refetchInterval: LOOK_AGAIN_MS,
  })
  const turn = (change: Record<string, string>) => {
    const next = new URLSearchParams(said)
    next.delete('cursor')
    for (const [name, value] of Object.entries(change)) {
      if (value === '') next.delete(name)
      else next.set(name, value)
    }
    return next
  }
  return (
    <Page
      title="Pipelines"
      actions={
        <Button component={Link} to="/editor" variant="default">
          Write a recipe
        </Button>
      }
    >
      <Group align="end" gap="sm">
        <FilterText label="Namespace" value={query.namespace ?? ''} onSay={(namespace) => say(turn({ namespace }), { replace: true })} />
        <FilterText label="Name" value={query.name ?? ''} onSay={(name) => say(turn({ name }), { replace: true })} />
      </Group>
      <Trouble error={error} title="The pipelines cannot be listed" />
      {isPending && <Waiting what="pipelines" />}
      {data?.items.length === 0 && filtered && <Empty title="No pipeline is like that">Take a filter away, or look whether the name is spelt as in the recipe.</Empty>}
      {data?.items.length === 0 && !filtered && (
        <Empty title="There is no pipeline yet">
          A pipeline is a recipe: one YAML file that names its sources, its steps and its destinations.{' '}
          <Anchor component={Link} to="/editor" inherit>
            Write one here
          </Anchor>
          , or send a file with <code>penstock apply recipe.yaml</code>.
        </Empty>
      )}
      {data !== undefined && data.items.length > 0 && (
        <Scroll label="Pipelines">
          <Table highlightOnHover verticalSpacing={6} miw={760}>
            <Heads of={['Pipeline', 'Last run', 'Next fire', 'Quality', 'Version', 'Starts by itself', 'Start it']} />
            <Table.Tbody>
              {data.items.map((one) => (
                <Table.Tr key={`${one.namespace}/${one.name}`}>
                  <Table.Td>
                    <Anchor component={Link} to={`/pipelines/${one.namespace}/${one.name}`}>
                      {one.namespace}/{one.name}
                    </Anchor>
                  </Table.Td>
                  <Table.Td>
                    {one.lastRun === null ? (
                      <Text c="dimmed" fz="sm">
                        never
                      </Text>
                    ) : (
                      <Anchor component={Link} to={`/runs/${one.lastRun.id}`} c="inherit">
                        <Status status={one.lastRun.status} />
                      </Anchor>
                    )}
                  </Table.Td>
                  <Table.Td>
                    <Moment at={one.nextFireAt} />
                  </Table.Td>
                  <Table.Td>{one.qualityScore ?? UNKNOWN}</Table.Td>
                  <Table.Td>
                    {one.version}
                    {!one.valid && ', a draft'}
                  </Table.Td>
                  <Table.Td>{one.enabled === null ? 'not valid yet' : !one.enabled ? 'no, disabled' : one.nextFireAt === null ? 'not by a schedule' : 'yes'}</Table.Td>
                  <Table.Td>
                    {mayStart && (
                      <Button size="xs" variant="default" aria-label={`Start ${one.name}`} onClick={() => start(one)}>
                        Start
                      </Button>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Scroll>
      )}
      <Turn cursor={query.cursor} next={data?.nextCursor} say={(change) => say(turn(change))} />
      {starting !== null && <StartRun pipeline={starting} onClose={() => start(null)} />}
    </Page>
  )
}
