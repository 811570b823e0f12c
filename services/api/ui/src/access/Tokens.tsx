// Who may call: tokens by name, made and revoked. A token itself is shown once, when it is made.
import { Alert, Button, Checkbox, Code, Group, Modal, Select, Stack, Table, TagsInput, Text, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { call } from '../api/call'
import { usePages } from '../api/pages'
import type { Role } from '../api/types'
import { useMay } from '../api/session'
import { Copy } from '../show/Copy'
import { Heads, Older } from '../show/List'
import { Empty, Page, Scroll, Waiting } from '../show/Page'
import { Trouble } from '../show/Trouble'
import { Moment } from '../show/zone'

interface Token {
  id: string
  name: string
  role: Role
  namespaces: string[] | null
  createdAt: string
  createdBy: string | null
  lastUsedAt: string | null
  expiresAt: string | null
  revokedAt: string | null
}

export default function Tokens() {
  const may = useMay('admin')
  const client = useQueryClient()
  const [ended, showEnded] = useState(false)
  const [making, make] = useState(false)
  const [revoking, revoke] = useState<Token | null>(null)
  const { items, error, more } = usePages<Token>(['tokens', ended], '/tokens', { limit: 100, ended: String(ended) }, may)
  const again = () => client.invalidateQueries({ queryKey: ['tokens'] })
  if (!may) return <Page title="Tokens"><Empty title="This is for admins">What your own token may do stands at the top right.</Empty></Page>
  return (
    <Page title="Tokens" actions={<Button onClick={() => make(true)}>Make a token</Button>}>
      <Checkbox label="Also those that were revoked or have expired" checked={ended} onChange={(event) => showEnded(event.currentTarget.checked)} />
      <Trouble error={error} title="The tokens cannot be listed" />
      {items === undefined && error === null && <Waiting what="tokens" />}
      {items !== undefined && items.length > 0 && (
        <Scroll label="Tokens">
          <Table verticalSpacing={4} miw={860}>
            <Heads of={['Name', 'Role', 'Namespaces', 'Made', 'Last used', 'Expires', 'What to do']} />
            <Table.Tbody>
              {items.map((one) => (
                <Table.Tr key={one.id}>
                  <Table.Td>{one.name}</Table.Td>
                  <Table.Td>{one.role}</Table.Td>
                  <Table.Td>{one.namespaces?.join(', ') ?? 'all'}</Table.Td>
                  <Table.Td>
                    <Moment at={one.createdAt} /> by {one.createdBy ?? 'the installation'}
                  </Table.Td>
                  <Table.Td>{one.lastUsedAt === null ? 'never' : <Moment at={one.lastUsedAt} />}</Table.Td>
                  <Table.Td>{one.expiresAt === null ? 'never' : <Moment at={one.expiresAt} />}</Table.Td>
                  <Table.Td>
                    {one.revokedAt !== null ? (
                      <>
                        revoked <Moment at={one.revokedAt} />
                      </>
                    ) : (
                      <Button size="xs" variant="default" aria-label={`Revoke ${one.name}`} onClick={() => revoke(one)}>
                        Revoke
                      </Button>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Scroll>
      )}
      <Older more={more} />
      {making && <Make onClose={() => make(false)} onMade={again} />}
      {revoking !== null && <Revoke token={revoking} onClose={() => revoke(null)} onRevoked={again} />}
    </Page>
  )
}

function Make({ onClose, onMade }: { onClose: () => void; onMade: () => Promise<void> }) {
  const [name, setName] = useState('')
  const [role, setRole] = useState<string>('viewer')
  const [namespaces, setNamespaces] = useState<string[]>([])
  const [expires, setExpires] = useState('')
  const made = useMutation({
    mutationFn: () =>
      call<Token & { token: string }>('/tokens', {
        method: 'POST',
        body: {
          name: name.trim(),
          role,
          ...(namespaces.length === 0 ? {} : { namespaces }),
          ...(expires === '' ? {} : { expiresAt: new Date(`${expires}T23:59:59`).toISOString() }),
        },
      }),
    onSuccess: onMade,
  })
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (name.trim() !== '') made.mutate()
  }
  return (
    <Modal
      opened
      onClose={onClose}
      title="Make a token"
      // It cannot be seen again: only the button below says that somebody has it.
      withCloseButton={made.data === undefined}
      closeOnEscape={made.data === undefined}
      closeOnClickOutside={made.data === undefined}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {made.data !== undefined ? (
        <Stack>
          <Alert color="orange" variant="outline" title="This is shown once" role="status">
            Give it to whom it is for; only its hash is kept.
          </Alert>
          <Code block style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
            {made.data.token}
          </Code>
          <Group justify="end">
            <Copy text={made.data.token} label="Copy the token" />
            <Button onClick={onClose}>I have it</Button>
          </Group>
        </Stack>
      ) : (
        <form onSubmit={send}>
          <Stack>
            <TextInput label="Name" description="For whom or what it is" withAsterisk value={name} onChange={(event) => setName(event.currentTarget.value)} />
            <Select
              label="Role"
              description="Each may do all that the ones before it may"
              data={['viewer', 'editor', 'operator', 'admin']}
              value={role}
              allowDeselect={false}
              onChange={(one) => setRole(one ?? role)}
            />
            <TagsInput label="Namespaces" description="All that yours may see where left empty; Enter after each" value={namespaces} onChange={setNamespaces} />
            <TextInput type="date" label="Expires" description="At the end of that day; when yours does where left empty" value={expires} onChange={(event) => setExpires(event.currentTarget.value)} />
            <Trouble error={made.error} title="It was not made" />
            <Button type="submit" loading={made.isPending} disabled={name.trim() === ''}>
              Make it
            </Button>
          </Stack>
        </form>
      )}
    </Modal>
  )
}

function Revoke({ token, onClose, onRevoked }: { token: Token; onClose: () => void; onRevoked: () => Promise<void> }) {
  const revoke = useMutation({
    mutationFn: () => call(`/tokens/${token.id}`, { method: 'DELETE' }),
    onSuccess: async () => {
      onClose()
      await onRevoked()
    },
  })
  return (
    <Modal opened onClose={onClose} title={`Revoke ${token.name}`} closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack>
        <Text>It is good for nothing any more, at once, and whoever has signed in with it is signed out. Tokens that it made stay.</Text>
        <Trouble error={revoke.error} title="It was not revoked" />
        <Group justify="end">
          <Button variant="default" onClick={onClose}>
            Not now
          </Button>
          <Button color="red" loading={revoke.isPending} onClick={() => revoke.mutate()}>
            Revoke it
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
