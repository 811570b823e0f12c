// What every page has: a heading, which is the window's title too, what can be done, and what it says while there is nothing to show.
import { Box, Center, Group, Loader, Paper, Stack, Text, Title } from '@mantine/core'
import { useEffect, type ReactNode, type Ref } from 'react'

export function Page({ title, heading, actions, children }: { title: string; heading?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Penstock`
  }, [title])
  return (
    <Stack gap="md">
      <Group justify="space-between" align="center" gap="sm">
        <Title order={1} size="h2">
          {heading ?? title}
        </Title>
        {actions !== undefined && <Group gap="xs" maw="100%">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  )
}

/** An empty list teaches how something gets into it. */
export function Empty({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Paper withBorder p="xl">
      <Stack gap="xs" maw={640}>
        <Text fw={600}>{title}</Text>
        <Text component="div" c="dimmed">
          {children}
        </Text>
      </Stack>
    </Paper>
  )
}

export function Waiting({ what }: { what: string }) {
  return (
    <Center p="xl">
      <Loader role="status" aria-label={`Loading ${what}`} />
    </Center>
  )
}

/** What may be wider or longer than its place; it can be reached and scrolled by the keyboard. */
export function Scroll({ label, height, ref, children }: { label: string; height?: number; ref?: Ref<HTMLDivElement>; children: ReactNode }) {
  return (
    <Box ref={ref} role="region" aria-label={label} tabIndex={0} style={{ overflow: 'auto', maxHeight: height }}>
      {children}
    </Box>
  )
}

export function Sql({ label, children }: { label: string; children: string }) {
  return (
    <Scroll label={label} height={320}>
      <pre style={{ margin: 0, fontSize: 13, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
        <code>{children}</code>
      </pre>
    </Scroll>
  )
}
