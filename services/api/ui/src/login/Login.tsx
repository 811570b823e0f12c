// Nobody is signed in yet: the token is asked for once, and changed into a cookie that no script can read. Or somebody else vouches.
import { Alert, Button, Code, Container, Divider, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core'
import { useEffect, useState, type FormEvent } from 'react'
import { useSignIn } from '../api/session'
import { startOf, useLogins, whyNot } from './logins'

export function Login() {
  const [token, setToken] = useState('')
  const signIn = useSignIn()
  const { data: logins } = useLogins()
  const refused = whyNot(window.location.search)
  useEffect(() => {
    document.title = 'Sign in · Penstock'
  }, [])
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (token.trim() !== '') signIn.mutate(token.trim())
  }
  return (
    <Container size={460} py={80} component="main">
      <Paper withBorder p="xl" component="form" onSubmit={send}>
        <Stack>
          <Title order={1} size="h2">
            Penstock
          </Title>
          {refused !== null && (
            <Alert color="red" role="alert" title="You are not signed in">
              {refused}
            </Alert>
          )}
          {logins?.oidc != null && (
            <>
              <Button component="a" href={startOf(logins.oidc.address, window.location)}>
                Log in with {logins.oidc.label}
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
          <Text fz="sm" c="dimmed">
            A Penstock on this machine made a token when it was first started; <Code>cat .penstock/api.token</Code> shows it. Of another one, ask
            whoever runs it.
          </Text>
        </Stack>
      </Paper>
    </Container>
  )
}
