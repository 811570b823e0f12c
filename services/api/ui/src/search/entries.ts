// What the keyboard search finds: by the words that are typed, the best first.

export interface Entry {
  id: string
  label: string
  description: string
  go: () => void
}
export interface Group {
  label: string
  entries: Entry[]
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const PIPELINE = /^([a-z0-9][-a-z0-9]*)\/([a-z0-9][-a-z0-9]*)$/
const MOST_OF_A_GROUP = 8

/** Those that have every word of the query, in their label or description: first whose label begins with it, then whose label has it. */
export function matching(entries: Entry[], query: string, most = MOST_OF_A_GROUP): Entry[] {
  const asked = query.trim().toLowerCase()
  const words = asked.split(/\s+/).filter((word) => word !== '')
  const rank = ({ label }: Entry) => {
    const name = label.toLowerCase()
    const short = name.slice(name.lastIndexOf('/') + 1)
    return name.startsWith(asked) || short.startsWith(asked) ? 0 : name.includes(asked) ? 1 : 2
  }
  return entries
    .filter(({ label, description }) => {
      const text = `${label} ${description}`.toLowerCase()
      return words.every((word) => text.includes(word))
    })
    .map((entry, place) => ({ entry, place, rank: rank(entry) }))
    .sort((one, other) => one.rank - other.rank || one.place - other.place)
    .slice(0, most)
    .map(({ entry }) => entry)
}

/** A whole id of a run, which is opened whether or not it is among the latest; null: it is none. */
export function runId(query: string): string | null {
  const asked = query.trim().toLowerCase()
  return UUID.test(asked) ? asked : null
}

/** namespace/name, which is opened though a long list may not have it; null: it is none. */
export function pipelineName(query: string): { namespace: string; name: string } | null {
  const [, namespace, name] = PIPELINE.exec(query.trim()) ?? []
  return namespace === undefined || name === undefined ? null : { namespace, name }
}
