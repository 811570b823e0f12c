// What a text would become: removed and added lines among those around them. Read only.
import { useComputedColorScheme } from '@mantine/core'
import { unifiedMergeView } from '@codemirror/merge'
import { EditorState } from '@codemirror/state'
import { EditorView, lineNumbers } from '@codemirror/view'
import { useEffect, useRef } from 'react'

export default function TextDiff({ label, before, after }: { label: string; before: string; after: string }) {
  const place = useRef<HTMLDivElement>(null)
  const dark = useComputedColorScheme('light') === 'dark'
  useEffect(() => {
    if (place.current === null) return
    const view = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: after,
        extensions: [
          lineNumbers(),
          unifiedMergeView({ original: before, mergeControls: false, gutter: true, highlightChanges: true, collapseUnchanged: { margin: 3, minSize: 6 } }),
          EditorState.readOnly.of(true),
          EditorView.editable.of(false),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': label, 'aria-readonly': 'true', tabindex: '0' }),
          looks(dark),
        ],
      }),
    })
    return () => view.destroy()
  }, [label, before, after, dark])
  return <div ref={place} />
}

const looks = (dark: boolean) =>
  EditorView.theme(
    {
      '&': { border: '1px solid var(--mantine-color-default-border)', color: 'var(--mantine-color-text)', fontSize: '13px' },
      '.cm-scroller': { maxHeight: '360px', overflow: 'auto' },
      '.cm-gutters': { backgroundColor: 'var(--mantine-color-default)', color: 'var(--mantine-color-dimmed)' },
    },
    { dark },
  )
