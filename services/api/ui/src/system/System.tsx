// The installation as it is now: who is alive, what waits, who leads, and whether all holds that must.
import { Alert, Anchor, Badge, Button, Group, Paper, Progress, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { call } from '../api/call'
import { useMay, useSession } from '../api/session'
import { Heads } from '../show/List'
import { bytes, count, duration, UNKNOWN } from '../show/figures'
import { Page, Scroll, Waiting } from '../show/Page'
import { Status } from '../show/Status'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'
import { Doctor } from './Doctor'

const LOOK_AGAIN_MS = 5000

interface Process {
  name: string
  service: string
  labels: string[]
  slots: number
  busy: number
  memoryBytes: number | null
  version: string
  dropped: Record<string, number>
  leads: boolean
  startedAt: string
  seenAt: string
}
interface Installation {
  services: Process[]
  leader: string | null
  queues: { name: string; depth: number }[] | null
  runs: { queued: number; dependent: number; running: number; oldestSeconds: number | null }
  stages: { released: number; running: number; retrying: number }
  breakersOpen: { connector: string; state: string; failures: number; error: string | null }[] | null
  versions: { penstock: string; python: string; postgresql: string; redis: string | null; schema: string | null }
  plugins: { family: string; name: string; package: string; version: string; refused: string | null }[]
}

export default function System() {
  const { data: session } = useSession()
  // It looks at every namespace, so it answers only those who may see all.
  const examines = useMay('operator') && session?.namespaces === null
  const { data, error } = useQuery({ queryKey: ['system'], queryFn: () => call<Installation>('/system'), refetchInterval: LOOK_AGAIN_MS })
  return (
    <Page title="System">
      <Trouble error={error} title="The installation cannot be asked" />
      {data === undefined && error === null && <Waiting what="the installation" />}
      {data !== undefined && <Told found={data} />}
      {examines && <Doctor />}
    </Page>
  )
}

function Told({ found }: { found: Installation }) {
  const { runs, stages, versions } = found
  return (
    <Stack>
      {missing(found).map(({ title, said }) => (
        <Alert key={title} color="orange" variant="outline" title={title}>
          {said}
        </Alert>
      ))}
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }}>
        <Figure label="Runs running" value={count(runs.running)} to="/runs?status=RUNNING" />
        <Figure label="Runs queued" value={count(runs.queued)} to="/runs?status=QUEUED" />
        <Figure label="Runs that wait for others" value={count(runs.dependent)} />
        <Figure label="First in the queue waits" value={runs.oldestSeconds === null ? UNKNOWN : duration(runs.oldestSeconds * 1000)} />
        <Figure label="Stages running" value={count(stages.running)} />
        <Figure label="Stages that wait for a worker" value={`${count(stages.released)} and ${count(stages.retrying)} retrying`} />
      </SimpleGrid>
      <Services all={found.services} version={versions.penstock} />
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Queues queues={found.queues} />
        <Versions found={found} />
      </SimpleGrid>
      <Breakers open={found.breakersOpen} />
    </Stack>
  )
}

/** What an installation needs and this one lacks. */
function missing({ services, leader, queues }: Installation): { title: string; said: string }[] {
  const there = (service: string) => services.some((one) => one.service === service)
  return [
    { lacks: !there('worker'), title: 'No worker is alive', said: 'Stages wait until one is started. make status says what runs here, make up starts what does not.' },
    { lacks: !there('scheduler'), title: 'No scheduler is alive', said: 'Runs stay queued and no schedule fires until one is started.' },
    { lacks: there('scheduler') && leader === null, title: 'No scheduler leads', said: 'One takes over within seconds. If this stays, see the schedulers’ logs.' },
    { lacks: !there('quality'), title: 'No quality service is alive', said: 'Checks wait until one is started, and so does what they gate.' },
    { lacks: queues === null, title: 'Redis is away', said: 'Runs go on by the sweep, more slowly; breakers hold nobody back until it is back.' },
  ].filter(({ lacks }) => lacks)
}

function Figure({ label, value, to }: { label: string; value: string; to?: string }) {
  return (
    <Paper withBorder p="xs">
      <Text fz="sm" c="dimmed">
        {label}
      </Text>
      {to === undefined ? (
        <Text fw={600}>{value}</Text>
      ) : (
        <Anchor component={Link} to={to} fw={600}>
          {value}
        </Anchor>
      )}
    </Paper>
  )
}

function Services({ all, version }: { all: Process[]; version: string }) {
  return (
    <section aria-labelledby="services">
      <Title order={2} size="h4" id="services" mb="xs">
        Services
      </Title>
      <Scroll label="Services and their slots">
        <Table verticalSpacing={4} miw={820}>
          <Heads of={['Name', 'Service', 'Slots in use', 'Memory of a slot', 'Labels', 'Version', 'Since', 'Heard of', 'Could not tell']} />
          <Table.Tbody>
            {all.map((one) => (
              <Table.Tr key={`${one.service} ${one.name}`}>
                <Table.Td>{one.name}</Table.Td>
                <Table.Td>
                  <Group gap={6} wrap="nowrap">
                    {one.service}
                    {one.leads && (
                      <Badge variant="outline" size="sm" tt="none" style={{ flexShrink: 0 }}>
                        leader
                      </Badge>
                    )}
                  </Group>
                </Table.Td>
                <Table.Td miw={120}>{one.slots === 0 ? UNKNOWN : <Slots {...one} />}</Table.Td>
                <Table.Td>{bytes(one.memoryBytes)}</Table.Td>
                <Table.Td>{one.labels.join(', ')}</Table.Td>
                <Table.Td>
                  {one.version}
                  {one.version !== version && ` (the API is ${version})`}
                </Table.Td>
                <Table.Td>
                  <Moment at={one.startedAt} />
                </Table.Td>
                <Table.Td>
                  <Moment at={one.seenAt} />
                </Table.Td>
                <Table.Td>{dropped(one.dropped)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Scroll>
    </section>
  )
}

function Slots({ name, busy, slots }: Process) {
  return (
    <>
      <Text fz="sm">
        {busy} of {slots}
      </Text>
      <Progress value={(100 * busy) / slots} size="sm" aria-label={`Slots of ${name} in use`} />
    </>
  )
}

/** Log lines and the like that were lost on the way. */
function dropped(kinds: Record<string, number>): string {
  const said = Object.entries(kinds).filter(([, number]) => number > 0)
  return said.length === 0 ? 'nothing' : said.map(([kind, number]) => `${count(number)} ${kind}`).join(', ')
}

function Queues({ queues }: { queues: Installation['queues'] }) {
  return (
    <section aria-labelledby="queues">
      <Title order={2} size="h4" id="queues" mb="xs">
        Queues
      </Title>
      <Table verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Queue</Table.Th>
            <Table.Th>Messages that wait</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {(queues ?? []).map(({ name, depth }) => (
            <Table.Tr key={name}>
              <Table.Td>{name}</Table.Td>
              <Table.Td>{count(depth)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  )
}

const WHOSE = { penstock: 'Penstock', python: 'Python', postgresql: 'PostgreSQL', redis: 'Redis', schema: 'Newest migration' } as const

function Versions({ found: { versions, plugins } }: { found: Installation }) {
  return (
    <section aria-labelledby="versions">
      <Title order={2} size="h4" id="versions" mb="xs">
        Versions
      </Title>
      <Table verticalSpacing={4}>
        <Table.Tbody>
          {(Object.keys(WHOSE) as (keyof typeof WHOSE)[]).map((key) => (
            <Table.Tr key={key}>
              <Table.Th scope="row">{WHOSE[key]}</Table.Th>
              <Table.Td>{versions[key] ?? 'not known'}</Table.Td>
            </Table.Tr>
          ))}
          {plugins.map((one) => (
            <Table.Tr key={`${one.family} ${one.name}`}>
              <Table.Th scope="row">
                {one.name} ({one.family})
              </Table.Th>
              <Table.Td>
                {one.package} {one.version}
                {one.refused !== null && `, not used: ${one.refused}`}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  )
}

function Breakers({ open }: { open: Installation['breakersOpen'] }) {
  if (open === null) return null
  return (
    <section aria-labelledby="breakers">
      <Title order={2} size="h4" id="breakers" mb="xs">
        Breakers that are not closed
      </Title>
      {open.length === 0 && <Text c="dimmed">None: every connector is let through to.</Text>}
      <Stack gap="xs">
        {open.map((one) => (
          <Group key={one.connector} gap="sm">
            <Status status={one.state} />
            <Anchor component={Link} to={`/connectors/${one.connector}`}>
              {one.connector}
            </Anchor>
            <Text fz="sm">
              {one.failures} in a row. {one.error}
            </Text>
          </Group>
        ))}
      </Stack>
      <Button component={Link} to="/connectors" variant="default" size="xs" mt="xs">
        All connectors
      </Button>
    </section>
  )
}
