// Puts a text into the clipboard, and says that it did, to the eye and to screen readers.
import { Button } from '@mantine/core'
import { useState } from 'react'

const SAID_FOR_MS = 2000

export function Copy({ text, label, children = 'Copy' }: { text: string; label?: string; children?: string }) {
  const [said, say] = useState<string | null>(null)
  const copy = async () => {
    say((await copied(text)) ? 'Copied' : 'Select it and press Ctrl+C')
    window.setTimeout(() => say(null), SAID_FOR_MS)
  }
  return (
    <Button size="compact-xs" variant="default" onClick={copy} {...(label === undefined ? {} : { 'aria-label': said ?? label })}>
      <span aria-live="polite">{said ?? children}</span>
    </Button>
  )
}

async function copied(text: string): Promise<boolean> {
  // Browsers have a clipboard only where the page came over HTTPS or from this machine.
  if ('clipboard' in navigator) {
    try {
      await navigator.clipboard.writeText(text)
      return true
    } catch {
      return false
    }
  }
  const field = document.createElement('textarea')
  field.value = text
  field.style.position = 'fixed'
  field.style.opacity = '0'
  const before = document.activeElement
  document.body.append(field)
  field.select()
  const done = document.execCommand('copy')
  field.remove()
  if (before instanceof HTMLElement) before.focus()
  return done
}
