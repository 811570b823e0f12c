// Nobody is signed in yet: the token is asked for once, and changed into a cookie that no script can read. Or somebody else vouches.
import { Alert, Button, Code, Container, Divider, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core'
import { useEffect, useState, type FormEvent } from 'react'
import { useSignIn, useSignOut } from '../api/session'
import { startOf, useLogins, whyNot } from './logins'

export function Login() {
  const refused = whyNot(window.location.search)
  useEffect(() => {
    document.title = 'Sign in · Penstock'
  }, [])
  return (
    <Container size={460} py={80} component="main">
      <Paper withBorder p="xl">
        <Stack>
          <Title order={1} size="h2">
            Penstock
          </Title>
          {refused !== null && (
            <Alert color="red" role="alert" title="You are not signed in">
              {refused}
            </Alert>
          )}
          <SignIn />
        </Stack>
      </Paper>
    </Container>
  )
}

/** `again`: who was signed in, and has the page still below. */
export function SignIn({ again }: { again?: string }) {
  const [token, setToken] = useState('')
  const signIn = useSignIn()
  const { data: logins } = useLogins()
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (token.trim() !== '') signIn.mutate(token.trim())
  }
  return (
    <form onSubmit={send}>
      <Stack>
        {again !== undefined && <Text>Log in again as {again}: the page is as you left it, with what you have written.</Text>}
        {logins?.oidc != null && (
          <>
            {/* Another tab, where this one has something to lose; it sees by itself that somebody has logged in. */}
            <Button component="a" href={startOf(logins.oidc.address, window.location)} {...(again === undefined ? {} : { target: '_blank' })}>
              Log in with {logins.oidc.label}
              {again !== undefined && ', in another tab'}
            </Button>
            <Divider label="or with a token" />
          </>
        )}
        <PasswordInput
          label="API token"
          autoComplete="current-password"
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
          error={signIn.error?.message}
          data-autofocus
        />
        <Button type="submit" variant={logins?.oidc != null ? 'default' : 'filled'} loading={signIn.isPending} disabled={token.trim() === ''}>
          Sign in
        </Button>
        {again !== undefined && <SignOut />}
        <Text fz="sm" c="dimmed">
          A Penstock on this machine made a token when it was first started; <Code>cat .penstock/api.token</Code> shows it. Of another one, ask
          whoever runs it.
        </Text>
      </Stack>
    </form>
  )
}

function SignOut() {
  const signOut = useSignOut()
  return (
    <Button variant="default" loading={signOut.isPending} onClick={() => signOut.mutate()}>
      Leave, without what is not saved
    </Button>
  )
}
