// Log lines of a run, the newest last.
import { Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Problem, address } from '../api/call'
import { FINAL } from '../api/runs'
import type { LogLine, Run } from '../api/types'
import { Scroll } from '../show/Page'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'

const LOOK_AGAIN_MS = 2000
// More than these nobody reads in a page.
const MOST = 1000

export function Logs({ run }: { run: Run }) {
  return <LogLines run={run} node={null} />
}

export function LogLines({ run, node }: { run: Run; node: string | null }) {
  const { data, error } = useQuery({
    queryKey: ['logs', run.id],
    queryFn: () => lines(run.id),
    refetchInterval: FINAL.has(run.status) ? false : LOOK_AGAIN_MS,
  })
  const shown = (data ?? []).filter((line) => node === null || line.node === node || line.node === null)
  if (error !== null) return <Trouble error={error} title="The log lines cannot be read" />
  if (shown.length === 0) {
    return (
      <Text fz="sm" c="dimmed">
        No log line was written. What nodes do is told by their states and figures; log lines come from engines, functions and retries.
      </Text>
    )
  }
  return (
    <>
      {shown.length > MOST && (
        <Text fz="sm" c="dimmed">
          The last {MOST} of {shown.length} lines; `penstock logs {run.id}` has all.
        </Text>
      )}
      <Scroll label="Log lines" height={520}>
        <Table fz="xs" verticalSpacing={2}>
          <Table.Thead>
            <Table.Tr>
              {['Time', 'Level', 'Node', 'Message'].map((name) => (
                <Table.Th key={name}>{name}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.slice(-MOST).map((line) => (
              <Table.Tr key={line.id}>
                <Table.Td style={{ whiteSpace: 'nowrap' }}>
                  <Moment at={line.at} />
                </Table.Td>
                <Table.Td>{line.level}</Table.Td>
                <Table.Td>{line.node ?? ''}</Table.Td>
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

async function lines(run: string): Promise<LogLine[]> {
  const answer = await fetch(address(`/runs/${run}/logs`, { follow: 'false' }), { credentials: 'same-origin' })
  if (!answer.ok) throw new Problem(answer.status, `The server answered ${answer.status}. Load the page again.`)
  return (await answer.text())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LogLine)
}
