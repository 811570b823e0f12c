// The frame of all pages: where to go, light or dark, which clock, and who is signed in.
import { AppShell, Anchor, Burger, Button, Group, Kbd, NavLink, ScrollArea, SegmentedControl, Stack, Text, useMantineColorScheme } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Suspense, useEffect, useRef } from 'react'
import { Link, NavLink as RouteLink, Outlet, useLocation } from 'react-router'
import { useMay, useSession, useSignOut } from '../api/session'
import { leave } from '../editor/unsaved'
import { openSearch, Search } from '../search/Search'
import { Waiting } from '../show/Page'
import { useZone } from '../show/zone'
import { PAGES } from './pages'
import classes from './Shell.module.css'

export function Shell() {
  const [opened, { toggle, close }] = useDisclosure()
  const { data: session } = useSession()
  const signOut = useSignOut()
  const admin = useMay('admin')
  const main = useRef<HTMLElement>(null)
  const { pathname } = useLocation()
  // Another page begins at its top.
  useEffect(() => {
    window.scrollTo(0, 0)
  }, [pathname])
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 210, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding="md"
    >
      <Anchor href="#main" className={classes.skip ?? ''} onClick={(event) => {
          event.preventDefault()
          main.current?.focus()
        }}
      >
        Skip to the page
      </Anchor>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Pages" aria-expanded={opened} />
            <Text component={Link} to="/runs" fw={700} fz="lg" c="inherit" td="none">
              Penstock
            </Text>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <Button variant="default" size="xs" onClick={openSearch} aria-keyshortcuts="Control+K Meta+K /">
              Search
              <Kbd size="xs" ml={6} visibleFrom="sm" aria-hidden>
                Ctrl K
              </Kbd>
            </Button>
            <Text fz="sm" visibleFrom="xs">
              {session?.name} ({session?.role})
            </Text>
            <Button variant="default" size="xs" loading={signOut.isPending} onClick={() => leave(() => signOut.mutate())}>
              Sign out
            </Button>
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Pages">
        <AppShell.Section grow component={ScrollArea}>
          {PAGES.filter(({ role }) => role !== 'admin' || admin).map(({ to, label }) => (
            <RouteLink key={to} to={to} onClick={close} style={{ textDecoration: 'none', color: 'inherit' }}>
              {({ isActive }) => <NavLink component="span" label={label} active={isActive} />}
            </RouteLink>
          ))}
        </AppShell.Section>
        <AppShell.Section pt="xs">
          <Choices />
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main ref={main} id="main" tabIndex={-1} className={classes.main ?? ''}>
        <Suspense fallback={<Waiting what="the page" />}>
          <Outlet />
        </Suspense>
      </AppShell.Main>
      <Search />
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
