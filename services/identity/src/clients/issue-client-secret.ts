import { createHash, randomBytes } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { ClientSecretIssued } from '@erp-steward/contracts/client-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { assertAnotherHand, assertNamed } from '../accounts/another-hand.ts'
import { digestOf } from '../sessions/refresh-token.ts'
import { ClientEntity, type Client, type ClientRole } from './client.ts'
import { noteController } from './client-controller.ts'
import { stateClientRevoked } from './state-client-revoked.ts'

/** Random bytes of a half: 128 bits, which nobody guesses even with the other one in hand. */
const HALF_BYTES = 16
/** Characters of a half in base64url. */
const HALF_LENGTH = 22

/** The client by which the first administrators are taken into the register: they are not named before that. */
const SET_UP: ClientRole = 'SCRIPT'

/** What is kept of a secret of two halves; the first one is known only as a digest when the second is made. */
export function digestOfHalves(firstDigest: Buffer, second: string): Buffer {
  return createHash('sha256').update(firstDigest).update(second).digest()
}

/** What a secret that somebody sent is kept as. */
export function digestOfSecret(secret: string): Buffer {
  return digestOfHalves(digestOf(secret.slice(0, HALF_LENGTH)), secret.slice(HALF_LENGTH))
}

/**
 * Makes the first half of a new secret, answered once. What the client has now stays good until the second half is made.
 *
 * @throws Problem `client-unknown`, `client-state` when it is not active, `administrator-unnamed`
 */
export async function issueFirstSecretHalf(
  tx: EntityManager,
  clientId: string,
  act: Act,
): Promise<string> {
  const { role } = await activeClient(tx, clientId)
  if (role !== SET_UP) await assertNamed(tx, act)
  const half = randomBytes(HALF_BYTES).toString('base64url')
  await tx.query(
    `update client set half_digest = $2, half_by = $3, half_person = $4, half_role = $5, version = version + 1
      where id = $1`,
    [clientId, digestOf(half), act.actor, act.personId, act.role],
  )
  await noteController(tx, clientId, 'first-half', act)
  return half
}

/**
 * Makes the second half for another person of another role; the secret is the first and the second, one after the other.
 * An earlier secret is void at once, and so are the tokens it got: a secret is replaced because somebody else may have it.
 *
 * @throws Problem `client-unknown`, `client-state`, `first-half-missing`, `same-person`, `half-not-for-role`,
 *   `administrator-unnamed`
 */
export async function issueSecondSecretHalf(
  tx: EntityManager,
  clientId: string,
  act: Act,
): Promise<string> {
  const client = await activeClient(tx, clientId)
  const { halfDigest, halfBy, halfPerson, halfRole } = client
  if (halfDigest === null)
    throw new Problem(
      'first-half-missing',
      said('No first half waits for a second one.', '没有等待第二半的前一半。'),
    )
  const first = { actor: halfBy ?? '', personId: halfPerson }
  await assertAnotherHand(tx, act, [first], said('You have the first half.', '您已持有前一半。'))
  if (client.role !== SET_UP) await assertNamed(tx, act, [first])
  if (halfRole === act.role)
    throw new Problem(
      'half-not-for-role',
      said(
        'The second half goes to another role than the first.',
        '第二半须交给与第一半不同的角色。',
      ),
    )
  const half = randomBytes(HALF_BYTES).toString('base64url')
  const replaced = client.secretHash !== null
  const epoch = client.epoch + (replaced ? 1 : 0)
  await tx.query(
    `update client set secret_hash = $2, epoch = $3, half_digest = null, version = version + 1 where id = $1`,
    [clientId, digestOfHalves(halfDigest, half), epoch],
  )
  await noteController(tx, clientId, 'second-half', act)
  await stateSecret(tx, clientId, { replaced, epoch }, act)
  return half
}

async function stateSecret(
  tx: EntityManager,
  clientId: string,
  { replaced, epoch }: { replaced: boolean; epoch: number },
  act: Act,
): Promise<void> {
  const at = act.now.toISOString()
  if (replaced) await stateClientRevoked(tx, { clientId, epoch, reason: 'new secret' }, act)
  await appendEvent(
    tx,
    'identity',
    ClientSecretIssued,
    clientId,
    { clientId, replaced, issuedAt: at },
    act,
  )
}

/** @throws Problem `client-unknown`, `client-state` when it is not active */
export async function activeClient(tx: EntityManager, clientId: string): Promise<Client> {
  const client = await tx.findOne(ClientEntity, {
    where: { id: clientId },
    lock: { mode: 'pessimistic_write' },
  })
  if (client === null)
    throw new Problem(
      'client-unknown',
      said(`There is no client ${clientId}.`, `没有客户端 ${clientId}。`),
    )
  if (client.status !== 'active')
    throw new Problem(
      'client-state',
      said(
        `The client is ${client.status}, not active.`,
        `该客户端的状态为 ${client.status}，而不是 active。`,
      ),
    )
  return client
}
