import type { DataSource, QueryRunner } from 'typeorm'

/**
 * What would have to be run for the schema to be what the entities describe; empty where the migrations agree.
 *
 * TypeORM reads the columns of all tables at once over one connection, which pg takes in turn but warns of, and will
 * refuse in its next version: here its statements are sent one after the other.
 */
export async function schemaDrift(db: DataSource): Promise<string[]> {
  const create = db.createQueryRunner.bind(db)
  db.createQueryRunner = (mode) => inTurn(create(mode))
  try {
    const { upQueries } = await db.driver.createSchemaBuilder().log()
    return upQueries.map(({ query }) => query)
  } finally {
    db.createQueryRunner = create
  }
}

function inTurn(runner: QueryRunner): QueryRunner {
  const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>
  let last: Promise<unknown> = Promise.resolve()
  runner.query = ((...args: unknown[]) => {
    const turn = last.then(() => query(...args))
    last = turn.catch(() => undefined)
    return turn
  }) as QueryRunner['query']
  return runner
}
