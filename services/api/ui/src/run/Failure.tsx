// Why a run failed, at the top of its page: the error's own sentence, which names the remedy, the diagnosis, and the ways on.
import { Alert, Anchor, Button, Code, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { call } from '../api/call'
import { FAILED, FINAL } from '../api/runs'
import type { Page, DeadLetter, Run } from '../api/types'
import { Instead } from './Actions'
import { Diagnosis } from './Diagnosis'

export function Failure({ run, onChoose }: { run: Run; onChoose: (node: string) => void }) {
  const [asked, ask] = useState(false)
  const { data: letters } = useQuery({
    // Not below ['run', id]: each event would ask for them.
    queryKey: ['rejected', run.id, run.status],
    queryFn: () => call<Page<DeadLetter>>('/dead-letters', { query: { run: run.id, limit: 1 } }),
  })
  // Then the reason is told without being asked for.
  const failed = FAILED.has(run.status)
  const rejected = (letters?.items.length ?? 0) > 0 && (
    <Anchor component={Link} to={`/dead-letters?run=${run.id}`}>
      Look at the rows that did not get through
    </Anchor>
  )
  return (
    <>
      {run.error === null && rejected !== false && <Text>{rejected}</Text>}
      {run.error !== null && (
        <Alert color="red" variant="outline" role="alert" title={run.status === 'CANCELLED' ? 'It was cancelled' : 'Why it failed'}>
          <Stack gap="xs">
            <Text style={{ overflowWrap: 'anywhere' }}>{run.error.message ?? 'The run says no reason.'}</Text>
            {run.error.remedy != null && <Text fw={600}>{run.error.remedy}</Text>}
            <Group gap="md">
              <ToNode run={run} onChoose={onChoose} />
              {rejected}
              {failed && <Instead run={run} />}
              {run.error.code !== undefined && <Code>{run.error.code}</Code>}
            </Group>
          </Stack>
        </Alert>
      )}
      {(failed || asked) && <Diagnosis run={run} onChoose={onChoose} />}
      {!failed && !asked && run.status !== 'SUCCEEDED' && (
        <div>
          <Button size="compact-sm" variant="default" onClick={() => ask(true)}>
            {FINAL.has(run.status) ? 'Why did it not run to its end?' : 'Is something wrong?'}
          </Button>
        </div>
      )}
    </>
  )
}

function ToNode({ run, onChoose }: { run: Run; onChoose: (node: string) => void }) {
  const node = run.error?.node
  if (node == null || !run.nodes.some(({ id }) => id === node)) return null
  return (
    <Anchor component="button" type="button" onClick={() => onChoose(node)}>
      Open node {node}
    </Anchor>
  )
}
