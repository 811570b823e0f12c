// A run as it goes on: events until it has ended. The browser resumes where it broke off (Last-Event-ID); so does this where it gave up.
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { address } from './call'
import { after } from './runs'
import type { Run, RunEvent } from './types'

// prettier-ignore
const TYPES = [
  'run.queued', 'run.started', 'run.planned', 'run.finished', 'stage.released', 'node.status', 'node.progress', 'node.retry',
  'quality.result', 'breaker.changed', 'cursor.moved',
]
// Hundreds of events in a second are one look at the run.
const REFRESH_MS = 700
const AGAIN_MS = 3000

export interface Live {
  /** Rows done so far, by running node. */
  rows: Record<string, number>
  connected: boolean
}

/** Follows a run while `follow`, and keeps ['run', id] and what is asked about its nodes up to date. */
export function useLive(run: string, from: number | undefined, follow: boolean): Live {
  const client = useQueryClient()
  const [rows, setRows] = useState<Record<string, number>>({})
  const [connected, setConnected] = useState(false)
  const open = follow && from !== undefined
  useEffect(() => {
    if (!open) return
    let last = client.getQueryData<Run>(['run', run])?.lastSeq ?? 0
    let source: EventSource | undefined
    let refresh: number | undefined
    let again: number | undefined
    const look = () => {
      refresh ??= window.setTimeout(() => {
        refresh = undefined
        void client.invalidateQueries({ queryKey: ['run', run] })
      }, REFRESH_MS)
    }
    const hear = (message: MessageEvent<string>) => {
      const event = JSON.parse(message.data) as RunEvent
      last = Math.max(last, event.seq)
      if (event.type === 'node.progress' && event.node !== null) {
        const node = event.node
        setRows((known) => ({ ...known, [node]: Number(event.data.rows) }))
        return
      }
      // An attempt that begins anew has done no rows yet.
      if (event.type === 'node.status' && event.node !== null) setRows((known) => without(known, event.node))
      client.setQueryData<Run>(['run', run], (known) => known && after(known, event))
      look()
    }
    const connect = () => {
      source = new EventSource(address(`/runs/${run}/events`, { after: last }), { withCredentials: true })
      for (const type of TYPES) source.addEventListener(type, hear)
      source.addEventListener('open', () => setConnected(true))
      source.addEventListener('end', () => {
        source?.close()
        setConnected(false)
        look()
      })
      source.addEventListener('error', () => {
        setConnected(false)
        // A refusal, such as 503 when there are too many streams, ends the browser's own attempts.
        if (source?.readyState === EventSource.CLOSED) again = window.setTimeout(connect, AGAIN_MS)
      })
    }
    connect()
    return () => {
      source?.close()
      window.clearTimeout(again)
      // The look that was still to come is the one that sees how it ended.
      if (refresh !== undefined) {
        window.clearTimeout(refresh)
        void client.invalidateQueries({ queryKey: ['run', run] })
      }
      setConnected(false)
    }
  }, [client, run, open])
  return { rows, connected }
}

/** The same object where it has not got it. */
function without(rows: Record<string, number>, node: string | null): Record<string, number> {
  return node !== null && node in rows ? Object.fromEntries(Object.entries(rows).filter(([name]) => name !== node)) : rows
}
