// Log lines of a run, the newest last.
import { Checkbox, Group, Table, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useLayoutEffect, useRef, useState } from 'react'
import { serverNow } from '../api/clock'
import { FINAL } from '../api/runs'
import type { Run } from '../api/types'
import { Heads } from '../show/List'
import { count } from '../show/figures'
import { FilterText } from '../show/Filters'
import { Scroll, Waiting } from '../show/Page'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'
import { NOTHING, readLines, type Read, type Sought } from './loglines'

const LOOK_AGAIN_MS = 2000
// For so long after its end, lines of a run may still be written.
const STRAGGLERS_MS = 10_000
// So near to the end is at it.
const NEAR_PX = 40

export function Logs({ run }: { run: Run }) {
  return <LogLines run={run} node={null} />
}

export function LogLines({ run, node }: { run: Run; node: string | null }) {
  const [text, setText] = useState('')
  const [severe, setSevere] = useState(false)
  return (
    <>
      <Group align="end" gap="sm" mb="sm">
        <FilterText label="Lines with" value={text} onSay={setText} />
        <Checkbox mb={8} label="Warnings and errors only" checked={severe} onChange={(event) => setSevere(event.currentTarget.checked)} />
      </Group>
      <Found run={run} sought={{ node, stage: run.nodes.find(({ id }) => id === node)?.stage ?? null, text, severe }} />
    </>
  )
}

function Found({ run, sought }: { run: Run; sought: Sought }) {
  const client = useQueryClient()
  const region = useRef<HTMLDivElement>(null)
  const ended = FINAL.has(run.status)
  // Of a run that has ended they are read once more from the start.
  const key = ['logs', run.id, sought, ended]
  const { data, error } = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => readLines(run.id, sought, client.getQueryData<Read>(key) ?? NOTHING, signal),
    refetchInterval: () => (ended && serverNow() - Date.parse(run.finishedAt ?? '') > STRAGGLERS_MS ? false : LOOK_AGAIN_MS),
    placeholderData: (before) => before,
  })
  // The newest are at the end; whoever has gone up to read stays there.
  const last = data?.lines.at(-1)?.id
  const atEnd = useRef(true)
  useLayoutEffect(() => {
    const box = region.current
    if (box === null) return
    if (atEnd.current) box.scrollTop = box.scrollHeight
    const moved = () => (atEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX)
    box.addEventListener('scroll', moved)
    return () => box.removeEventListener('scroll', moved)
  }, [last])
  if (error !== null && data === undefined) return <Trouble error={error} title="The log lines cannot be read" />
  if (data === undefined) return <Waiting what="the log lines" />
  const { lines, total } = data
  if (total === 0) {
    return (
      <Text fz="sm" c="dimmed">
        {sought.text !== '' || sought.severe
          ? 'No line is like that.'
          : 'No log line was written. What nodes do is told by their states and figures; log lines come from engines, functions and retries.'}
      </Text>
    )
  }
  return (
    <>
      {total > lines.length && (
        <Text fz="sm" c="dimmed">
          The last {count(lines.length)} of {count(total)} lines; <code>penstock logs {run.id}</code> has all.
        </Text>
      )}
      <Scroll ref={region} label="Log lines" height={520}>
        <Table fz="xs" verticalSpacing={2}>
          <Heads of={['Time', 'Level', 'Node', 'Message']} />
          <Table.Tbody>
            {lines.map((line) => (
              <Table.Tr key={line.id}>
                <Table.Td style={{ whiteSpace: 'nowrap' }}>
                  <Moment at={line.at} />
                </Table.Td>
                <Table.Td>{line.level}</Table.Td>
                <Table.Td style={{ whiteSpace: 'nowrap' }}>{line.node ?? (line.stage === null ? '' : `stage ${line.stage}`)}</Table.Td>
                <Table.Td ff="monospace" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
                  {line.message}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Scroll>
    </>
  )
}
