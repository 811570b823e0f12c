// Whether something is written that would be lost, for whatever takes the page away without going to another address.

type Ask = (go: () => void) => void
let asking: Ask | null = null

/** `ask`: shows the question, and goes on where the answer is yes. Returns what ends it. */
export function guard(ask: Ask): () => void {
  asking = ask
  return () => {
    if (asking === ask) asking = null
  }
}

/** Goes at once where nothing would be lost. */
export function leave(go: () => void): void {
  if (asking === null) go()
  else asking(go)
}
