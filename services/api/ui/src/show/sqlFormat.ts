// SQL in lines that can be read. Fetched when a statement is looked at: it knows the words of each dialect.
import { bigquery, duckdb, formatDialect, mysql, postgresql, redshift, snowflake, sql, sqlite, transactsql, type DialectOptions } from 'sql-formatter'

const DIALECTS: [RegExp, DialectOptions][] = [
  [/duckdb/, duckdb],
  [/postgres/, postgresql],
  [/mysql|mariadb/, mysql],
  [/sqlite/, sqlite],
  [/snowflake/, snowflake],
  [/bigquery/, bigquery],
  [/redshift/, redshift],
  [/mssql|sqlserver/, transactsql],
]

/** By the engine's name. The text as it is where it cannot be read. */
export function formatted(text: string, engine: string | null): string {
  const dialect = DIALECTS.find(([name]) => name.test(engine ?? ''))?.[1] ?? sql
  try {
    return formatDialect(text, { dialect, tabWidth: 2, expressionWidth: 80 })
  } catch {
    return text
  }
}
