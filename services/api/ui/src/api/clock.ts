// What time it is by the server's clock, which the times that it tells are by: the browser's may be minutes off.

// The server tells whole seconds, and its answer has been on its way; what is less is nothing to be corrected.
const LEAST_MS = 3000
let ahead = 0

/** An answer has come by now: `told` is its header Date. */
export function heard(told: string | null, now = Date.now()): void {
  const at = Date.parse(told ?? '')
  if (Number.isNaN(at)) return
  ahead = Math.abs(at - now) < LEAST_MS ? 0 : at - now
}

/** In milliseconds, as `Date.now`. */
export function serverNow(): number {
  return Date.now() + ahead
}
