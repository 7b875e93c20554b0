import { Envelope } from '@erp-steward/contracts/event'
import { AccountRevoked, SessionEnded } from '@erp-steward/contracts/sign-in-events'
import type { Logger } from 'pino'
import { Compile } from 'typebox/compile'
import type { Revocations } from './revocations.ts'

/** The topics that tell of revocations. */
export const revocationTopics = [...new Set([AccountRevoked.topic, SessionEnded.topic])]

const envelope = Compile(Envelope)
const revoked = Compile(AccountRevoked.payload)
const ended = Compile(SessionEnded.payload)

/**
 * Takes revocations from the bus. Nothing is parked here: what cannot be read is logged, and the next snapshot of
 * identity, seconds later, carries it.
 */
export function onAccountEvent(
  revocations: Revocations,
  clock: () => Date,
  log: Logger,
): (event: unknown) => Promise<void> {
  return (event) => {
    if (!envelope.Check(event)) log.error('an event without a readable envelope was dropped')
    else {
      const { type, data, id } = event
      const now = clock().getTime()
      if (type === AccountRevoked.type && revoked.Check(data))
        revocations.revoke(data.accountId, data.epoch, now)
      else if (type === SessionEnded.type && ended.Check(data))
        revocations.endSession(data.sessionId, data.reason, now)
      else if (type === AccountRevoked.type || type === SessionEnded.type)
        log.error({ eventId: id, type }, 'a revocation could not be read')
    }
    return Promise.resolve()
  }
}
