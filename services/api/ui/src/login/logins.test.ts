import { expect, test } from 'vitest'
import { startOf, whyNot } from './logins'

test('a login comes back to the page that it was begun on, without what was said there of an earlier one', () => {
  const start = startOf('/api/v1/session/oidc', { pathname: '/ui/runs', search: '?status=FAILED&login=away' })
  expect(new URL(start, 'http://x').searchParams.get('after')).toBe('/ui/runs?status=FAILED')
})

test('who was refused reads why, and nobody else does', () => {
  expect(whyNot('')).toBeNull()
  expect(whyNot('?login=nobody')).toContain('nothing says what you may do here')
  expect(whyNot('?login=<b>')).toBe('The login did not go through. Log in again.')
})
