// The form of a recipe's parameters: a field for each, by its type; JSON where the recipe cannot be read here.
import { PasswordInput, Select, Text, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { declared, given, looksSecret, parsed, written, type Given, type Parameter } from './parameters'

export interface Entered extends Given {
  parameters: Parameter[] | null
  text: Record<string, string>
  raw: string
  enter: (name: string, value: string) => void
  enterRaw: (value: string) => void
}

/** What has been entered for the parameters of a recipe, and what is wrong with it. `begin`: values that stand there at first. */
export function useParameters(document: string, begin: Record<string, unknown> = {}): Entered {
  const parameters = declared(document)
  const [text, setText] = useState(() => written(begin))
  const [raw, enterRaw] = useState(() => JSON.stringify(begin))
  const enter = (name: string, value: string) => setText((before) => ({ ...before, [name]: value }))
  return { parameters, text, raw, enter, enterRaw, ...(parameters === null ? parsed(raw) : given(parameters, text)) }
}

/** `sent`: mistakes are shown from then on. */
export function ParameterFields({ entered, sent }: { entered: Entered; sent: boolean }) {
  const { parameters, text, raw, wrong } = entered
  if (parameters === null) {
    return (
      <Textarea
        label="Parameters, as JSON"
        description="The recipe is written in a form that this page does not read, so there are no fields for them."
        autosize
        minRows={3}
        value={raw}
        error={sent ? wrong.parameters : undefined}
        onChange={(event) => entered.enterRaw(event.currentTarget.value)}
      />
    )
  }
  if (parameters.length === 0) return <Text c="dimmed">It takes no parameters.</Text>
  return parameters.map((one, number) => (
    <Field
      key={one.name}
      first={number === 0}
      parameter={one}
      value={text[one.name] ?? ''}
      error={sent ? wrong[one.name] : undefined}
      onChange={(value) => entered.enter(one.name, value)}
    />
  ))
}

const EXAMPLES: Partial<Record<Parameter['type'], string>> = {
  timestamp: '2026-03-29T02:00:00, on the pipeline’s clock, or with Z for UTC',
  list: 'north, south, or as JSON ["north", "south"]',
}

interface FieldProps {
  parameter: Parameter
  /** In a dialog the keyboard begins here. */
  first: boolean
  value: string
  error: string | undefined
  onChange: (value: string) => void
}

function Field({ parameter, first, value, error, onChange }: FieldProps) {
  const { name, type, required, description, fallback } = parameter
  const secret = looksSecret(name)
  const otherwise = fallback === undefined ? null : `else ${secret ? 'what the recipe says' : fallback}`
  const said = [description, type, otherwise].filter((one) => one !== null).join('; ')
  const shared = { label: name, description: said, error, withAsterisk: required, ...(first ? { 'data-autofocus': true } : {}) }
  if (type === 'boolean') {
    return <Select {...shared} clearable data={['true', 'false']} value={value === '' ? null : value} onChange={(chosen) => onChange(chosen ?? '')} />
  }
  const changed = { value, onChange: (event: { currentTarget: HTMLInputElement }) => onChange(event.currentTarget.value) }
  if (secret) return <PasswordInput {...shared} {...changed} autoComplete="off" />
  return (
    <TextInput
      {...shared}
      {...changed}
      placeholder={fallback ?? EXAMPLES[type]}
      {...(type === 'date' ? { type: 'date' } : {})}
      {...(type === 'integer' || type === 'number' ? { inputMode: 'decimal' as const } : {})}
    />
  )
}
