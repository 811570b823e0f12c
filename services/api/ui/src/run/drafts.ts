// A text that is carried into the editor, which shows it beside what is there before it is taken. It stays in this tab of the browser.
import type { PipelineName } from '../api/types'

export const draftKey = ({ namespace, name }: PipelineName) => `penstock.draft.${namespace}/${name}`

/** The recipe as plain text. */
export function keepDraft(pipeline: PipelineName, text: string): void {
  sessionStorage.setItem(draftKey(pipeline), text)
}
