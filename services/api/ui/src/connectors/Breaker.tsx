// The state of a connector's circuit breaker, and closing it by hand.
import { Button, Group } from '@mantine/core'
import { useMutation, useQueryClient, type UseMutationResult } from '@tanstack/react-query'
import { call } from '../api/call'
import { useMay } from '../api/session'
import type { Breaker } from '../api/types'
import { Status } from '../show/Status'

type Reset = UseMutationResult<unknown, Error, Breaker>

export function useReset(): Reset {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ namespace, name }: Breaker) => call<unknown>(`/circuit-breakers/${namespace}/${name}/reset`, { method: 'POST' }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['breakers'] }),
  })
}

export function State({ breaker, reset }: { breaker: Breaker; reset: Reset }) {
  const may = useMay('operator')
  if (breaker.state === null) return 'not known: Redis is away'
  return (
    <Group gap="xs" wrap="nowrap">
      <Status status={breaker.state} />
      {may && breaker.state !== 'closed' && (
        <Button
          size="xs"
          variant="default"
          loading={reset.isPending && reset.variables.connector === breaker.connector}
          aria-label={`Reset ${breaker.connector}`}
          onClick={() => reset.mutate(breaker)}
        >
          Reset
        </Button>
      )}
    </Group>
  )
}
