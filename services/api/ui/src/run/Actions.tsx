// What can be done with a run: cancel it, go on where it failed, begin again at a node.
import { Alert, Anchor, Button, Checkbox, Group, Modal, Stack, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { call, Problem } from '../api/call'
import { FINAL } from '../api/runs'
import { useMay } from '../api/session'
import type { Pipeline, Run } from '../api/types'
import { Trouble } from '../show/Trouble'

export function Actions({ run, node: opened }: { run: Run; node: string | null }) {
  const [asking, setAsking] = useState<'failed' | 'node' | 'cancel' | null>(null)
  const may = useMay('operator')
  if (!may) return null
  const ended = FINAL.has(run.status)
  // Where nobody has opened a node, the one that failed.
  const wanted = opened ?? run.error?.node ?? null
  const node = wanted !== null && beginsAgainAt(run, wanted) ? wanted : null
  return (
    <>
      {!ended && (
        <Button variant="default" onClick={() => setAsking('cancel')}>
          Cancel
        </Button>
      )}
      {ended && run.status !== 'SUCCEEDED' && run.status !== 'SKIPPED' && <Button onClick={() => setAsking('failed')}>Retry</Button>}
      {node !== null && (
        <Button variant="default" maw="100%" title={`Retry from ${node}`} onClick={() => setAsking('node')}>
          Retry from {node}
        </Button>
      )}
      {asking === 'cancel' && <Cancel run={run} onClose={() => setAsking(null)} />}
      {(asking === 'failed' || asking === 'node') && (
        <Retry run={run} from={asking === 'node' && node !== null ? node : 'failed'} onClose={() => setAsking(null)} />
      )}
    </>
  )
}

/** A run that has ended can begin again at each node of its plan; where it was never planned, only as a whole. */
function beginsAgainAt(run: Run, node: string): boolean {
  return FINAL.has(run.status) && run.nodes.some(({ id, stage }) => id === node && stage !== null)
}

/** Begins again at one node; nothing where it cannot, or who looks may not. */
export function RetryHere({ run, node }: { run: Run; node: string }) {
  const [asking, setAsking] = useState(false)
  const may = useMay('operator')
  if (!may || !beginsAgainAt(run, node)) return null
  return (
    <>
      <Button size="compact-xs" variant="default" aria-label={`Retry from here: ${node}`} onClick={() => setAsking(true)}>
        Retry from here
      </Button>
      {asking && <Retry run={run} from={node} onClose={() => setAsking(false)} />}
    </>
  )
}

function useChange(run: Run, onDone: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ verb, body }: { verb: string; body?: unknown }) => call<Run>(`/runs/${run.id}/${verb}`, { method: 'POST', body }),
    onSuccess: (changed) => {
      client.setQueryData(['run', run.id], changed)
      onDone()
    },
  })
}

function Cancel({ run, onClose }: { run: Run; onClose: () => void }) {
  const cancel = useChange(run, onClose)
  return (
    <Modal opened onClose={onClose} title="Cancel this run?">
      <Stack>
        <Text>What is running is stopped; what is done stays. A retry can go on from there.</Text>
        <Trouble error={cancel.error} />
        <Group justify="end">
          <Button variant="default" onClick={onClose}>
            Let it run
          </Button>
          <Button color="red" loading={cancel.isPending} onClick={() => cancel.mutate({ verb: 'cancel' })}>
            Cancel the run
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}

/** Where the recipe was corrected since, a retry does not see it. */
function Newer({ run: { id, pipeline, version } }: { run: Run }) {
  const { namespace, name } = pipeline
  const path = `/pipelines/${namespace}/${name}`
  const { data } = useQuery({ queryKey: ['pipeline', namespace, name], queryFn: () => call<Pipeline>(path) })
  if (data === undefined || !data.valid || data.version <= version) return null
  return (
    <Alert color="orange" variant="outline" title={`Version ${data.version} of the recipe is in force by now`}>
      A retry takes nothing of it. To run what was changed,{' '}
      <Anchor component={Link} to={`${path}?start=yes&like=${id}`} inherit td="underline">
        start a new run
      </Anchor>
      .
    </Alert>
  )
}

/** Where a retry would only fail again. */
export function Instead({ run: { id, pipeline } }: { run: Run }) {
  const edits = useMay('editor')
  const starts = useMay('operator')
  const path = `/pipelines/${pipeline.namespace}/${pipeline.name}`
  return (
    <>
      {edits && (
        <Anchor component={Link} to={`${path}/edit`}>
          Edit the recipe
        </Anchor>
      )}
      {starts && (
        <Anchor component={Link} to={`${path}?start=yes&like=${id}`}>
          Start a new run
        </Anchor>
      )}
    </>
  )
}

function Retry({ run, from, onClose }: { run: Run; from: string; onClose: () => void }) {
  const [keep, setKeep] = useState(false)
  const [again, setAgain] = useState(false)
  const retry = useChange(run, onClose)
  const body = from === 'failed' ? { from, allowDuplicates: again } : { from, keep, allowDuplicates: again }
  return (
    <Modal opened onClose={onClose} title={from === 'failed' ? 'Retry this run?' : `Retry from ${from}?`}>
      <Stack>
        <Text>
          {from === 'failed'
            ? 'What is done stays; what failed, and all that waited for it, is done again.'
            : `${from}, and all that comes after it, is done again, though it was done.`}{' '}
          It goes on by version {run.version} of the recipe, which it had.
        </Text>
        <Newer run={run} />
        {from !== 'failed' && (
          <Checkbox label="What is done after it stays" checked={keep} onChange={(event) => setKeep(event.currentTarget.checked)} />
        )}
        {/* Asked for only after the API has said that rows would be inserted twice. */}
        {(again || (retry.error instanceof Problem && retry.error.kind === 'would-double')) && (
          <Checkbox label="Insert rows again that were inserted" checked={again} onChange={(event) => setAgain(event.currentTarget.checked)} />
        )}
        <Trouble error={retry.error} title="It was not retried" />
        <Group justify="end">
          <Button variant="default" onClick={onClose}>
            Not now
          </Button>
          <Button loading={retry.isPending} onClick={() => retry.mutate({ verb: 'retry', body })}>
            Retry
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
