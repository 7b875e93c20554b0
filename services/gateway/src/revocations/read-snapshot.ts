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
    asOf: Type.Optional(Type.String({ pattern: '^[0-9T:.Z-]+$' })),
  }),
)

/** Asks identity what it has revoked; one at a time. */
export interface RevocationReader {
  /**
   * Everything that a living token may be of. It only adds: an event may be ahead of it.
   *
   * @throws Error if identity cannot be reached or its answer cannot be read; nothing is confirmed then
   */
  whole(): Promise<void>
  /**
   * What came since the last answer, which is little: asked for often, it holds where events come late or not at all.
   *
   * @throws Error as `whole`
   */
  news(): Promise<void>
}

export function createRevocationReader(
  revocations: Revocations,
  identity: Upstream,
  internalToken: string,
  clock: () => Date,
): RevocationReader {
  /** Until when identity has been heard, by its own clock. */
  let heard: string | undefined
  const read = async (query: string, askedAt: number) => {
    const path = `/internal/revocations${query}`
    const headers = { authorization: `Bearer ${internalToken}` }
    const answer = await askUpstream(identity, path, SNAPSHOT_MS, headers)
    if (!snapshot.Check(answer)) throw new Error('the revocations cannot be read')
    for (const { id, epoch } of answer.accounts) revocations.revoke(id, epoch, askedAt)
    for (const { id, reason } of answer.sessions) revocations.endSession(id, reason, askedAt)
    heard = answer.asOf
  }
  return {
    async whole() {
      const askedAt = clock().getTime()
      await read('', askedAt)
      revocations.confirm(askedAt)
      revocations.prune(askedAt)
    },
    async news() {
      await read(heard === undefined ? '' : `?since=${heard}`, clock().getTime())
    },
  }
}
