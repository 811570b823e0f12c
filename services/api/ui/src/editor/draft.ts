// A text that another page proposes for a recipe, such as a diagnosis its correction. It waits in this tab of the browser until somebody
// has looked at it in the editor.
import type { PipelineName } from '../api/types'

const keyOf = ({ namespace, name }: PipelineName) => `penstock.draft.${namespace}/${name}`

/** The recipe as plain text. */
export function propose(pipeline: PipelineName, text: string): void {
  sessionStorage.setItem(keyOf(pipeline), text)
}

/** null: none. */
export function proposed(pipeline: PipelineName): string | null {
  return sessionStorage.getItem(keyOf(pipeline))
}

export function settle(pipeline: PipelineName): void {
  sessionStorage.removeItem(keyOf(pipeline))
}
