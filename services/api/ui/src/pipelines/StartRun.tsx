// Starts a run: a form made from the parameters that the recipe declares, filled with what another run was given, where it is to be like it.
import { Accordion, Button, Checkbox, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { useNavigate } from 'react-router'
import { call } from '../api/call'
import type { Pipeline, PipelineName, Run } from '../api/types'
import { Waiting } from '../show/Page'
import { asUtc, onClock } from '../show/Filters'
import { Trouble } from '../show/Trouble'
import { useZone } from '../show/zone'
import { useKeys } from '../api/keys'
import { ParameterFields, useParameters } from './ParameterFields'
import { labels, labelText } from './labels'

// Of these the time they are for is not the one they were asked for at.
const DATED = new Set<string | undefined>(['schedule', 'backfill'])

/** `like`: the id of a run of the same pipeline. */
export function StartRun({ pipeline: { namespace, name }, like = null, onClose }: { pipeline: PipelineName; like?: string | null; onClose: () => void }) {
  const path = `/pipelines/${namespace}/${name}`
  const { data, error } = useQuery({ queryKey: ['pipeline', namespace, name], queryFn: () => call<Pipeline>(path) })
  const { data: run, error: noRun } = useQuery({
    queryKey: ['run', like],
    queryFn: () => call<Run>(`/runs/${like ?? ''}`),
    enabled: like !== null,
    staleTime: Infinity,
  })
  const ready = data !== undefined && (like === null || run !== undefined || noRun !== null)
  return (
    <Modal opened onClose={onClose} title={`Start ${namespace}/${name}`} size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Trouble error={error} title="The recipe cannot be read" />
      <Trouble error={noRun} title="The run that it should be like cannot be read" />
      {!ready && error === null && <Waiting what="the recipe" />}
      {ready && <Form path={path} document={data.document} like={run} onClose={onClose} />}
    </Modal>
  )
}

function Form({ path, document, like, onClose }: { path: string; document: string; like: Run | undefined; onClose: () => void }) {
  const entered = useParameters(document, like?.parameters)
  const [reason, setReason] = useState('')
  const [labelled, setLabelled] = useState(() => labelText(like?.labels ?? {}))
  const [fullRefresh, setFullRefresh] = useState(false)
  const [sent, setSent] = useState(false)
  const { zone } = useZone()
  const [date, setDate] = useState(() => (DATED.has(like?.trigger.type) ? onClock(like?.logicalDate ?? '', zone) : ''))
  const go = useNavigate()
  const keyOf = useKeys()
  const put = labels(labelled)
  const start = useMutation({
    mutationFn: (body: Record<string, unknown>) => call<Run>(`${path}/runs`, { method: 'POST', body, key: keyOf(body) }),
    onSuccess: (run) => (put === null || Object.keys(put).length === 0 ? go(`/runs/${run.id}`) : label.mutate(run.id)),
  })
  const label = useMutation({
    mutationFn: (run: string) => call(`/runs/label`, { method: 'POST', body: { ids: [run], set: put } }),
    onSuccess: (_, run) => go(`/runs/${run}`),
  })
  const send = (event: FormEvent) => {
    event.preventDefault()
    setSent(true)
    if (Object.keys(entered.wrong).length > 0 || put === null) return
    start.mutate({
      parameters: entered.values,
      ...(reason === '' ? {} : { reason }),
      ...(date === '' ? {} : { logicalDate: asUtc(date, zone) }),
      ...(fullRefresh ? { fullRefresh } : {}),
    })
  }
  return (
    <form onSubmit={send} noValidate>
      <Stack>
        {like !== undefined && (
          <Text fz="sm" c="dimmed">
            As run {like.id.slice(-8)} was given it; what has changed in the recipe since holds for the new run.
          </Text>
        )}
        <ParameterFields entered={entered} sent={sent} />
        <TextInput
          label="Reason"
          description="For the record; it may be empty"
          {...(entered.parameters?.length === 0 ? { 'data-autofocus': true } : {})}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <TextInput
          label="Labels"
          description="KEY:VALUE, several with commas between them; runs can be listed by them"
          value={labelled}
          error={sent && put === null ? 'Each must be KEY:VALUE, such as team:sales.' : undefined}
          onChange={(event) => setLabelled(event.currentTarget.value)}
        />
        <Accordion variant="contained" defaultValue={date === '' ? null : 'more'}>
          <Accordion.Item value="more">
            <Accordion.Control>For another time, or from the beginning</Accordion.Control>
            <Accordion.Panel>
              <Stack>
                <TextInput
                  type="datetime-local"
                  label="The time that it is for"
                  description={`${zone === 'UTC' ? 'In UTC' : 'On this machine’s clock'}; now where left empty. Templates such as {{ds}} go by it`}
                  value={date}
                  onChange={(event) => setDate(event.currentTarget.value)}
                />
                <Checkbox
                  label="Read everything anew"
                  description="Sources that read what is new begin from their beginning; refused where a sink inserts"
                  checked={fullRefresh}
                  onChange={(event) => setFullRefresh(event.currentTarget.checked)}
                />
              </Stack>
            </Accordion.Panel>
          </Accordion.Item>
        </Accordion>
        <Trouble error={start.error} title="The run was not started" />
        <Trouble error={label.error} title="The run was started, without the labels" />
        <Group justify="end">
          <Button variant="default" onClick={onClose}>
            Not now
          </Button>
          <Button type="submit" loading={start.isPending || label.isPending}>
            Start the run
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
