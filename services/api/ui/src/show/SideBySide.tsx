// Two texts and what they differ in: side by side, or one below the other where there is no room for both.
import { useComputedColorScheme } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { yaml } from '@codemirror/lang-yaml'
import { MergeView, unifiedMergeView } from '@codemirror/merge'
import { EditorState } from '@codemirror/state'
import { EditorView, lineNumbers } from '@codemirror/view'
import { useEffect, useRef } from 'react'
import { looks } from '../editor/codemirror'

interface Side {
  label: string
  text: string
}
const COLLAPSE = { margin: 3, minSize: 6 }

export default function SideBySide({ before, after }: { before: Side; after: Side }) {
  const place = useRef<HTMLDivElement>(null)
  const dark = useComputedColorScheme('light') === 'dark'
  const wide = useMediaQuery('(min-width: 62em)', true, { getInitialValueInEffect: false })
  useEffect(() => {
    if (place.current === null) return
    const shared = (label: string) => [
      lineNumbers(),
      yaml(),
      looks(dark),
      EditorView.lineWrapping,
      EditorState.readOnly.of(true),
      EditorView.editable.of(false),
      EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
    ]
    const made = wide
      ? new MergeView({
          parent: place.current,
          a: { doc: before.text, extensions: shared(before.label) },
          b: { doc: after.text, extensions: shared(after.label) },
          gutter: true,
          collapseUnchanged: COLLAPSE,
        })
      : new EditorView({
          parent: place.current,
          state: EditorState.create({
            doc: after.text,
            extensions: [
              ...shared(`${before.label} and ${after.label}`),
              unifiedMergeView({ original: before.text, mergeControls: false, collapseUnchanged: COLLAPSE }),
            ],
          }),
        })
    return () => made.destroy()
  }, [before.text, before.label, after.text, after.label, dark, wide])
  return <div ref={place} role="group" aria-label={`${before.label} beside ${after.label}`} data-diff={wide ? 'beside' : 'below'} />
}
