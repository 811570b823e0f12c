// What lists have in common: the heads of their columns, and how one gets to what is not shown yet.
import { Button, Group, Table } from '@mantine/core'
import type { More } from '../api/pages'

export function Heads({ of }: { of: readonly string[] }) {
  return (
    <Table.Thead>
      <Table.Tr>
        {of.map((name) => (
          <Table.Th key={name}>{name}</Table.Th>
        ))}
      </Table.Tr>
    </Table.Thead>
  )
}

/** Below what is shown, of `usePages`. */
export function Older({ more: { hasNextPage, isFetchingNextPage, fetchNextPage }, label = 'Older ones' }: { more: More; label?: string }) {
  if (!hasNextPage) return null
  return (
    <div>
      <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
        {label}
      </Button>
    </div>
  )
}

/** Instead of what is shown: one page after the other, which stands in the address. */
export function Turn({ cursor, next, say }: { cursor: string | null; next: string | null | undefined; say: (said: Record<string, string>) => void }) {
  return (
    <Group>
      {cursor !== null && (
        <Button variant="default" onClick={() => say({})}>
          First page
        </Button>
      )}
      {next != null && (
        <Button variant="default" onClick={() => say({ cursor: next })}>
          More
        </Button>
      )}
    </Group>
  )
}
