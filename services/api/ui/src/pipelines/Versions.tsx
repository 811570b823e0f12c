// Every version of a recipe: what two of them differ in, and bringing one back.
import { Button, Group, Stack, Table, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/call'
import { useMay } from '../api/session'
import type { Page, PipelineName, Version } from '../api/types'
import { Scroll, Waiting } from '../show/Page'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'
import classes from './Versions.module.css'

export function Versions({ namespace, name }: PipelineName) {
  const path = `/pipelines/${namespace}/${name}`
  const client = useQueryClient()
  const may = useMay('editor')
  const [compared, compare] = useState<number | null>(null)
  const { data, error } = useQuery({
    queryKey: ['pipeline', namespace, name, 'versions'],
    queryFn: () => call<Page<Version>>(`${path}/versions`, { query: { limit: 100 } }),
  })
  const restore = useMutation({
    mutationFn: (version: number) => call(`${path}/restore`, { method: 'POST', body: { version } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['pipeline', namespace, name] }),
  })
  if (error !== null) return <Trouble error={error} title="The versions cannot be listed" />
  if (data === undefined) return <Waiting what="versions" />
  return (
    <Stack>
      <Trouble error={restore.error} title="It was not restored" />
      <Scroll label="Versions">
        <Table verticalSpacing={4} miw={640}>
          <Table.Thead>
            <Table.Tr>
              {['Version', 'Saved', 'By', 'Message', 'What to do'].map((one) => (
                <Table.Th key={one}>{one}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.items.map((one) => (
              <Table.Tr key={one.version}>
                <Table.Td>
                  {one.version}
                  {one.current && ' (in force)'}
                  {!one.valid && ', a draft'}
                </Table.Td>
                <Table.Td>
                  <Moment at={one.savedAt} />
                </Table.Td>
                <Table.Td>{one.author}</Table.Td>
                <Table.Td>{one.message}</Table.Td>
                <Table.Td>
                  <Group gap="xs" wrap="nowrap">
                    {one.version > 1 && (
                      <Button size="xs" variant="default" onClick={() => compare(one.version)} aria-label={`Changes of version ${one.version}`}>
                        Changes
                      </Button>
                    )}
                    {may && !one.current && (
                      <Button
                        size="xs"
                        variant="default"
                        loading={restore.isPending && restore.variables === one.version}
                        onClick={() => restore.mutate(one.version)}
                        aria-label={`Restore version ${one.version}`}
                      >
                        Restore
                      </Button>
                    )}
                  </Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Scroll>
      {compared !== null && <Difference path={path} to={compared} />}
    </Stack>
  )
}

function Difference({ path, to }: { path: string; to: number }) {
  const { data, error } = useQuery({
    queryKey: ['diff', path, to],
    queryFn: () => call<{ from: number; to: number; unified: string }>(`${path}/diff`, { query: { from: to - 1, to } }),
    // Versions do not change.
    staleTime: Infinity,
  })
  if (error !== null) return <Trouble error={error} title="These versions cannot be compared" />
  if (data === undefined) return <Waiting what="the difference" />
  return (
    <div>
      <Text fw={600}>
        From version {data.from} to {data.to}
      </Text>
      {data.unified === '' ? (
        <Text c="dimmed">The texts are the same.</Text>
      ) : (
        <Scroll label={`Difference from version ${data.from} to ${data.to}`} height={420}>
          <pre className={classes.diff}>
            {data.unified.split('\n').map((line, number) => (
              <div key={number} className={classes[kind(line)]}>
                {line === '' ? ' ' : line}
              </div>
            ))}
          </pre>
        </Scroll>
      )}
    </div>
  )
}

function kind(line: string): 'head' | 'added' | 'removed' | 'same' {
  if (/^(\+\+\+|---|@@)/.test(line)) return 'head'
  return line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : 'same'
}
