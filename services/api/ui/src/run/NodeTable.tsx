// The nodes of a run as a table: what the graph shows, with all figures, for whoever reads rather than looks.
import { Anchor, Table } from '@mantine/core'
import type { Live } from '../api/live'
import type { Run } from '../api/types'
import { Heads } from '../show/List'
import { count, duration } from '../show/figures'
import { Scroll } from '../show/Page'
import { Status } from '../show/Status'
import { RetryHere } from './Actions'

export function NodeTable({ run, live, onChoose }: { run: Run; live: Live; onChoose: (node: string) => void }) {
  return (
    <Scroll label="Nodes of the run">
      <Table verticalSpacing={4} fz="sm" miw={780}>
        <Heads of={['Node', 'State', 'Type', 'Engine', 'Rows in', 'Rows out', 'Rejected', 'Took', 'Attempts', 'Again']} />
        <Table.Tbody>
          {run.nodes.map((node) => (
            <Table.Tr key={node.id}>
              <Table.Td>
                <Anchor component="button" type="button" fz="sm" onClick={() => onChoose(node.id)}>
                  {node.id}
                </Anchor>
              </Table.Td>
              <Table.Td>
                <Status status={node.status} />
              </Table.Td>
              <Table.Td>{node.type}</Table.Td>
              <Table.Td title={node.engineWhy ?? undefined}>{node.engine ?? ''}</Table.Td>
              <Table.Td>{count(node.rowsIn)}</Table.Td>
              <Table.Td>{node.status === 'RUNNING' && node.id in live.rows ? `${count(live.rows[node.id])} so far` : count(node.rowsOut)}</Table.Td>
              <Table.Td>{count(node.rowsRejected)}</Table.Td>
              <Table.Td>{duration(node.durationMs)}</Table.Td>
              <Table.Td>{node.attempts}</Table.Td>
              <Table.Td>
                <RetryHere run={run} node={node.id} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Scroll>
  )
}
