// Figures as people read them. What is not known is a dash, never a zero.

export const UNKNOWN = '–'

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? UNKNOWN : value.toLocaleString('en-GB')
}

/** 1,234 as 1.2k: where there is little room. */
export function short(value: number | null | undefined): string {
  if (value === null || value === undefined) return UNKNOWN
  return value < 10_000 ? count(value) : Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(value)
}

export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || ms < 0) return UNKNOWN
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1000)} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** Milliseconds from one time to another, or to now. */
export function between(from: string | null, to: string | null, now: number): number | null {
  return from === null ? null : (to === null ? now : Date.parse(to)) - Date.parse(from)
}

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return UNKNOWN
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const step = Math.min(units.length - 1, value < 1 ? 0 : Math.floor(Math.log10(value) / 3))
  return `${(value / 1000 ** step).toLocaleString('en-GB', { maximumFractionDigits: step === 0 ? 0 : 1 })} ${units[step] ?? ''}`
}

export type Zone = 'local' | 'UTC'

const SAID = { year: 'numeric', month: 'short', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short' } as const
// Made once: to make one takes as long as to format fifty times.
const CLOCKS = { local: new Intl.DateTimeFormat('en-GB', SAID), UTC: new Intl.DateTimeFormat('en-GB', { ...SAID, timeZone: 'UTC' }) }

/** Date and time to the second, with the zone's name, so that no two people read it differently. */
export function moment(at: string | null | undefined, zone: Zone): string {
  if (at === null || at === undefined) return UNKNOWN
  const found = new Date(at)
  if (Number.isNaN(found.getTime())) return at
  return CLOCKS[zone].format(found)
}

/** A value of a row, as text: what is no text is JSON, and NULL is told from the word. */
export function cell(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
