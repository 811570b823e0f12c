// The editor's parts: YAML, what is offered as one writes, and problems as marks at their lines.
import { yaml, yamlLanguage } from '@codemirror/lang-yaml'
import { lintGutter, setDiagnostics, type Diagnostic } from '@codemirror/lint'
import { Compartment, EditorState, type Text } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { basicSetup } from 'codemirror'
import type { TextProblem } from '../api/types'
import { completions, hovers, type Known } from './assist'

export type Editing = EditorView

/** Colours and sizes that every text has. */
export const looks = (dark: boolean) =>
  EditorView.theme(
    {
      '&': { border: '1px solid var(--mantine-color-default-border)', color: 'var(--mantine-color-text)', fontSize: '14px' },
      '.cm-scroller': { minHeight: '320px', maxHeight: '60vh', overflow: 'auto' },
      '.cm-gutters': { backgroundColor: 'var(--mantine-color-default)', color: 'var(--mantine-color-dimmed)' },
      '.cm-tooltip': { backgroundColor: 'var(--mantine-color-body)', color: 'var(--mantine-color-text)', border: '1px solid var(--mantine-color-default-border)' },
      '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--mantine-color-blue-8)', color: 'white' },
      '.cm-completionDetail': { fontStyle: 'normal', color: 'var(--mantine-color-dimmed)' },
      'li[aria-selected] .cm-completionDetail': { color: 'white' },
      '.penstock-hover': { maxWidth: '420px', padding: '6px 10px', fontSize: '13px' },
      '.penstock-hover > div:first-child': { fontWeight: 600 },
      // The colours of words are made for a light ground; on a dark one, plain text can be read.
      ...(dark ? { '.cm-line span': { color: 'var(--mantine-color-text) !important' } } : {}),
    },
    { dark },
  )

const colours = new Compartment()

/** In an element, which it fills, in light colours. `onChange` is told the whole text; `known` is asked as one writes. Tab leaves the editor, as it does any field. */
export function editor(parent: HTMLElement, text: string, onChange: (text: string) => void, known: () => Known): Editing {
  return new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        basicSetup,
        yaml(),
        yamlLanguage.data.of({ autocomplete: completions(known) }),
        hovers(known),
        lintGutter(),
        colours.of(looks(false)),
        EditorView.contentAttributes.of({ 'aria-label': 'Recipe', tabindex: '0' }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(update.state.doc.toString())
        }),
      ],
    }),
  })
}

export function mark(view: Editing, problems: TextProblem[]): void {
  view.dispatch(setDiagnostics(view.state, problems.map((one) => diagnostic(view.state.doc, one))))
}

/** From its column to the end of its line; a problem beyond the text lies at its end. Lines and columns count from 1. */
export function diagnostic(text: Text, { line, column, message, severity }: TextProblem): Diagnostic {
  const found = text.line(Math.min(Math.max(1, line), text.lines))
  const from = Math.min(found.from + Math.max(0, column - 1), found.to)
  return { from, to: found.to, severity, message }
}

/** In other colours, with the cursor where it is and all that can be undone. */
export function recolour(view: Editing, dark: boolean): void {
  view.dispatch({ effects: colours.reconfigure(looks(dark)) })
}

/** Puts another text in the place of the one there; undoing brings that back. */
export function replace(view: Editing, text: string): void {
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } })
}
