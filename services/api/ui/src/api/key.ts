/** A new Idempotency-Key. `crypto.randomUUID` is there only where the page came over HTTPS or from this machine. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, '0')).join('')
}
