// Fields of a list's filters. What is written counts from Enter on, or where the field is left; the keyboard stays where it is.
import { Group, TextInput } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useState, type ReactNode } from 'react'
import type { Zone } from './figures'
import { useZone } from './zone'

interface Props {
  label: string
  /** As it stands in the address; empty: not filtered. */
  value: string
  onSay: (value: string) => void
  placeholder?: string
}

/** On a phone they are folded away, so that the list is seen; `any`: something is filtered by. */
export function Filters({ any, children }: { any: boolean; children: ReactNode }) {
  const narrow = useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false })
  const fields = (
    <Group align="end" gap="sm">
      {children}
    </Group>
  )
  if (!narrow) return fields
  return (
    <details open={any}>
      <summary>Filters</summary>
      {fields}
    </details>
  )
}

export function FilterText({ label, value, onSay, placeholder }: Props) {
  const [text, setText] = useLatest(value)
  const say = () => text.trim() !== value && onSay(text.trim())
  return (
    <TextInput
      label={label}
      w={160}
      {...(placeholder === undefined ? {} : { placeholder })}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={say}
      onKeyDown={(event) => event.key === 'Enter' && say()}
    />
  )
}

/** A time, entered by the chosen clock and kept as UTC. */
export function FilterTime({ label, value, onSay }: Props) {
  const { zone } = useZone()
  const [text, setText] = useLatest(onClock(value, zone))
  const say = () => text !== onClock(value, zone) && onSay(asUtc(text, zone))
  return (
    <TextInput
      label={`${label} (${zone === 'UTC' ? 'UTC' : 'local time'})`}
      type="datetime-local"
      w={205}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={say}
      onKeyDown={(event) => event.key === 'Enter' && say()}
    />
  )
}

/** What is written, until something else stands in the address. */
function useLatest(value: string): [string, (text: string) => void] {
  const [text, setText] = useState(value)
  const [known, setKnown] = useState(value)
  if (known !== value) {
    setKnown(value)
    setText(value)
  }
  return [text, setText]
}

/** An RFC 3339 time as a datetime-local field has it; empty where it is none. */
export function onClock(at: string, zone: Zone): string {
  const found = new Date(at)
  if (at === '' || Number.isNaN(found.getTime())) return ''
  const shifted = zone === 'UTC' ? found : new Date(found.getTime() - found.getTimezoneOffset() * 60_000)
  return shifted.toISOString().slice(0, 16)
}

export function asUtc(text: string, zone: Zone): string {
  const found = new Date(zone === 'UTC' ? `${text}Z` : text)
  return text === '' || Number.isNaN(found.getTime()) ? '' : found.toISOString()
}
