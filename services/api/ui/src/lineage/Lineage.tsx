// Where a pipeline's data comes from and goes: tables, the pipelines beside them, and columns.
import { Alert, Anchor, SegmentedControl, Select, Stack, Table, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { Link } from 'react-router'
import { call } from '../api/call'
import type { PipelineName } from '../api/types'
import { Heads } from '../show/List'
import { Empty, Scroll, Waiting } from '../show/Page'
import { Trouble } from '../show/Trouble'
import { columns, tables, type ColumnLineage, type Lineage as Found, type Neighbour } from './graph'
import { Picture } from './Picture'

// More would be a picture that nobody can read.
const MOST_DRAWN = 60

export default function Lineage({ namespace, name }: PipelineName) {
  const { data, error } = useQuery({
    queryKey: ['lineage', namespace, name],
    queryFn: () => call<Found>(`/pipelines/${namespace}/${name}/lineage`),
  })
  if (error !== null) return <Trouble error={error} title="Its lineage is not known" />
  if (data === undefined) return <Waiting what="its lineage" />
  return <Told key={`${namespace}/${name}`} found={data} />
}

function Told({ found }: { found: Found }) {
  const [of, choose] = useState('tables')
  return (
    <Stack>
      <SegmentedControl
        aria-label="Lineage of"
        value={of}
        onChange={choose}
        data={[
          { value: 'tables', label: 'Tables and pipelines' },
          { value: 'columns', label: 'Columns' },
        ]}
        style={{ alignSelf: 'start' }}
      />
      {found.why !== null && (
        <Alert color="orange" variant="outline" title={found.columns === null ? 'Columns are not known' : 'Columns are as far as is known'}>
          {found.why}
        </Alert>
      )}
      {of === 'tables' ? <Tables found={found} /> : <Columns all={found.columns ?? []} />}
      <Text fz="sm">
        <Anchor underline="always" href={`/api/v1/pipelines/${found.pipeline}/docs`} target="_blank" rel="noopener">
          The pipeline as a page of Markdown
        </Anchor>
        : recipe, schedule, dependencies, contacts.
      </Text>
    </Stack>
  )
}

function Tables({ found }: { found: Found }) {
  const drawn = useMemo(() => tables(found), [found])
  return (
    <>
      <Picture drawn={drawn} label={`Tables of ${found.pipeline} and pipelines beside it`} />
      <Neighbours title="Pipelines before it" none="No pipeline writes what it reads." all={found.upstream} />
      <Neighbours title="Pipelines after it" none="No pipeline reads what it writes." all={found.downstream} />
    </>
  )
}

function Neighbours({ title, none, all }: { title: string; none: string; all: Neighbour[] }) {
  return (
    <section aria-label={title}>
      <Title order={2} size="h4">
        {title}
      </Title>
      {all.length === 0 && <Text c="dimmed">{none}</Text>}
      {all.map(({ pipeline, distance, datasets }) => (
        <Text key={pipeline}>
          <Anchor component={Link} to={`/pipelines/${pipeline}`} underline="always">
            {pipeline}
          </Anchor>
          , by {datasets.join(', ')}
          {distance > 1 && `, over ${distance} hand-overs`}
        </Text>
      ))}
    </section>
  )
}

function Columns({ all }: { all: ColumnLineage[] }) {
  const [chosen, choose] = useState<string | null>(null)
  const named = ({ dataset, column }: ColumnLineage) => `${dataset} ${column}`
  const shown = useMemo(() => all.filter((one) => chosen === null || named(one) === chosen), [all, chosen])
  const drawn = useMemo(() => columns(shown.slice(0, MOST_DRAWN)), [shown])
  if (all.length === 0) return <Empty title="There is no column to show">What a column is made of is known once the columns of its sources are. Run the pipeline once, or plan it.</Empty>
  return (
    <>
      <Select
        label="Column"
        description="Of what it writes"
        clearable
        searchable
        placeholder="all of them"
        maw={420}
        data={[...new Set(all.map(named))]}
        value={chosen}
        onChange={choose}
      />
      <Picture key={chosen ?? ''} drawn={drawn} label={`What ${chosen ?? 'each column'} is made of`} />
      {shown.length > MOST_DRAWN && <Text c="dimmed">The picture has the first {MOST_DRAWN} columns; choose one to see it. The table has all.</Text>}
      <Scroll label="Columns and what they are made of" height={360}>
        <Table verticalSpacing={2} miw={560}>
          <Heads of={['Column', 'Of', 'Made of', 'How']} />
          <Table.Tbody>
            {shown.map((one) => (
              <Table.Tr key={`${one.node} ${one.column}`}>
                <Table.Td>{one.column}</Table.Td>
                <Table.Td>{one.dataset}</Table.Td>
                <Table.Td>{one.from.map(({ dataset, column }) => `${dataset}.${column}`).join(', ')}</Table.Td>
                <Table.Td>{one.copied ? 'as it was' : one.known ? 'computed' : 'not all is known'}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Scroll>
    </>
  )
}
