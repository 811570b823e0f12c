// When each attempt at a stage ran: bars over the time of the run, one row for each stage, so that waits and retries are seen.
import { Text, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { call } from '../api/call'
import { serverNow } from '../api/clock'
import type { AttemptAtStage, Run } from '../api/types'
import { between, duration, moment } from '../show/figures'
import { Empty, Waiting } from '../show/Page'
import { Trouble } from '../show/Trouble'
import { useZone } from '../show/zone'
import classes from './Attempts.module.css'

export function Attempts({ run, onChoose }: { run: Run; onChoose: (node: string) => void }) {
  const { data, error } = useQuery({
    queryKey: ['run', run.id, 'attempts'],
    queryFn: () => call<{ items: AttemptAtStage[] }>(`/runs/${run.id}/attempts`),
  })
  const { zone } = useZone()
  if (error !== null && data === undefined) return <Trouble error={error} title="The attempts cannot be shown" />
  if (data === undefined) return <Waiting what="the attempts" />
  const begun = data.items.filter((one) => one.startedAt !== null)
  if (begun.length === 0) return <Empty title="No attempt has begun">A worker takes the first stage as soon as it has room.</Empty>
  const now = serverNow()
  const start = Math.min(...begun.map((one) => Date.parse(one.startedAt ?? '')))
  const end = Math.max(...begun.map((one) => (one.finishedAt === null ? now : Date.parse(one.finishedAt))), start + 1)
  const stages = [...new Set(begun.map((one) => one.stage))]
  const share = (ms: number) => `${((100 * ms) / (end - start)).toFixed(3)}%`
  return (
    <div className={classes.chart} role="group" aria-label="Attempts over time">
      {stages.map((stage) => {
        const attempts = begun.filter((one) => one.stage === stage)
        const first = attempts[0]
        if (first === undefined) return null
        const node = first.kind === 'work' ? first.nodes[0] : undefined
        return (
          <div key={stage} className={classes.row}>
            <Text fz="sm" truncate title={first.nodes.join(', ')}>
              {first.kind === 'work' ? '' : `${first.kind} `}
              {first.nodes.join(', ') || `stage ${stage}`}
            </Text>
            <div className={classes.track}>
              {attempts.map((one) => {
                const took = between(one.startedAt, one.finishedAt, now) ?? 0
                const outcome = one.error?.message ?? one.outcome?.toLowerCase() ?? 'running'
                const said = `attempt ${one.epoch} on ${one.worker}, from ${moment(one.startedAt, zone)}, ${duration(took)}, ${outcome}`
                return (
                  <Tooltip key={one.epoch} label={said} multiline maw={420}>
                    <button
                      type="button"
                      className={`${classes.bar ?? ''} ${classes[tone(one)] ?? ''}`}
                      style={{ left: share(Date.parse(one.startedAt ?? '') - start), width: share(took) }}
                      aria-label={`${first.nodes.join(', ')}: ${said}`}
                      onClick={() => node !== undefined && onChoose(node)}
                    />
                  </Tooltip>
                )
              })}
            </div>
          </div>
        )
      })}
      <div className={classes.row}>
        <span />
        <div className={classes.scale}>
          <Text fz="xs" c="dimmed">
            0
          </Text>
          <Text fz="xs" c="dimmed">
            {duration((end - start) / 2)}
          </Text>
          <Text fz="xs" c="dimmed">
            {duration(end - start)}
          </Text>
        </div>
      </div>
    </div>
  )
}

function tone({ outcome, error }: AttemptAtStage): 'busy' | 'good' | 'bad' {
  if (outcome === null) return 'busy'
  return error === null ? 'good' : 'bad'
}
