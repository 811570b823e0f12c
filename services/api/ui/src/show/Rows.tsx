// Rows of data as a table. NULL is told from the text of the same letters.
import { Table, Text } from '@mantine/core'
import { cell } from './figures'
import { Scroll } from './Page'

/** `order`: of the columns, where it is known; the store keeps none in a row. */
export function Rows({ label, rows, order = [] }: { label: string; rows: Record<string, unknown>[]; order?: string[] }) {
  const there = new Set(rows.flatMap((row) => Object.keys(row)))
  const columns = [...new Set([...order.filter((column) => there.has(column)), ...there])]
  return (
    <Scroll label={label} height={340}>
      <Table striped withTableBorder fz="sm" verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) => (
              <Table.Th key={column}>{column}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row, number) => (
            <Table.Tr key={number}>
              {columns.map((column) => (
                <Table.Td key={column} style={{ whiteSpace: 'nowrap', maxWidth: 320, overflow: 'hidden', textOverflow: 'ellipsis' }}>
                  {row[column] === null || row[column] === undefined ? (
                    <Text span fs="italic" c="dimmed" fz="sm">
                      NULL
                    </Text>
                  ) : (
                    cell(row[column])
                  )}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Scroll>
  )
}
