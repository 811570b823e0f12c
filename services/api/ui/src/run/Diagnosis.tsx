// The diagnosis of a run: likely causes with what they rest on, what to do, and a corrected text. Nothing is applied from here.
import { Alert, Anchor, Badge, Button, Code, Group, List, Paper, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Fragment, lazy, Suspense } from 'react'
import { Link, useNavigate } from 'react-router'
import { call } from '../api/call'
import { FAILED, FINAL } from '../api/runs'
import { useMay } from '../api/session'
import type { Diagnosis as Made, DiagnosisFinding, Fix, PipelineName, Run } from '../api/types'
import { Copy } from '../show/Copy'
import { Waiting } from '../show/Page'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'
import { propose } from '../editor/draft'

const SideBySide = lazy(() => import('../show/SideBySide'))
// Of a run that goes on, when somebody comes back to the page.
const LOOK_AGAIN_MS = 5000

interface Props {
  run: Run
  onChoose: (node: string) => void
}

export function Diagnosis({ run, onChoose }: Props) {
  const { data, error } = useQuery({
    // A run that was retried and failed again has another one. Not below ['run', id]: each event would ask for it.
    queryKey: ['diagnosis', run.id, run.status, run.finishedAt],
    queryFn: () => call<Made>(`/runs/${run.id}/diagnose`, { method: 'POST', body: {} }),
    staleTime: FINAL.has(run.status) ? Infinity : LOOK_AGAIN_MS,
  })
  if (error !== null && data === undefined) return <Trouble error={error} title="It could not be diagnosed" />
  if (data === undefined) return <Waiting what="the diagnosis" />
  return (
    <Paper withBorder p="sm" component="section" aria-label="Diagnosis">
      <Stack gap="sm">
        <Title order={2} size="h4">
          {FAILED.has(run.status) ? 'What probably went wrong' : 'What is known of it'}
        </Title>
        {data.findings.length === 0 && <Text>{data.summary}</Text>}
        {data.findings.map((finding, number) => (
          <Finding key={`${finding.cause} ${number}`} run={run} finding={finding} first={number === 0} onChoose={onChoose} />
        ))}
        <Before made={data} />
        {data.assistantAvailable && <Assistant run={run} />}
      </Stack>
    </Paper>
  )
}

function Finding({ run, finding, first, onChoose }: Props & { finding: DiagnosisFinding; first: boolean }) {
  return (
    <details open={first}>
      <summary>
        <Text span fw={600}>
          {finding.title}
        </Text>{' '}
        <Badge variant="outline" color={finding.confidence === 'possible' ? 'orange' : 'blue'} tt="none">
          {finding.confidence}
        </Badge>
      </summary>
      <Stack gap="xs" mt="xs" pl="md">
        <Text style={{ overflowWrap: 'anywhere' }}>{finding.sentence}</Text>
        {finding.evidence.length > 0 && (
          <div>
            <Text fz="sm" fw={600}>
              It rests on
            </Text>
            <List size="sm">
              {finding.evidence.map((one, number) => (
                <List.Item key={number} style={{ overflowWrap: 'anywhere' }}>
                  <Where run={run} where={one.where} onChoose={onChoose} />: <Code style={{ whiteSpace: 'pre-wrap' }}>{one.what}</Code>
                </List.Item>
              ))}
            </List>
          </div>
        )}
        {finding.steps.length > 0 && (
          <div>
            <Text fz="sm" fw={600}>
              What to do
            </Text>
            <List type="ordered" size="sm">
              {finding.steps.map((step, number) => (
                <List.Item key={number}>
                  <Step run={run.id}>{step}</Step>
                </List.Item>
              ))}
            </List>
          </div>
        )}
        {finding.fix !== null && <Correction run={run} fix={finding.fix} />}
      </Stack>
    </details>
  )
}

/** What stands between backticks is code; the RUN of a command is this run. */
function Step({ run, children }: { run: string; children: string }) {
  return children.split('`').map((part, number) =>
    number % 2 === 0 ? (
      <Fragment key={number}>{part}</Fragment>
    ) : (
      <Code key={number} style={{ overflowWrap: 'anywhere' }}>
        {part.startsWith('penstock ') ? part.replace(/\bRUN\b/, run) : part}
      </Code>
    ),
  )
}

/** A node of the run can be opened from what names it. */
function Where({ run, where, onChoose }: Pick<Props, 'run' | 'onChoose'> & { where: string }) {
  const node = run.nodes.find(({ id }) => where === `node ${id}`)?.id
  if (node === undefined) return <>{where}</>
  return (
    <Anchor component="button" type="button" fz="sm" onClick={() => onChoose(node)}>
      {where}
    </Anchor>
  )
}

function Correction({ run, fix }: { run: Run; fix: Fix }) {
  return (
    <Stack gap={6}>
      <Text fz="sm">
        <Text span fw={600} inherit>
          A correction
        </Text>{' '}
        {fix.applies}. It was checked as any recipe is, and has not been run; nothing is changed before you apply it.
      </Text>
      {fix.kind === 'yaml' ? (
        <Recipe run={run} text={fix.text} />
      ) : (
        <Code block tabIndex={0}>
          {fix.text}
        </Code>
      )}
      <Group gap="xs">
        {fix.kind === 'yaml' && <OpenInEditor pipeline={run.pipeline} text={fix.text} />}
        <Copy text={fix.text}>{fix.kind === 'yaml' ? 'Copy the recipe' : 'Copy it'}</Copy>
      </Group>
    </Stack>
  )
}

function Recipe({ run, text }: { run: Run; text: string }) {
  const { namespace, name } = run.pipeline
  const { data, error } = useQuery({
    queryKey: ['pipeline', namespace, name, 'version', run.version],
    queryFn: () => call<{ document: string; current: boolean }>(`/pipelines/${namespace}/${name}/versions/${run.version}`),
    staleTime: Infinity,
  })
  if (error !== null) {
    return (
      <Code block tabIndex={0}>
        {text}
      </Code>
    )
  }
  if (data === undefined) return <Waiting what="the recipe" />
  return (
    <>
      {!data.current && (
        <Text fz="sm" fw={600}>
          It corrects version {run.version}, which ran. Another version is in force by now; the editor shows what would change there.
        </Text>
      )}
      <Suspense fallback={<Waiting what="the comparison" />}>
        <SideBySide before={{ label: `Version ${run.version}`, text: data.document }} after={{ label: 'The correction', text }} />
      </Suspense>
    </>
  )
}

function OpenInEditor({ pipeline, text }: { pipeline: PipelineName; text: string }) {
  const go = useNavigate()
  if (!useMay('editor')) return null
  return (
    <Button
      size="compact-sm"
      onClick={() => {
        propose(pipeline, text)
        void go(`/pipelines/${pipeline.namespace}/${pipeline.name}/edit`)
      }}
    >
      Open in the editor
    </Button>
  )
}

function Before({ made: { seen, fingerprint } }: { made: Made }) {
  if (seen === null) return null
  const { times, lookedAt, lastWell } = seen
  return (
    <Text fz="sm" c="dimmed" component="div">
      {times > 0 ? (
        <>
          This failure was seen {times === 1 ? 'once' : `${times} times`} before, first <Moment at={seen.since} />, last <Moment at={seen.last} />:{' '}
          {seen.runs.map((id, number) => (
            <Fragment key={id}>
              {number > 0 && ', '}
              <Anchor component={Link} to={`/runs/${id}`} inherit td="underline">
                {id.slice(-8)}
              </Anchor>
            </Fragment>
          ))}
          .{' '}
        </>
      ) : (
        <>{lookedAt > 0 ? `This failure was not seen in the ${lookedAt} runs before this one.` : 'This is the pipeline’s first run.'} </>
      )}
      {lastWell === null && lookedAt > 0 && 'None of them has ended well. '}
      {lastWell !== null && (
        <>
          It last ended well{' '}
          <Anchor component={Link} to={`/runs/${lastWell.run}`} inherit td="underline">
            <Moment at={lastWell.finishedAt} />
          </Anchor>{' '}
          with version {lastWell.version}.{' '}
        </>
      )}
      {fingerprint !== null && <span title="The same for the same failure">Fingerprint {fingerprint}</span>}
    </Text>
  )
}

/** Asked only when somebody asks: the recipe leaves the house. */
function Assistant({ run }: { run: Run }) {
  const may = useMay('editor')
  const ask = useMutation({ mutationFn: () => call<Made>(`/runs/${run.id}/diagnose`, { method: 'POST', body: { assistant: true } }) })
  const said = ask.data?.assistant ?? null
  if (!may) return null
  if (said === null) {
    return (
      <Stack gap={4} align="start">
        <Button size="compact-sm" variant="default" loading={ask.isPending} onClick={() => ask.mutate()}>
          Ask the language model, too
        </Button>
        <Text fz="xs" c="dimmed">
          It is sent the recipe and the error; no rows, samples or log lines, and what looks secret is masked.
        </Text>
        <Trouble error={ask.error} title="It was not asked" />
      </Stack>
    )
  }
  return (
    <Alert color="orange" variant="outline" title={`Written by a language model (${said.model}), not by Penstock`}>
      <Stack gap="xs">
        {said.text !== '' && (
          <>
            <Text fz="sm">Nobody has tried it, and it may be wrong.</Text>
            <Text style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{said.text}</Text>
          </>
        )}
        {said.refused !== null && <Text fz="sm">{said.text === '' ? 'There is no answer' : 'There is no correction'}: {said.refused}.</Text>}
        {said.fix !== null && <Correction run={run} fix={said.fix} />}
      </Stack>
    </Alert>
  )
}
