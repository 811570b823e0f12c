// What is in each column of a dataset: figures, the shape of its values, and the most common ones.
import { Table, Text, Title } from '@mantine/core'
import type { DatasetQuality, ProfileColumn } from '../api/types'
import { Heads } from '../show/List'
import { cell, count, short, UNKNOWN } from '../show/figures'
import { Scroll } from '../show/Page'

const COMMON = 3

export function Profile({ profile }: { profile: NonNullable<DatasetQuality['profile']> }) {
  return (
    <div>
      <Title order={2} size="h4">
        Columns
      </Title>
      <Text fz="sm" c="dimmed">
        {profile.exact ? `Of all ${count(profile.rows)} rows` : `Estimated from ${count(profile.sampledRows)} of ${count(profile.rows)} rows`}
      </Text>
      <Scroll label="Profile of the columns" height={520}>
        <Table fz="sm" verticalSpacing={4} miw={900}>
          <Heads of={['Column', 'Type', 'NULLs', 'Distinct', 'Least', 'Most', 'Mean', 'Shape', 'Most common']} />
          <Table.Tbody>
            {profile.columns.map((column) => (
              <Table.Tr key={column.name}>
                <Table.Th scope="row">{column.name}</Table.Th>
                <Table.Td>{column.type}</Table.Td>
                <Table.Td>
                  {count(column.nulls)}
                  {column.nullPercent !== null && column.nullPercent > 0 && ` (${column.nullPercent.toFixed(2)} %)`}
                </Table.Td>
                <Table.Td>
                  {column.distinct === null ? UNKNOWN : `${column.distinctExact ? '' : 'about '}${count(column.distinct)}`}
                </Table.Td>
                <Value value={column.min} />
                <Value value={column.max} />
                <Table.Td>{mean(column)}</Table.Td>
                <Table.Td>{column.histogram === null ? '' : <Shape column={column} bins={column.histogram} />}</Table.Td>
                <Table.Td style={{ maxWidth: 260, overflowWrap: 'anywhere' }}>
                  {(column.topValues ?? [])
                    .slice(0, COMMON)
                    .map(({ value, rows }) => `${cell(value)} (${short(rows)})`)
                    .join(', ')}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Scroll>
    </div>
  )
}

function Value({ value }: { value: unknown }) {
  const text = value === null || value === undefined ? UNKNOWN : cell(value)
  return (
    <Table.Td title={text} style={{ maxWidth: 160, overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }}>
      {text}
    </Table.Td>
  )
}

function mean({ mean: of, stddev, lengths }: ProfileColumn): string {
  if (of !== null) return stddev === null ? number(of) : `${number(of)} ± ${number(stddev)}`
  return lengths === null ? UNKNOWN : `${lengths.min} to ${lengths.max} characters`
}

function number(value: number): string {
  return value.toLocaleString('en-GB', { maximumSignificantDigits: 4 })
}

const HIGH = 28
const WIDE = 6

function Shape({ column, bins }: { column: ProfileColumn; bins: NonNullable<ProfileColumn['histogram']> }) {
  const most = Math.max(1, ...bins.map(({ rows }) => rows))
  const middle = column.quantiles?.p50
  const said = `${column.name} from ${cell(bins[0]?.from)} to ${cell(bins.at(-1)?.to)}${middle == null ? '' : `, half below ${cell(middle)}`}`
  return (
    <svg width={WIDE * bins.length} height={HIGH} role="img" aria-label={said}>
      <title>{said}</title>
      {bins.map(({ rows }, number) => {
        const high = rows === 0 ? 0 : Math.max(1, (HIGH * rows) / most)
        return <rect key={number} x={WIDE * number} y={HIGH - high} width={WIDE - 1} height={high} fill="currentColor" />
      })}
    </svg>
  )
}
