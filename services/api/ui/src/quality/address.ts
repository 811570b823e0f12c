/** A dataset in an address; its name may hold anything, slashes are left as they are. */
export function datasetPath(namespace: string, dataset: string): string {
  return `/quality/${encodeURIComponent(namespace)}/${dataset.split('/').map(encodeURIComponent).join('/')}`
}

/** The page of a dataset as a rule set looked at it; an empty rule set is the profile that needs none. */
export function datasetPage({ namespace, dataset, scope, ruleSet }: { namespace: string; dataset: string; scope: string; ruleSet: string | null }): string {
  return `${datasetPath(namespace, dataset)}?${new URLSearchParams({ scope, ruleSet: ruleSet ?? '' }).toString()}`
}
