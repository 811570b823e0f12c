// Labels of a run as people write them.

/** KEY:VALUE, several with commas between them; null where one of them is not that. A value may hold commas, if no colon follows them. */
export function labels(text: string): Record<string, string> | null {
  const each = text.trim() === '' ? [] : text.split(/,(?=[^,:]+:)/).map((one) => /^\s*([^,:]+):(.*)$/.exec(one.trim()))
  const found = each.flatMap((one) => (one === null ? [] : [[one[1]?.trim() ?? '', one[2]?.trim() ?? '']]))
  return found.length < each.length ? null : (Object.fromEntries(found) as Record<string, string>)
}

/** As `labels` reads them. */
export function labelText(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}:${value}`)
    .join(', ')
}
