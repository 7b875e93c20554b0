import type { EntityManager } from 'typeorm'

/** Namespace of the lock; any number that nothing else uses. */
const FACTS = 7_411_003

/**
 * Opens a change of facts (observations, their standing, entry counts). Any number of changes go on at once; a
 * computation waits for those that have begun and lets no other begin, so that what lies before its cut-off is complete.
 *
 * Always the first lock of a transaction: whoever holds a row and waits here could wait for ever.
 */
export async function beginFacts(tx: EntityManager): Promise<void> {
  await tx.query('select pg_advisory_xact_lock_shared($1)', [FACTS])
}

/**
 * Waits for every change of facts that has begun and keeps others out until the transaction ends.
 *
 * Resolves with the order of the last fact: all facts up to it are visible, all later ones get a higher one. Clock times
 * cannot promise that, since a fact can be committed after the cut-off with an instant before it.
 */
export async function closeFacts(tx: EntityManager): Promise<string> {
  await tx.query('select pg_advisory_xact_lock($1)', [FACTS])
  const [{ order }]: [{ order: string }] = await tx.query(
    `select case when is_called then last_value else 0 end as order from fact_order`,
  )
  return order
}
