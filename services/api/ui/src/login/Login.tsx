// Nobody is signed in yet: the token is asked for once, and changed into a cookie that no script can read.
import { Button, Code, Container, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core'
import { useEffect, useState, type FormEvent } from 'react'
import { useSignIn } from '../api/session'

export function Login() {
  const [token, setToken] = useState('')
  const signIn = useSignIn()
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
          <PasswordInput
            label="API token"
            autoComplete="current-password"
            value={token}
            onChange={(event) => setToken(event.currentTarget.value)}
            error={signIn.error?.message}
            data-autofocus
          />
          <Button type="submit" loading={signIn.isPending} disabled={token.trim() === ''}>
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
