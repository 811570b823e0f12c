// A run as it goes on: events until it has ended. The browser resumes where it broke off (Last-Event-ID); so does this where it gave up, and
// when somebody looks at the page again: over HTTP/1.1 all tabs of a browser share six connections, and a stream takes one for itself.
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
// A run of a thousand nodes says thousands of things in a few seconds; the page is drawn once for all of so long.
const GATHER_MS = 100

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
    let heard: RunEvent[] = []
    let gathering: number | undefined
    const take = () => {
      gathering = undefined
      const events = heard
      heard = []
      setRows((known) => progressed(known, events))
      if (events.every(({ type }) => type === 'node.progress')) return
      client.setQueryData<Run>(['run', run], (known) => known && events.reduce(after, known))
      look()
    }
    const hear = (message: MessageEvent<string>) => {
      const event = JSON.parse(message.data) as RunEvent
      last = Math.max(last, event.seq)
      heard.push(event)
      gathering ??= window.setTimeout(take, GATHER_MS)
    }
    const leave = () => {
      source?.close()
      window.clearTimeout(again)
      setConnected(false)
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
    const turn = () => {
      leave()
      if (document.visibilityState === 'hidden') return
      connect()
      look()
    }
    if (document.visibilityState !== 'hidden') connect()
    document.addEventListener('visibilitychange', turn)
    return () => {
      document.removeEventListener('visibilitychange', turn)
      leave()
      if (gathering !== undefined) {
        window.clearTimeout(gathering)
        take()
      }
      // The look that was still to come is the one that sees how it ended.
      if (refresh !== undefined) {
        window.clearTimeout(refresh)
        void client.invalidateQueries({ queryKey: ['run', run] })
      }
    }
  }, [client, run, open])
  return { rows, connected }
}

/** Rows done by node after those events; the same object where they say nothing of it. */
function progressed(known: Record<string, number>, events: RunEvent[]): Record<string, number> {
  let rows = known
  for (const { type, node, data } of events) {
    if (node === null) continue
    if (type === 'node.progress') rows = { ...rows, [node]: Number(data.rows) }
    // An attempt that begins anew has done no rows yet.
    else if (type === 'node.status' && node in rows) rows = Object.fromEntries(Object.entries(rows).filter(([name]) => name !== node))
  }
  return rows
}
