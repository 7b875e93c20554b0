import type { Act } from '@erp-steward/contracts/act'
import type { EntityManager } from 'typeorm'
import { acrOf } from '../second-factor/rules/amr.ts'
import type { Session } from '../sessions/session.ts'
import type { JwsWriter, KeyInForce } from '../sessions/token-signer.ts'

/** Life of an identity token in seconds: it is read at once, and is no key to anything. */
const ID_TOKEN_SECONDS = 300

/** Tells a front end who has signed in for it, when and how. */
export type SignIdToken = (
  tx: EntityManager,
  session: Session,
  nonce: string | null,
  act: Act,
) => Promise<string>

export function createIdTokenSigner(
  keyInForce: KeyInForce,
  write: JwsWriter,
  issuer: string,
): SignIdToken {
  return async (tx, { id, accountId, clientId, startedAt, amr }, nonce, act) => {
    const seconds = (at: Date) => Math.floor(at.getTime() / 1_000)
    return write(await keyInForce(tx, act), 'JWT', {
      iss: issuer,
      sub: accountId,
      aud: clientId,
      iat: seconds(act.now),
      exp: seconds(act.now) + ID_TOKEN_SECONDS,
      auth_time: seconds(startedAt),
      ...(nonce !== null && { nonce }),
      sid: id,
      amr,
      acr: acrOf(amr),
    })
  }
}
