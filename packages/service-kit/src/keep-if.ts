import type { EntityManager } from 'typeorm'

/** Runs work in a transaction, or in a savepoint of one, that leaves no trace unless its result says that it is kept. */
export async function keepIf<Result extends object>(
  db: Pick<EntityManager, 'transaction'>,
  work: (tx: EntityManager) => Promise<Result>,
  isKept: (result: Result) => boolean,
): Promise<Result> {
  let result: Result | undefined
  try {
    return await db.transaction(async (tx) => {
      result = await work(tx)
      if (!isKept(result)) throw new TakenBack()
      return result
    })
  } catch (error) {
    if (error instanceof TakenBack && result !== undefined) return result
    throw error
  }
}

/** Ends a transaction that must leave no trace. */
class TakenBack extends Error {}
