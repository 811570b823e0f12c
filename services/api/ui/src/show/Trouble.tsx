// What went wrong with a call, in the API's own sentence.
import { Alert, List } from '@mantine/core'
import { Problem } from '../api/call'

export function Trouble({ error, title = 'That did not work' }: { error: Error | null; title?: string }) {
  if (error === null) return null
  const errors = error instanceof Problem ? error.errors.filter((one) => one.message !== undefined && one.message !== error.message) : []
  return (
    <Alert color="red" variant="outline" title={title} role="alert">
      {error.message}
      {errors.length > 0 && (
        <List size="sm" mt="xs">
          {errors.map((one, number) => (
            <List.Item key={number}>
              {one.line !== undefined && `Line ${one.line}: `}
              {one.message}
            </List.Item>
          ))}
        </List>
      )}
    </Alert>
  )
}
