import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { DataSource, EntityManager } from 'typeorm'
import { stateClientRevoked } from '../clients/state-client-revoked.ts'
import { endSession } from '../sessions/end-session.ts'
import { digestOf } from '../sessions/refresh-token.ts'
import type { VerifyOwnToken } from './verify-own-token.ts'

/**
 * Makes a token void for good (RFC 7009): one of a person ends its session with all its tokens, one of a machine voids every
 * token that the machine holds, for no row is kept of a single one. A token that is not good is as revoked as it can be.
 *
 * @throws Problem `grant-forbidden` when it was issued to another client
 */
export async function revokeToken(
  db: DataSource,
  verify: VerifyOwnToken,
  { token, clientId }: { readonly token: string; readonly clientId: string },
  act: Act,
): Promise<void> {
  const claims = await verify(token)
  await db.transaction(async (tx) => {
    if (claims === null) await revokeRefreshToken(tx, token, clientId, act)
    else if (claims.client_id !== clientId) throw issuedToAnother()
    else if (claims.sid === null) await revokeMachine(tx, clientId, claims.epoch, act)
    else await endSession(tx, claims.sid, 'signed-out', act)
  })
}

const issuedToAnother = () =>
  new Problem(
    'grant-forbidden',
    said('The token was issued to somebody else.', '该令牌不是签发给该客户端的。'),
  )

async function revokeRefreshToken(
  tx: EntityManager,
  token: string,
  clientId: string,
  act: Act,
): Promise<void> {
  const [session]: { id: string; client_id: string | null }[] = await tx.query(
    `select session.id, session.client_id
       from refresh_token join session on session.id = refresh_token.session_id where digest = $1`,
    [digestOf(token)],
  )
  if (session === undefined) return
  if (session.client_id !== clientId) throw issuedToAnother()
  await endSession(tx, session.id, 'signed-out', act)
}

async function revokeMachine(
  tx: EntityManager,
  clientId: string,
  epoch: number,
  act: Act,
): Promise<void> {
  // A token of before the last revocation is void already, and must not void those of after it.
  const [[raised]]: [{ epoch: number }[], number] = await tx.query(
    'update client set epoch = epoch + 1 where id = $1 and epoch = $2 returning epoch',
    [clientId, epoch],
  )
  if (raised === undefined) return
  const revoked = { clientId, epoch: raised.epoch, reason: 'revoked by the client' }
  await stateClientRevoked(tx, revoked, act)
}
