// A statement: in lines that can be read, and copied as it ran.
import { Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Copy } from './Copy'
import { Scroll } from './Page'

export function Statement({ label, engine, children }: { label: string; engine: string | null; children: string }) {
  const { data } = useQuery({
    queryKey: ['formatted', engine, children],
    queryFn: async () => (await import('./sqlFormat')).formatted(children, engine),
    staleTime: Infinity,
  })
  return (
    <div>
      <Group justify="space-between" wrap="nowrap" mb={4}>
        <Text fz="sm" c="dimmed">
          {label}
        </Text>
        <Copy text={children} label={`Copy the statement: ${label}`} />
      </Group>
      <Scroll label={label} height={360}>
        <pre style={{ margin: 0, fontSize: 13, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
          <code>{data ?? children}</code>
        </pre>
      </Scroll>
    </div>
  )
}
