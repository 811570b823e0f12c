// What a run of the saved recipe would do: stages, what computes each and why, the SQL, what it does to destinations. Runs nothing.
import { Accordion, Alert, Badge, Button, Group, List, Stack, Text, Title } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { useNavigate } from 'react-router'
import { call } from '../api/call'
import { useMay } from '../api/session'
import type { PipelineName, Run } from '../api/types'
import { useKeys } from '../api/keys'
import { ParameterFields, useParameters } from '../pipelines/ParameterFields'
import { count } from '../show/figures'
import { Sql } from '../show/Page'
import { Trouble } from '../show/Trouble'

interface Statement {
  node: string | null
  does: string
  on: string | null
  dialect: string | null
  object: string | null
  sql: string | null
}
interface Stage {
  id: number
  kind: string
  nodes: string[]
  engine: string | null
  why: string[]
  estimatedRows: number | null
  statements: Statement[]
}
export interface Plan {
  id: string
  version: number
  facts: 'known' | 'stale' | 'missing'
  missing: { connector: string; nodes: string[]; why: string }[]
  nodes: { id: string; engine: string; stage: number | null; local?: string | null }[]
  stages: Stage[]
  pushDownShare: number | null
  sources: { node: string; connector: string; object: string | null; columns: unknown[] | null }[]
  sinks: { node: string; connector: string; target: string | null; writeMode: string; destructive: boolean; schemaChanges: string[]; readBy: string[] }[]
  warnings: string[]
}

interface Props {
  pipeline: PipelineName
  /** The recipe as it is saved. */
  saved: string
  /** The text in the editor is another. */
  changed: boolean
  onPlan: (plan: Plan) => void
}

export function PlanPreview({ pipeline: { namespace, name }, saved, changed, onPlan }: Props) {
  const path = `/pipelines/${namespace}/${name}`
  const entered = useParameters(saved)
  const [sent, setSent] = useState(false)
  const starts = useMay('operator')
  const go = useNavigate()
  const keyOf = useKeys()
  const plan = useMutation({
    mutationFn: () => call<Plan>(`${path}/plan`, { method: 'POST', body: { parameters: entered.values } }),
    onSuccess: onPlan,
  })
  const start = useMutation({
    mutationFn: (body: { planId: string }) => call<Run>(`${path}/runs`, { method: 'POST', body, key: keyOf(body) }),
    onSuccess: (run) => go(`/runs/${run.id}`),
  })
  const look = (event: FormEvent) => {
    event.preventDefault()
    setSent(true)
    if (Object.keys(entered.wrong).length === 0) plan.mutate()
  }
  return (
    <Stack component="section" aria-labelledby="plan" gap="sm">
      <Title order={2} size="h4" id="plan">
        What a run would do
      </Title>
      {changed && <Text c="dimmed">This is about the recipe as it is saved. Apply what you have written to see it planned.</Text>}
      <form onSubmit={look} noValidate>
        <Stack gap="xs">
          {entered.parameters?.length !== 0 && <ParameterFields entered={entered} sent={sent} />}
          <Group>
            <Button type="submit" variant="default" loading={plan.isPending}>
              Plan
            </Button>
            {starts && plan.data !== undefined && (
              <Button loading={start.isPending} onClick={() => start.mutate({ planId: plan.data.id })}>
                Run as planned
              </Button>
            )}
          </Group>
        </Stack>
      </form>
      <Trouble error={plan.error} title="It cannot be planned" />
      <Trouble error={start.error} title="The run was not started" />
      {plan.data !== undefined && <Told plan={plan.data} />}
    </Stack>
  )
}

function Told({ plan: { version, facts, missing, stages, nodes, pushDownShare, sinks, warnings } }: { plan: Plan }) {
  return (
    <Stack gap="xs" data-plan={facts}>
      <Text fz="sm">
        Version {version}: {count(nodes.length)} {nodes.length === 1 ? 'node' : 'nodes'} in {count(stages.length)}{' '}
        {stages.length === 1 ? 'stage' : 'stages'}
        {pushDownShare !== null && `, ${Math.round(100 * pushDownShare)} % of the steps inside a database`}.
      </Text>
      {missing.map((one) => (
        <Alert key={one.connector} color="orange" variant="outline" title={`${one.connector} could not be looked at`}>
          {one.why}. Columns of {one.nodes.join(', ')} are taken for granted.
        </Alert>
      ))}
      {facts === 'stale' && <Text fz="sm">Nobody could look just now: it is planned by what was known before.</Text>}
      {warnings.map((one) => (
        <Alert key={one} color="orange" variant="outline">
          {one}
        </Alert>
      ))}
      <Accordion multiple variant="contained" order={3}>
        {stages.map((stage) => (
          <Accordion.Item key={stage.id} value={String(stage.id)}>
            <Accordion.Control>
              <Group gap="xs">
                <Text span fw={600}>
                  {stage.id}. {stage.nodes.join(', ') || stage.kind}
                </Text>
                <Badge variant="outline" tt="none">
                  {stage.engine ?? stage.kind}
                </Badge>
              </Group>
            </Accordion.Control>
            <Accordion.Panel>
              <InStage stage={stage} nodes={nodes} />
            </Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
      <Text fw={600}>What becomes of destinations</Text>
      <List size="sm">
        {sinks.map((one) => (
          <List.Item key={one.node}>
            {one.node}: {one.writeMode} {one.target} in {one.connector}
            {one.destructive && ', rows that are there now will be gone'}
            {one.schemaChanges.map((change) => `; ${change}`)}
            {one.readBy.length > 0 && `; read by ${one.readBy.join(', ')}`}
          </List.Item>
        ))}
      </List>
    </Stack>
  )
}

function InStage({ stage, nodes }: { stage: Stage; nodes: Plan['nodes'] }) {
  const local = nodes.filter((one) => stage.nodes.includes(one.id) && typeof one.local === 'string')
  return (
    <Stack gap="xs">
      <List size="sm">
        {stage.why.map((one) => (
          <List.Item key={one}>{one}</List.Item>
        ))}
        {local.map((one) => (
          <List.Item key={one.id}>
            {one.id} does not run in the database: {one.local}
          </List.Item>
        ))}
        {stage.estimatedRows !== null && <List.Item>about {count(stage.estimatedRows)} rows are read</List.Item>}
      </List>
      {stage.statements.map((one, number) => (
        <div key={number}>
          <Text fz="sm" c="dimmed">
            {[one.node, one.does, one.object, one.on === null ? null : `on ${one.on}`, one.dialect].filter((part) => part !== null).join(', ')}
          </Text>
          {one.sql !== null && <Sql label={`SQL of ${one.node ?? 'a check'}, ${one.does}`}>{one.sql}</Sql>}
        </div>
      ))}
    </Stack>
  )
}
