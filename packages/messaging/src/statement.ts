import { QueryFailedError, type EntityManager } from 'typeorm'

/** Whatever can run a statement inside the caller's transaction: a TypeORM manager or a thin cover of a `pg` client. */
export interface Statement {
  query(text: string, values?: unknown[]): Promise<unknown>
}

/** A statement that each connection parses once. */
export interface Prepared {
  /** Of this text alone, 63 bytes at most. */
  readonly name: string
  readonly text: string
}

/** A statement that reads, and locks nothing. */
export interface Question extends Prepared {
  /** The tables it looks at: collected rows of others need not be sent before it. */
  readonly reads: readonly string[]
}

/** A statement that writes any number of rows of one table. */
export interface RowsStatement<Row> extends Prepared {
  readonly table: string
  /** Tables that its rows refer to, whose rows must be there first. */
  readonly parents: readonly string[]
  /** The rows as the statement takes them. */
  values(rows: readonly Row[]): unknown[]
}

/** A connection that keeps what a transaction writes until it reads or commits: `UnitOfWork` of the service kit. */
export interface Collector {
  /** Whether a transaction is open that could keep rows. */
  readonly collects: boolean
  collect<Row>(statement: RowsStatement<Row>, rows: readonly Row[]): void
  ask(statement: Prepared | Question, values: readonly unknown[]): Promise<{ rows: unknown[] }>
}

/**
 * Writes rows with the transaction: they are sent before its next statement, at the latest with its commit, in one
 * statement with other rows of their table. A row that PostgreSQL refuses fails the statement or the commit that sent
 * it: whoever wants to catch that inserts the row at once instead.
 *
 * Without a transaction, or on a connection that does not collect, it writes at once.
 */
export async function write<Row>(
  tx: EntityManager | Statement,
  statement: RowsStatement<Row>,
  rows: readonly Row[],
): Promise<void> {
  if (rows.length === 0) return
  const collector = await collectorOf(tx)
  if (collector?.collects === true) collector.collect(statement, rows)
  else await tx.query(statement.text, statement.values(rows))
}

/** The rows of a statement that each connection parses once, for reads that are asked over and over. */
export async function ask<Row>(
  tx: EntityManager | Statement,
  statement: Prepared | Question,
  values: unknown[],
): Promise<Row[]> {
  const collector = await collectorOf(tx)
  if (collector === null) return (await tx.query(statement.text, values)) as Row[]
  try {
    return (await collector.ask(statement, values)).rows as Row[]
  } catch (error) {
    // As TypeORM tells it, whom nobody asked here.
    throw new QueryFailedError(statement.text, values, error as Error)
  }
}

async function collectorOf(tx: EntityManager | Statement): Promise<Collector | null> {
  const { queryRunner } = tx as Partial<Pick<EntityManager, 'queryRunner'>>
  if (queryRunner === undefined) return null
  const connection: unknown = await queryRunner.connect()
  return isCollector(connection) ? connection : null
}

function isCollector(connection: unknown): connection is Collector {
  return typeof connection === 'object' && connection !== null && 'collects' in connection
}
