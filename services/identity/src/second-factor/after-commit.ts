import { Problem } from '@erp-steward/contracts/problem'
import type { DataSource, EntityManager } from 'typeorm'

/**
 * The result of a transaction; a problem that it answers instead of throwing is thrown after its commit, so that what was
 * counted stays counted.
 */
export async function refusedAfterCommit<Result>(
  db: DataSource,
  work: (tx: EntityManager) => Promise<Result | Problem>,
): Promise<Result> {
  const result = await db.transaction(work)
  if (result instanceof Problem) throw result
  return result
}
