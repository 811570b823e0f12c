// A state by colour, by shape and by its word: whoever cannot tell the colours apart still can the states.
import classes from './Status.module.css'

type Shape = 'circle' | 'ring' | 'tick' | 'cross' | 'triangle' | 'bar' | 'dash'
interface Look {
  shape: Shape
  tone: 'good' | 'bad' | 'busy' | 'warn' | 'quiet'
  word: string
}

const QUIET: Look = { shape: 'ring', tone: 'quiet', word: '' }
const LOOKS: Record<string, Look> = {
  QUEUED: { shape: 'ring', tone: 'quiet', word: 'queued' },
  WAITING: { shape: 'ring', tone: 'quiet', word: 'waiting' },
  RELEASED: { shape: 'ring', tone: 'busy', word: 'released' },
  RUNNING: { shape: 'circle', tone: 'busy', word: 'running' },
  SUCCEEDED: { shape: 'tick', tone: 'good', word: 'succeeded' },
  COMPLETED: { shape: 'tick', tone: 'good', word: 'completed' },
  PASSED: { shape: 'tick', tone: 'good', word: 'passed' },
  FAILED: { shape: 'cross', tone: 'bad', word: 'failed' },
  ERROR: { shape: 'cross', tone: 'bad', word: 'not measured' },
  TIMED_OUT: { shape: 'cross', tone: 'bad', word: 'timed out' },
  RETRYING: { shape: 'triangle', tone: 'warn', word: 'retrying' },
  LEARNING: { shape: 'triangle', tone: 'warn', word: 'learning' },
  CANCELLED: { shape: 'bar', tone: 'warn', word: 'cancelled' },
  SKIPPED: { shape: 'dash', tone: 'quiet', word: 'skipped' },
  closed: { shape: 'tick', tone: 'good', word: 'closed' },
  open: { shape: 'cross', tone: 'bad', word: 'open' },
  'half-open': { shape: 'triangle', tone: 'warn', word: 'half-open' },
}

const PATHS: Record<Shape, string> = {
  circle: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Z',
  ring: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Zm0 2.4a3.6 3.6 0 1 1 0 7.2 3.6 3.6 0 0 1 0-7.2Z',
  tick: 'M6.3 13.2 1.8 8.7l1.9-1.9 2.6 2.6 6-6 1.9 1.9Z',
  cross: 'm3.8 2 4.2 4.2L12.2 2 14 3.8 9.8 8l4.2 4.2-1.8 1.8L8 9.8 3.8 14 2 12.2 6.2 8 2 3.8Z',
  triangle: 'M8 1.8 14.8 14H1.2Z',
  bar: 'M3 3h10v10H3Z',
  dash: 'M2 6.7h12v2.6H2Z',
}

export function look(status: string): Look {
  return LOOKS[status] ?? { ...QUIET, word: status.toLowerCase() }
}

export function Mark({ status }: { status: string }) {
  const { shape, tone } = look(status)
  return (
    <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" className={`${classes.mark ?? ''} ${classes[tone] ?? ''}`}>
      <path d={PATHS[shape]} fillRule="evenodd" />
    </svg>
  )
}

export function Status({ status }: { status: string }) {
  return (
    <span className={classes.status}>
      <Mark status={status} />
      {look(status).word}
    </span>
  )
}
