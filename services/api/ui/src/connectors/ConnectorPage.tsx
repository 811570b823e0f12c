// One connector: whether it works, what is in it, its breaker, its credential, its text and versions.
import { Alert, Button, Group, List, Paper, Tabs, Text } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useParams, useSearchParams } from 'react-router'
import { parse } from 'yaml'
import { call } from '../api/call'
import { useMay } from '../api/session'
import type { Breaker, Pipeline } from '../api/types'
import { UNKNOWN } from '../show/figures'
import { Page, Sql, Waiting } from '../show/Page'
import { Status } from '../show/Status'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'
import { Versions } from '../versions/Versions'
import { State, useReset } from './Breaker'
import { Credential } from './Credential'
import { looked, type Checked } from './look'
import { Objects } from './Objects'

// As a document of any kind is shown.
type Document = Omit<Pipeline, 'enabled'>

export default function ConnectorPage() {
  const { namespace = '', name = '' } = useParams()
  const [said, say] = useSearchParams()
  const looks = useMay('editor')
  const path = `/connectors/${namespace}/${name}`
  const { data, error } = useQuery({ queryKey: ['connector', namespace, name], queryFn: () => call<Document>(path) })
  const check = useMutation({ mutationFn: () => looked<Checked>(path, 'check') })
  const title = `${namespace}/${name}`
  if (error !== null && data === undefined) {
    return (
      <Page title={title}>
        <Trouble error={error} title="This connector cannot be shown" />
      </Page>
    )
  }
  if (data === undefined) return <Waiting what="the connector" />
  const { type, credential } = spoken(data.document)
  return (
    <Page
      key={path}
      title={title}
      actions={
        looks && (
          <>
            <Button loading={check.isPending} onClick={() => check.mutate()}>
              Check
            </Button>
            <Button component={Link} to={`${path}/edit`} variant="default">
              Edit
            </Button>
          </>
        )
      }
    >
      <Trouble error={error} title="What is shown here may be old" />
      <Text c="dimmed" fz="sm">
        {type ?? 'A connector'}, version {data.version}, by {data.author}
        {data.message !== '' && `: ${data.message}`}
      </Text>
      <Trouble error={check.error} title="It could not be checked" />
      <div aria-live="polite">{check.data !== undefined && <Tried checked={check.data} />}</div>
      <Standing namespace={namespace} name={name} />
      <Tabs value={said.get('tab') ?? (looks ? 'objects' : 'text')} onChange={(tab) => say({ tab: tab ?? 'text' }, { replace: true })} keepMounted={false}>
        <Tabs.List mb="sm">
          {looks && <Tabs.Tab value="objects">Tables and files</Tabs.Tab>}
          <Tabs.Tab value="text">Text</Tabs.Tab>
          {looks && <Tabs.Tab value="credential">Credential</Tabs.Tab>}
          <Tabs.Tab value="versions">Versions</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="objects">
          <Objects path={path} />
        </Tabs.Panel>
        <Tabs.Panel value="text">
          <Sql label="The connector's text">{data.document}</Sql>
        </Tabs.Panel>
        <Tabs.Panel value="credential">
          <Credential namespace={namespace} reference={credential} type={type} />
        </Tabs.Panel>
        <Tabs.Panel value="versions">
          <Versions path={path} queryKey={['connector', namespace, name]} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}

/** null where its text cannot be read here, such as one in TOML. */
function spoken(document: string): { type: string | null; credential: string | null } {
  try {
    const spec = (parse(document) as { spec?: Record<string, unknown> } | null)?.spec
    const text = (value: unknown) => (typeof value === 'string' ? value : null)
    return { type: text(spec?.type), credential: text(spec?.credential) }
  } catch {
    return { type: null, credential: null }
  }
}

function Tried({ checked: { ok, tried } }: { checked: Checked }) {
  return (
    <Alert color={ok ? 'green' : 'red'} variant="outline" title={ok ? 'It works' : 'It does not work'}>
      <List size="sm" listStyleType="none">
        {tried.map((one, number) => (
          <List.Item key={number} icon={<Status status={one.ok ? 'PASSED' : 'FAILED'} />}>
            {one.what}: {one.said}
          </List.Item>
        ))}
      </List>
    </Alert>
  )
}

/** Its circuit breaker. */
function Standing({ namespace, name }: { namespace: string; name: string }) {
  const { data, error } = useQuery({
    queryKey: ['breakers', namespace, name],
    queryFn: () => call<Breaker>(`/circuit-breakers/${namespace}/${name}`),
    refetchInterval: 5000,
  })
  const reset = useReset()
  if (error !== null) return <Trouble error={error} title="Its breaker is not known" />
  if (data === undefined) return null
  return (
    <Paper withBorder p="sm" component="section" aria-label="Circuit breaker">
      <Group gap="md">
        <State breaker={data} reset={reset} />
        <Text fz="sm">
          {data.failures ?? UNKNOWN} failures in a row; {data.failuresToOpen} open it
        </Text>
        {data.nextTrialAt !== null && (
          <Text fz="sm">
            Next trial <Moment at={data.nextTrialAt} />
          </Text>
        )}
      </Group>
      {data.error !== null && (
        <Text fz="sm" mt={4} style={{ overflowWrap: 'anywhere' }}>
          {data.error}
        </Text>
      )}
      <Trouble error={reset.error} title="It was not reset" />
    </Paper>
  )
}
