// JSON whose numbers keep all their digits. A browser's own numbers have 15 to 17 of them, and keys of tables often have more.

// Newer than TypeScript's own types: a text that JSON.stringify writes as it is.
const { rawJSON } = JSON as JSON & { rawJSON?: (text: string) => unknown }

/** A number, by its text. A class: what compares replies piece by piece leaves an instance whole. */
export class Exact {
  constructor(readonly text: string) {}

  toJSON(): unknown {
    return rawJSON?.(this.text)
  }
}

/** As JSON.parse; a number that would be rounded is an Exact, which JSON.stringify writes with all its digits. An old browser rounds it. */
export function parse(text: string): unknown {
  return JSON.parse(text, (_, value: unknown, context?: { source?: string }) => {
    const source = context?.source
    return typeof value === 'number' && source !== undefined && rawJSON !== undefined && rounded(value, source) ? new Exact(source) : value
  })
}

function rounded(value: number, source: string): boolean {
  return source.length > 15 && digits(source) !== digits(String(value))
}

function digits(text: string): string {
  const [mantissa = ''] = text.toLowerCase().split('e')
  return mantissa.replace(/[-.]/g, '').replace(/^0+|0+$/g, '')
}
