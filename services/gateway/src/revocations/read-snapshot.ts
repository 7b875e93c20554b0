import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { askUpstream, type Upstream } from '../routing/upstreams.ts'
import type { Revocations } from './revocations.ts'

/** Longest wait for a snapshot in milliseconds. */
const SNAPSHOT_MS = 3_000

const snapshot = Compile(
  Type.Object({
    accounts: Type.Array(
      Type.Object({ id: Type.String({ minLength: 1 }), epoch: Type.Integer({ minimum: 0 }) }),
    ),
    sessions: Type.Array(
      Type.Object({ id: Type.String({ minLength: 1 }), reason: Type.Optional(Type.String()) }),
    ),
  }),
)

/**
 * Reads what identity has revoked of late. It only adds: an event may be ahead of the snapshot.
 *
 * @throws Error if identity cannot be reached or its answer cannot be read; nothing is confirmed then
 */
export async function readSnapshot(
  revocations: Revocations,
  identity: Upstream,
  internalToken: string,
  clock: () => Date,
): Promise<void> {
  const askedAt = clock().getTime()
  const answer = await askUpstream(identity, '/internal/revocations', SNAPSHOT_MS, {
    authorization: `Bearer ${internalToken}`,
  })
  if (!snapshot.Check(answer)) throw new Error('the snapshot of revocations cannot be read')
  for (const { id, epoch } of answer.accounts) revocations.revoke(id, epoch, askedAt)
  for (const { id, reason } of answer.sessions) revocations.endSession(id, reason, askedAt)
  revocations.confirm(askedAt)
  revocations.prune(askedAt)
}
