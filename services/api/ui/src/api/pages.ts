// A list that is asked for page by page, each shown below the one before.
import { useInfiniteQuery } from '@tanstack/react-query'
import { call } from './call'
import type { Page } from './types'

type Query = NonNullable<NonNullable<Parameters<typeof call>[1]>['query']>

/** `items`: of all pages so far; undefined until the first is there. `more`: for the button `Older`. */
export function usePages<Item>(queryKey: readonly unknown[], path: string, query: Query, enabled = true) {
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => call<Page<Item>>(path, { query: { ...query, cursor: pageParam } }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    enabled,
  })
  return { items: data?.pages.flatMap((page) => page.items), error, more: { hasNextPage, isFetchingNextPage, fetchNextPage } }
}

export type More = ReturnType<typeof usePages>['more']
