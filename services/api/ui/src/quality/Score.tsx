// The score opened: what each rule gives to it, and what it would be without.
import { Progress, Stack, Table, Text, Title } from '@mantine/core'
import type { Formula } from '../api/types'
import { Heads } from '../show/List'
import { count } from '../show/figures'
import { Scroll } from '../show/Page'
import { lost } from './score'

export function Score({ formula, score }: { formula: Formula; score: number | null }) {
  const most = Math.max(1, ...formula.terms.map((term) => lost(formula, term)))
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">
        How the score came about
      </Title>
      <Scroll label="What each rule gives to the score">
        <Table fz="sm" verticalSpacing={4} miw={620}>
          <Heads of={['Rule', 'Severity', 'Weight', 'Rows that pass', 'Points', 'Points lost']} />
          <Table.Tbody>
            {formula.terms
              .toSorted((a, b) => lost(formula, b) - lost(formula, a))
              .map((term) => {
                const gone = lost(formula, term)
                return (
                  <Table.Tr key={term.rule}>
                    <Table.Td>{term.rule}</Table.Td>
                    <Table.Td>{term.severity}</Table.Td>
                    <Table.Td>{term.weight}</Table.Td>
                    <Table.Td>
                      {(100 * term.share).toFixed(2)} %
                      {term.checked !== null && term.failing !== null && ` (${count(term.checked - term.failing)} of ${count(term.checked)})`}
                    </Table.Td>
                    <Table.Td>{(lost(formula, { ...term, share: 0 }) - gone).toFixed(1)}</Table.Td>
                    <Table.Td w={150}>
                      {gone.toFixed(1)}
                      {gone > 0 && <Progress value={(100 * gone) / most} color="red" aria-label={`${gone.toFixed(1)} points lost by ${term.rule}`} />}
                    </Table.Td>
                  </Table.Tr>
                )
              })}
          </Table.Tbody>
        </Table>
      </Scroll>
      <Text fz="sm" c="dimmed">
        {formula.text}.
        {formula.cap !== null && ` A critical rule failed, so it is at most ${formula.cap}, whatever the points make.`}
        {formula.leftOut.length > 0 && ` Not in it, because they could not be measured: ${formula.leftOut.join(', ')}.`}
        {score === null && ' No rule was left to make one.'}
      </Text>
    </Stack>
  )
}
