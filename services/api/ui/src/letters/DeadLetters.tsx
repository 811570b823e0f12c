// Rows that did not get through: looked for, corrected, waived, and run again through the node that rejected them.
import { Alert, Anchor, Button, Checkbox, Group, Select, Table, Text } from '@mantine/core'
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import { call } from '../api/call'
import { useMay } from '../api/session'
import type { DeadLetter, Page as PageOf } from '../api/types'
import { NONE, toggled } from '../show/chosen'
import { cell, count } from '../show/figures'
import { Filters, FilterText } from '../show/Filters'
import { Empty, Page, Scroll, Waiting } from '../show/Page'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'
import { Letter } from './Letter'
import { AskReplay, AskWaive, Following, type Meant, type Replays } from './Replay'

const NAMES = { pipeline: 'Pipeline', node: 'Node', run: 'Run', rule: 'Rule', contains: 'Reason contains' } as const
const FILTERS = ['pipeline', 'node', 'run', 'rule', 'contains', 'kind', 'state'] as const
// What the API wants at least one of, before it changes all that a filter finds.
const NARROW = ['pipeline', 'node', 'run', 'rule'] as const
// prettier-ignore
const KINDS = [
  { value: 'line', label: 'line of a file' }, { value: 'row', label: 'expression' }, { value: 'quality', label: 'rule' }, { value: 'sink', label: 'destination' },
]
const LIMIT = 50
// As many as the API takes by their ids.
const MOST = 500

export function DeadLetters() {
  const [said, say] = useSearchParams()
  const client = useQueryClient()
  const may = useMay('operator')
  const [chosen, choose] = useState(NONE)
  const [opened, open] = useState<DeadLetter | null>(null)
  const [asking, ask] = useState<{ verb: 'replay' | 'waive'; meant: Meant } | null>(null)
  const [replays, follow] = useState<Replays | null>(null)
  const [waived, sayWaived] = useState<number | null>(null)
  const query = Object.fromEntries([...FILTERS, 'cursor' as const].map((name) => [name, said.get(name)]))
  const { data, error, isPending } = useQuery({
    queryKey: ['letters', query],
    queryFn: () => call<PageOf<DeadLetter>>('/dead-letters', { query: { ...query, limit: LIMIT } }),
    placeholderData: keepPreviousData,
  })
  const again = () => client.invalidateQueries({ queryKey: ['letters'] })
  const change = (name: string, value: string | null) => {
    const next = new URLSearchParams(said)
    next.delete('cursor')
    if (value === null || value.trim() === '') next.delete(name)
    else next.set(name, value.trim())
    choose(NONE)
    say(next, { replace: true })
  }
  const turn = (cursor: string | null) => {
    const next = new URLSearchParams(said)
    if (cursor === null) next.delete('cursor')
    else next.set('cursor', cursor)
    say(next)
  }
  const filtered = FILTERS.some((name) => said.has(name))
  const meant = Object.fromEntries(FILTERS.flatMap((name) => (said.has(name) ? [[name, said.get(name) ?? '']] : [])))
  const whole = NARROW.some((name) => said.has(name))
  const here = data?.items.filter(({ id }) => chosen.has(id)).length ?? 0
  const done = async () => {
    ask(null)
    choose(NONE)
    await again()
  }
  const begin = (verb: 'replay' | 'waive', all: boolean) => ask({ verb, meant: all ? meant : { ids: [...chosen] } })
  return (
    <Page title="Dead letters">
      <Filters any={filtered}>
        {(['pipeline', 'node', 'run', 'rule', 'contains'] as const).map((name) => (
          <FilterText key={name} label={NAMES[name]} value={said.get(name) ?? ''} onSay={(value) => change(name, value)} />
        ))}
        <Select
          label="Rejected by"
          w={150}
          clearable
          clearButtonProps={{ 'aria-label': 'Rejected by anything' }}
          data={KINDS}
          value={said.get('kind')}
          onChange={(kind) => change('kind', kind)}
        />
        <Select
          label="State"
          w={130}
          clearable
          clearButtonProps={{ 'aria-label': 'Any state' }}
          data={['open', 'fixed', 'replayed', 'waived']}
          value={said.get('state')}
          onChange={(state) => change('state', state)}
        />
      </Filters>
      <Trouble error={error} title="The dead letters cannot be listed" />
      {replays !== null && <Following key={replays.runs[0]?.id} replays={replays} />}
      {waived !== null && (
        <Alert variant="outline" color="green" role="status" withCloseButton closeButtonLabel="Close" onClose={() => sayWaived(null)} title={`${count(waived)} waived`} />
      )}
      {may && data !== undefined && data.items.length > 0 && (
        <Group gap="sm" role="group" aria-label="The rows that are chosen">
          <Button size="xs" disabled={chosen.size === 0 || chosen.size > MOST} onClick={() => begin('replay', false)}>
            Replay {chosen.size > 0 ? chosen.size : ''}
          </Button>
          <Button size="xs" variant="default" disabled={chosen.size === 0 || chosen.size > MOST} onClick={() => begin('waive', false)}>
            Waive {chosen.size > 0 ? chosen.size : ''}
          </Button>
          {whole && (
            <>
              <Button size="xs" variant="default" onClick={() => begin('replay', true)}>
                Replay all of this filter
              </Button>
              <Button size="xs" variant="default" onClick={() => begin('waive', true)}>
                Waive all of this filter
              </Button>
            </>
          )}
          <Text fz="sm" c="dimmed" aria-live="polite">
            {chosen.size === 0
              ? whole
                ? 'Choose rows, or take all that the filter finds.'
                : 'Choose rows; or filter by pipeline, node, run or rule to take all of them.'
              : chosen.size > MOST
                ? `At most ${MOST} can be taken one by one; filter, and take all of the filter.`
                : chosen.size > here && `${chosen.size - here} of them on other pages.`}
          </Text>
        </Group>
      )}
      {isPending && <Waiting what="dead letters" />}
      {data?.items.length === 0 && (
        <Empty title={data.nextCursor !== null ? 'None among those that were looked through so far' : filtered ? 'No dead letter is like that' : 'Every row got through'}>
          A row that a source cannot read, an expression cannot compute, a rule rejects or a destination refuses is kept here, with the reason. It can be
          corrected and run again through the node that rejected it.
        </Empty>
      )}
      {data !== undefined && data.items.length > 0 && (
        <Scroll label="Dead letters">
          <Table verticalSpacing={4} fz="sm" miw={860}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>
                  <Checkbox
                    aria-label="Choose all of this page"
                    checked={data.items.every((one) => chosen.has(one.id))}
                    indeterminate={here > 0 && here < data.items.length}
                    onChange={(event) => {
                      const others = [...chosen].filter((id) => !data.items.some((one) => one.id === id))
                      choose(new Set([...others, ...(event.currentTarget.checked ? data.items.map((one) => one.id) : [])]))
                    }}
                  />
                </Table.Th>
                {['State', 'Node', 'Row', 'Reason', 'Rejected', 'Look'].map((name) => (
                  <Table.Th key={name}>{name}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.items.map((one) => (
                <Table.Tr key={one.id}>
                  <Table.Td>
                    <Checkbox
                      aria-label={`Choose dead letter ${one.id.slice(-8)}`}
                      checked={chosen.has(one.id)}
                      onChange={() => choose(toggled(chosen, one.id))}
                    />
                  </Table.Td>
                  <Table.Td>{one.state}</Table.Td>
                  <Table.Td>
                    <Anchor component={Link} to={`/runs/${one.run}?node=${encodeURIComponent(one.node)}`} fz="sm">
                      {one.pipeline.namespace}/{one.pipeline.name}: {one.node}
                    </Anchor>
                  </Table.Td>
                  <Table.Td maw={340}>
                    <Text ff="monospace" fz="xs" maw={330} truncate>
                      {cell(one.record ?? one.original_record)}
                    </Text>
                  </Table.Td>
                  <Table.Td maw={340} style={{ overflowWrap: 'anywhere' }}>
                    {one.error_message}
                  </Table.Td>
                  <Table.Td>
                    <Moment at={one.timestamp} />
                  </Table.Td>
                  <Table.Td>
                    <Button size="xs" variant="default" aria-label={`Open dead letter ${one.id.slice(-8)}`} onClick={() => open(one)}>
                      Open
                    </Button>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Scroll>
      )}
      <Group>
        {said.has('cursor') && (
          <Button variant="default" onClick={() => turn(null)}>
            Newest
          </Button>
        )}
        {data?.nextCursor != null && (
          <Button variant="default" onClick={() => turn(data.nextCursor)}>
            Older
          </Button>
        )}
      </Group>
      {opened !== null && <Letter key={opened.id} letter={opened} may={may} onClose={() => open(null)} onDone={again} />}
      {asking?.verb === 'replay' && (
        <AskReplay
          meant={asking.meant}
          onClose={() => ask(null)}
          onDone={(found) => {
            follow(found)
            void done()
          }}
        />
      )}
      {asking?.verb === 'waive' && (
        <AskWaive
          meant={asking.meant}
          onClose={() => ask(null)}
          onDone={({ letters }) => {
            sayWaived(letters)
            void done()
          }}
        />
      )}
    </Page>
  )
}
