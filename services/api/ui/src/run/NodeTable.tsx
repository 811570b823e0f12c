// The nodes of a run as a table: what the graph shows, with all figures, for whoever reads rather than looks. Of many, those that are wanted.
import { Anchor, Button, Group, NativeSelect, Table, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Live } from '../api/live'
import type { Run, RunNode } from '../api/types'
import { Heads } from '../show/List'
import { count, duration } from '../show/figures'
import { Scroll } from '../show/Page'
import { look, Status } from '../show/Status'
import { RetryHere } from './Actions'
import { FEW, only, states, type Wanted } from './find'

// A table of a thousand rows takes a second to draw.
const AT_ONCE = 100
const TALL_PX = 560

/** `meant`: of the run's nodes, those that `wanted` finds. */
export function Finder({ run, meant, wanted, onWant }: { run: Run; meant: RunNode[]; wanted: Wanted; onWant: (name: 'find' | 'only', value: string) => void }) {
  // The address follows what is typed; it is not what is typed, since it may come later.
  const [text, setText] = useState(wanted.text)
  return (
    <Group align="end" gap="sm" mb="sm">
      <TextInput
        label="Find a node"
        w={200}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value)
          onWant('find', event.currentTarget.value)
        }}
      />
      <NativeSelect
        label="State"
        value={only(run, wanted)}
        onChange={(event) => onWant('only', event.currentTarget.value)}
        data={[
          { value: 'all', label: `any (${run.nodes.length})` },
          ...[...states(run)].map(([status, nodes]) => ({ value: status, label: `${look(status).word} (${nodes})` })),
        ]}
      />
      <Text fz="sm" c="dimmed" aria-live="polite">
        {meant.length === 0 ? 'No node is like that.' : `${count(meant.length)} of ${count(run.nodes.length)} nodes`}
      </Text>
    </Group>
  )
}

export function NodeTable({ run, nodes, live, onChoose }: { run: Run; nodes: RunNode[]; live: Live; onChoose: (node: string) => void }) {
  const [all, showAll] = useState(false)
  const shown = all ? nodes : nodes.slice(0, AT_ONCE)
  return (
    <>
      <Scroll label="Nodes of the run" {...(run.nodes.length > FEW ? { height: TALL_PX } : {})}>
        <Table verticalSpacing={4} fz="sm" miw={780}>
          <Heads of={['Node', 'State', 'Type', 'Engine', 'Rows in', 'Rows out', 'Rejected', 'Took', 'Attempts', 'Again']} />
          <Table.Tbody>
            {shown.map((node) => (
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
      {shown.length < nodes.length && (
        <div>
          <Button variant="default" onClick={() => showAll(true)}>
            Show all {count(nodes.length)}
          </Button>
        </div>
      )}
    </>
  )
}
