// A text that another page proposes for a recipe, such as a diagnosis its correction. It waits here until somebody has looked at it.

const keyOf = (namespace: string, name: string) => `penstock.draft.${namespace}/${name}`

/** null: none. */
export function proposed(namespace: string, name: string): string | null {
  return sessionStorage.getItem(keyOf(namespace, name))
}

export function settle(namespace: string, name: string): void {
  sessionStorage.removeItem(keyOf(namespace, name))
}
