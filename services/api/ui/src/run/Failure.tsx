// Why a run failed, at the top of its page: the error's own sentence, which names the remedy, and the way to the node.
import { Alert, Anchor, Code, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { call } from '../api/call'
import type { Page, DeadLetter, Run } from '../api/types'

export function Failure({ run, onChoose }: { run: Run; onChoose: (node: string) => void }) {
  const { data: letters } = useQuery({
    // Not below ['run', id]: each event would ask for them.
    queryKey: ['rejected', run.id, run.status],
    queryFn: () => call<Page<DeadLetter>>('/dead-letters', { query: { run: run.id, limit: 1 } }),
  })
  const rejected = (letters?.items.length ?? 0) > 0 && (
    <Anchor component={Link} to={`/dead-letters?run=${run.id}`}>
      Look at the rows that did not get through
    </Anchor>
  )
  if (run.error === null) return rejected === false ? null : <Text>{rejected}</Text>
  const { message, code, node, remedy } = run.error
  return (
    <Alert color="red" variant="outline" role="alert" title={run.status === 'CANCELLED' ? 'It was cancelled' : 'Why it failed'}>
      <Stack gap="xs">
        <Text style={{ overflowWrap: 'anywhere' }}>{message ?? 'The run says no reason.'}</Text>
        {remedy != null && <Text fw={600}>{remedy}</Text>}
        <Group gap="md">
          {node != null && (
            <Anchor component="button" type="button" onClick={() => onChoose(node)}>
              Open node {node}
            </Anchor>
          )}
          {rejected}
          {code !== undefined && <Code>{code}</Code>}
        </Group>
      </Stack>
    </Alert>
  )
}
