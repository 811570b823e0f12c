// Idempotency keys: what was asked for already keeps its key, so that sent again after a lost answer it is still done once.
import { useState } from 'react'

/** Gives the key of a body; the same for the same body, as long as the form is there. */
export function useKeys(): (body: unknown) => string {
  const [keys] = useState(() => new Map<string, string>())
  return (body) => {
    const text = JSON.stringify(body)
    const key = keys.get(text) ?? newKey()
    keys.set(text, key)
    return key
  }
}

/** Random enough that no other form has it; `crypto.randomUUID` is there only where the page came over HTTPS or from this machine. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, '0')).join('')
}
