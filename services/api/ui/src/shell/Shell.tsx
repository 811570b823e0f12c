// The frame of all pages: where to go, light or dark, which clock, and who is signed in.
import { AppShell, Burger, Button, Group, NavLink, SegmentedControl, Stack, Text, useMantineColorScheme } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Suspense } from 'react'
import { Link, NavLink as RouteLink, Outlet } from 'react-router'
import { useSession, useSignOut } from '../api/session'
import { Waiting } from '../show/Page'
import { useZone } from '../show/zone'

const PAGES = [
  { to: '/runs', label: 'Runs' },
  { to: '/pipelines', label: 'Pipelines' },
  { to: '/quality', label: 'Quality' },
  { to: '/dead-letters', label: 'Dead letters' },
  { to: '/connectors', label: 'Connectors' },
  { to: '/editor', label: 'Write a recipe' },
]

export function Shell() {
  const [opened, { toggle, close }] = useDisclosure()
  const { data: session } = useSession()
  const signOut = useSignOut()
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 210, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding="md"
    >
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Pages" aria-expanded={opened} />
            <Text component={Link} to="/runs" fw={700} fz="lg" c="inherit" td="none">
              Penstock
            </Text>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <Text fz="sm" visibleFrom="xs">
              {session?.name} ({session?.role})
            </Text>
            <Button variant="default" size="xs" loading={signOut.isPending} onClick={() => signOut.mutate()}>
              Sign out
            </Button>
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Pages">
        <Stack justify="space-between" h="100%">
          <div>
            {PAGES.map(({ to, label }) => (
              <RouteLink key={to} to={to} onClick={close} style={{ textDecoration: 'none', color: 'inherit' }}>
                {({ isActive }) => <NavLink component="span" label={label} active={isActive} />}
              </RouteLink>
            ))}
          </div>
          <Choices />
        </Stack>
      </AppShell.Navbar>
      <AppShell.Main>
        <Suspense fallback={<Waiting what="the page" />}>
          <Outlet />
        </Suspense>
      </AppShell.Main>
    </AppShell>
  )
}

function Choices() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const { zone, choose } = useZone()
  return (
    <Stack gap="xs">
      <SegmentedControl
        aria-label="Clock"
        size="xs"
        value={zone}
        onChange={(chosen) => choose(chosen)}
        data={[
          { value: 'local', label: 'Local time' },
          { value: 'UTC', label: 'UTC' },
        ]}
      />
      <SegmentedControl
        aria-label="Colours"
        size="xs"
        value={colorScheme}
        onChange={(chosen) => setColorScheme(chosen)}
        data={[
          { value: 'light', label: 'Light' },
          { value: 'dark', label: 'Dark' },
          { value: 'auto', label: 'System' },
        ]}
      />
    </Stack>
  )
}
