import { randomBytes } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { SourceChanged } from '@erp-steward/contracts/monitoring-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { handsOf } from '@erp-steward/service-kit/another-person'
import type { EntityManager } from 'typeorm'
import { SECRET_BYTES, sourceToken } from './rules/source-token.ts'
import { factOf, lockActiveSource, SourceEntity, type Source } from './source.ts'
import { tokenHash } from './token-hash.ts'

/**
 * Gives a source a new token and voids the one before. Only its hash is kept: the answer is the one time it is seen.
 *
 * @throws Problem `source-not-found`, `version-stale`, `source-disabled`
 */
export async function issueSourceToken(
  tx: EntityManager,
  sourceId: string,
  expected: number,
  act: Act,
): Promise<Source & { token: string }> {
  const source = await lockActiveSource(tx, sourceId, expected)
  const token = sourceToken(sourceId, randomBytes(SECRET_BYTES))
  const issued = {
    tokenHash: tokenHash(token),
    tokenIssuedAt: act.now,
    tokenIssuedByPersonIds: [
      ...new Set([...(source.tokenIssuedByPersonIds ?? []), ...handsOf(act)]),
    ],
    version: expected + 1,
  }
  await tx.update(SourceEntity, { id: sourceId }, issued)
  await appendEvent(
    tx,
    'monitoring-ingest',
    SourceChanged,
    sourceId,
    { ...factOf(source), change: 'token-issued' },
    act,
  )
  return { ...source, ...issued, token }
}
