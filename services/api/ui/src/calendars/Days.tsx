// Dates, one below the other: whether each counts, and the rule that says so.
import { Table } from '@mantine/core'
import { Scroll } from '../show/Page'
import { Status } from '../show/Status'

interface Rule {
  name: string
  calendar: string
  version: number | null
}
export interface Day {
  date: string
  weekday: string
  counts: boolean
  rule: Rule | null
  included: Rule | null
  halfDay: Rule | null
  /** Of the pipeline's schedule on that date; null where no pipeline is asked about. */
  times: number | null
  fires: number | null
  movedTo: string | null
  movedFrom: string[]
}
export interface Explained {
  calendars: { name: string; version: number | null }[]
  notes: string[]
  items: Day[]
}

/** Where a calendar is shown: PL_HOLIDAY, or namespace/name. */
export const addressOf = (calendar: string) => `/calendars/${calendar}`

export function Days({ days, label }: { days: Day[]; label: string }) {
  const fires = days.some((one) => one.times !== null)
  return (
    <Scroll label={label} height={480}>
      <Table verticalSpacing={2} miw={480}>
        <Table.Thead>
          <Table.Tr>
            {['Date', 'Day', 'Counts', ...(fires ? ['Fires'] : []), 'Why'].map((one) => (
              <Table.Th key={one}>{one}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {days.map((one) => (
            <Table.Tr key={one.date} data-counts={one.counts}>
              <Table.Td>{one.date}</Table.Td>
              <Table.Td>{one.weekday}</Table.Td>
              <Table.Td>{one.counts ? 'yes' : <Status status="SKIPPED" />}</Table.Td>
              {fires && <Table.Td>{often(one)}</Table.Td>}
              <Table.Td>{reason(one)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Scroll>
  )
}

function often({ times, fires }: Day): string {
  if (times === 0 && fires === 0) return 'no time'
  return fires === 0 ? 'no' : fires === 1 ? 'once' : `${fires} times`
}

function reason({ rule, included, halfDay, movedTo, movedFrom }: Day): string {
  const said = (one: Rule) => `${one.name} (${one.calendar})`
  return [
    rule === null ? null : said(rule),
    included === null ? null : `counts all the same: ${said(included)}`,
    halfDay === null ? null : `half a day: ${said(halfDay)}`,
    movedTo === null ? null : `moved to ${movedTo}`,
    movedFrom.length === 0 ? null : `moved here from ${movedFrom.join(', ')}`,
  ]
    .filter((one) => one !== null)
    .join('; ')
}
