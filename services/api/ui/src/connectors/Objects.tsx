// What is in a connector: its tables or files with their columns, and the first rows of one.
import { Alert, Button, Group, Stack, Table, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { Heads } from '../show/List'
import { count } from '../show/figures'
import { Empty, Scroll, Waiting } from '../show/Page'
import { Rows } from '../show/Rows'
import { Trouble } from '../show/Trouble'
import { looked, type Discovered, type FoundObject, type Previewed } from './look'

const MOST_SHOWN = 200

export function Objects({ path }: { path: string }) {
  const [wanted, want] = useState('')
  const [opened, open] = useState<string | null>(null)
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: ['discover', path],
    queryFn: () => looked<Discovered>(path, 'discover'),
    // A worker looks, at somebody's database: only when asked.
    staleTime: Infinity,
    retry: false,
  })
  const preview = useMutation({ mutationFn: (named: string) => previewed(path, named) })
  const show = (event: FormEvent) => {
    event.preventDefault()
    if (wanted.trim() !== '') preview.mutate(wanted.trim())
  }
  const items = (data?.items ?? []).filter(({ name }) => name.toLowerCase().includes(wanted.trim().toLowerCase()))
  return (
    <Stack>
      <form onSubmit={show}>
        <Group align="end">
          <TextInput label="Table or path" description="Filters the list; one that is not listed can be previewed, too" value={wanted} onChange={(event) => want(event.currentTarget.value)} />
          <Button type="submit" variant="default" loading={preview.isPending} disabled={wanted.trim() === ''}>
            First rows
          </Button>
          <Button variant="default" loading={isFetching} onClick={() => void refetch()}>
            Look again
          </Button>
        </Group>
      </form>
      <Trouble error={preview.error} title="Its rows cannot be shown" />
      {preview.data !== undefined && <Shown named={preview.variables ?? ''} found={preview.data} />}
      <Trouble error={error} title="What is in it cannot be listed" />
      {data === undefined && error === null && <Waiting what="tables and files; a worker looks" />}
      {data?.items.length === 0 && <Empty title="There is nothing in it">Or nothing that it may see. Name a table or path above to look at it all the same.</Empty>}
      {items.length > 0 && (
        <Scroll label="Tables and files" height={480}>
          <Table verticalSpacing={4} miw={560}>
            <Heads of={['Name', 'Columns', 'About how many rows', 'What to do']} />
            <Table.Tbody>
              {items.slice(0, MOST_SHOWN).map((one) => (
                <One key={one.name} found={one} opened={opened === one.name} onOpen={() => open(opened === one.name ? null : one.name)} onPreview={() => preview.mutate(one.name)} />
              ))}
            </Table.Tbody>
          </Table>
        </Scroll>
      )}
      {(items.length > MOST_SHOWN || data?.more === true) && <Text c="dimmed">There are others than those listed; type a part of the name.</Text>}
    </Stack>
  )
}

/** A table first: what is none may be a path. */
async function previewed(path: string, named: string): Promise<Previewed> {
  const isPath = /\.[a-z0-9]+$|[/*]/i.test(named)
  const tries: ('table' | 'path')[] = isPath ? ['path', 'table'] : ['table', 'path']
  let first: unknown
  for (const one of tries) {
    try {
      return await looked<Previewed>(path, 'preview', { [one]: named })
    } catch (error) {
      first ??= error
    }
  }
  throw first
}

function One({ found: { name, columns, keys, rows, failed }, opened, onOpen, onPreview }: { found: FoundObject; opened: boolean; onOpen: () => void; onPreview: () => void }) {
  return (
    <>
      <Table.Tr>
        <Table.Td style={{ overflowWrap: 'anywhere' }}>{name}</Table.Td>
        <Table.Td>{failed ?? columns.length}</Table.Td>
        <Table.Td>{count(rows)}</Table.Td>
        <Table.Td>
          <Group gap="xs" wrap="nowrap">
            <Button size="xs" variant="default" aria-label={`First rows of ${name}`} onClick={onPreview}>
              Rows
            </Button>
            <Button size="xs" variant="default" aria-label={`Columns of ${name}`} aria-expanded={opened} onClick={onOpen}>
              Columns
            </Button>
          </Group>
        </Table.Td>
      </Table.Tr>
      {opened && (
        <Table.Tr>
          <Table.Td colSpan={4}>
            <Table verticalSpacing={2} fz="sm">
              <Table.Tbody>
                {columns.map((one) => (
                  <Table.Tr key={one.name}>
                    <Table.Th scope="row">{one.name}</Table.Th>
                    <Table.Td>{one.type}</Table.Td>
                    <Table.Td>{one.vendorType ?? ''}</Table.Td>
                    <Table.Td>{one.nullable ? '' : 'never NULL'}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
            {keys.map((key) => (
              <Text key={key.join()} fz="sm">
                Unique: {key.join(', ')}
              </Text>
            ))}
          </Table.Td>
        </Table.Tr>
      )}
    </>
  )
}

function Shown({ named, found: { columns, rows } }: { named: string; found: Previewed }) {
  return (
    <Stack gap="xs" component="section" aria-label={`First rows of ${named}`}>
      <Text fw={600}>{named}</Text>
      {rows.length === 0 ? (
        <Alert variant="outline">It has no rows. Its columns: {columns.map(({ name, type }) => `${name} ${type}`).join(', ')}</Alert>
      ) : (
        <Rows label={`First rows of ${named}, secrets masked`} rows={rows} order={columns.map((one) => one.name)} />
      )}
    </Stack>
  )
}
