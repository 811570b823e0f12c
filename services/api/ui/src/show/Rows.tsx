// Rows of data as a table. NULL is told from the text of the same letters.
import { Table, Text } from '@mantine/core'
import { cell } from './figures'
import { Scroll } from './Page'

export function Rows({ label, rows }: { label: string; rows: Record<string, unknown>[] }) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
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
