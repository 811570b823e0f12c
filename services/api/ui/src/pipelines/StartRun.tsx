// Starts a run: a form made from the parameters that the recipe declares.
import { Accordion, Button, Checkbox, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { useNavigate } from 'react-router'
import { call } from '../api/call'
import type { Pipeline, PipelineName, Run } from '../api/types'
import { Waiting } from '../show/Page'
import { Trouble } from '../show/Trouble'
import { useZone } from '../show/zone'
import { useKeys } from '../api/keys'
import { ParameterFields, useParameters } from './ParameterFields'

export function StartRun({ pipeline: { namespace, name }, onClose }: { pipeline: PipelineName; onClose: () => void }) {
  const path = `/pipelines/${namespace}/${name}`
  const { data, error } = useQuery({ queryKey: ['pipeline', namespace, name], queryFn: () => call<Pipeline>(path) })
  return (
    <Modal opened onClose={onClose} title={`Start ${namespace}/${name}`} size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Trouble error={error} title="The recipe cannot be read" />
      {data === undefined && error === null && <Waiting what="the recipe" />}
      {data !== undefined && <Form path={path} document={data.document} onClose={onClose} />}
    </Modal>
  )
}

function Form({ path, document, onClose }: { path: string; document: string; onClose: () => void }) {
  const entered = useParameters(document)
  const [reason, setReason] = useState('')
  const [date, setDate] = useState('')
  const [fullRefresh, setFullRefresh] = useState(false)
  const [sent, setSent] = useState(false)
  const { zone } = useZone()
  const go = useNavigate()
  const keyOf = useKeys()
  const start = useMutation({
    mutationFn: (body: Record<string, unknown>) => call<Run>(`${path}/runs`, { method: 'POST', body, key: keyOf(body) }),
    onSuccess: (run) => go(`/runs/${run.id}`),
  })
  const send = (event: FormEvent) => {
    event.preventDefault()
    setSent(true)
    if (Object.keys(entered.wrong).length > 0) return
    start.mutate({
      parameters: entered.values,
      ...(reason === '' ? {} : { reason }),
      ...(date === '' ? {} : { logicalDate: new Date(zone === 'UTC' ? `${date}Z` : date).toISOString() }),
      ...(fullRefresh ? { fullRefresh } : {}),
    })
  }
  return (
    <form onSubmit={send} noValidate>
      <Stack>
        <ParameterFields entered={entered} sent={sent} />
        <TextInput label="Reason" description="For the record; it may be empty" value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
        <Accordion variant="contained">
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
        <Group justify="end">
          <Button variant="default" onClick={onClose}>
            Not now
          </Button>
          <Button type="submit" loading={start.isPending}>
            Start the run
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
