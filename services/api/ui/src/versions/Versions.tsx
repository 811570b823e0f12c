// Every version of a document: any two side by side, and bringing one back.
import { Button, Group, Select, Stack, Table, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { call } from '../api/call'
import { usePages } from '../api/pages'
import { useMay } from '../api/session'
import type { Version } from '../api/types'
import { Heads, Older } from '../show/List'
import { Scroll, Waiting } from '../show/Page'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'

const SideBySide = lazy(() => import('../show/SideBySide'))

interface Props {
  /** Of the API: /pipelines/{namespace}/{name}, or /connectors/…. */
  path: string
  /** What is asked again once a version was restored. */
  queryKey: string[]
}

export function Versions({ path, queryKey }: Props) {
  const client = useQueryClient()
  const may = useMay('editor')
  const [compared, compare] = useState<[number, number] | null>(null)
  const { items, error, more } = usePages<Version>([...queryKey, 'versions'], `${path}/versions`, { limit: 50 })
  const restore = useMutation({
    mutationFn: (version: number) => call(`${path}/restore`, { method: 'POST', body: { version } }),
    onSuccess: () => client.invalidateQueries({ queryKey }),
  })
  if (error !== null) return <Trouble error={error} title="The versions cannot be listed" />
  if (items === undefined) return <Waiting what="versions" />
  const numbers = items.map(({ version }) => String(version))
  return (
    <Stack>
      <Trouble error={restore.error} title="It was not restored" />
      <Scroll label="Versions" height={360}>
        <Table verticalSpacing={4} miw={640}>
          <Heads of={['Version', 'Saved', 'By', 'Message', 'What to do']} />
          <Table.Tbody>
            {items.map((one) => (
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
                      <Button
                        size="xs"
                        variant="default"
                        onClick={() => compare([one.version - 1, one.version])}
                        aria-label={`Changes of version ${one.version}`}
                      >
                        Changes
                      </Button>
                    )}
                    {may && !one.current && (
                      <Button
                        size="xs"
                        variant="default"
                        loading={restore.isPending && restore.variables === one.version}
                        disabled={restore.isPending}
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
      <Older more={more} label="Older versions" />
      {compared === null && items.length > 1 && <Text c="dimmed">Changes shows what a version changed, beside the one before it; then any two can be chosen.</Text>}
      {compared !== null && (
        <>
          <Group>
            <Select label="From version" data={numbers} value={String(compared[0])} allowDeselect={false} onChange={(one) => compare([Number(one), compared[1]])} />
            <Select label="To version" data={numbers} value={String(compared[1])} allowDeselect={false} onChange={(one) => compare([compared[0], Number(one)])} />
          </Group>
          <Difference path={path} from={compared[0]} to={compared[1]} />
        </>
      )}
    </Stack>
  )
}

function Difference({ path, from, to }: { path: string; from: number; to: number }) {
  const before = useText(path, from)
  const after = useText(path, to)
  const error = before.error ?? after.error
  if (error !== null) return <Trouble error={error} title="These versions cannot be compared" />
  if (before.data === undefined || after.data === undefined) return <Waiting what="the difference" />
  if (before.data.document === after.data.document) return <Text c="dimmed">The texts are the same.</Text>
  return (
    <Suspense fallback={<Waiting what="the difference" />}>
      <SideBySide before={{ label: `Version ${from}`, text: before.data.document }} after={{ label: `Version ${to}`, text: after.data.document }} />
    </Suspense>
  )
}

function useText(path: string, version: number) {
  return useQuery({
    queryKey: ['version', path, version],
    queryFn: () => call<{ document: string }>(`${path}/versions/${version}`),
    // Versions do not change.
    staleTime: Infinity,
  })
}
