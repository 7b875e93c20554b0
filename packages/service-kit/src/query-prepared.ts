import type { Pool, QueryResultRow } from 'pg'
import type { DataSource } from 'typeorm'

/** A statement that each connection parses once and then knows by its name. */
export interface Prepared {
  /** Unlike that of any other statement of the service. */
  readonly name: string
  readonly text: string
}

/**
 * The rows of a statement on a connection of its own, outside any transaction: for what is read again and again, where
 * parsing and planning cost the server more than the reading.
 */
export async function queryPrepared<Row extends QueryResultRow>(
  { driver }: DataSource,
  { name, text }: Prepared,
  values: readonly unknown[],
): Promise<Row[]> {
  // The driver of PostgreSQL holds its pool there, and no other driver is used.
  const { master } = driver as unknown as { readonly master: Pool }
  const { rows } = await master.query<Row>({ name, text, values: [...values] })
  return rows
}
