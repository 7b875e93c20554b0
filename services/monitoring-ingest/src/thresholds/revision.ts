import type { EntityManager } from 'typeorm'

/**
 * Advisory lock between ingest (shared) and whoever changes what ingest decides by (exclusive). It keeps a sample from
 * being judged by a threshold that is withdrawn in the same moment. Any number that nothing else uses.
 */
export const INGEST_LOCK = 7_411_010

/** Waits for the ingests under way, keeps new ones waiting until this transaction ends, and makes them look again. */
export async function holdIngest(tx: EntityManager): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1)', [INGEST_LOCK])
  await tx.query('update threshold_revision set revision = revision + 1')
}
