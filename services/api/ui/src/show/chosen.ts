// Which rows of a list are chosen.
export type Chosen = ReadonlySet<string>
export const NONE: Chosen = new Set()

/** With it where it was not among them, and without it where it was. */
export function toggled(chosen: Chosen, id: string): Chosen {
  return new Set(chosen.has(id) ? [...chosen].filter((one) => one !== id) : [...chosen, id])
}
