import { createPublicKey } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { ClientKeyChanged } from '@erp-steward/contracts/client-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { calculateJwkThumbprint } from 'jose'
import { IsNull, type EntityManager } from 'typeorm'
import { assertAnotherHand, assertNamed } from '../accounts/another-hand.ts'
import { noteController } from './client-controller.ts'
import { ClientKeyEntity, type ClientKey, type PublicJwk } from './client-key.ts'
import { activeClient } from './issue-client-secret.ts'
import { stateClientRevoked } from './state-client-revoked.ts'

/** Keys of a machine that are not ended: the one in use, the next, and room for replicas. */
const MOST_KEYS = 5
/** Fewest bits of an RSA modulus. Source: GM/T 0028 and NIST SP 800-57, 112 bits of strength. */
const RSA_BITS = 2_048
const CURVES = ['prime256v1', 'secp384r1']

/**
 * Registers a public key, which is good once another person of another role has confirmed it. The machine keeps the private
 * one: whoever registers counts as one who can act through it.
 *
 * @throws Problem `client-unknown`, `client-state`, `client-key-refused`, `administrator-unnamed`
 */
export async function registerClientKey(
  tx: EntityManager,
  clientId: string,
  jwk: PublicJwk,
  act: Act,
): Promise<ClientKey> {
  await activeClient(tx, clientId)
  await assertNamed(tx, act)
  assertStrong(jwk)
  const thumbprint = await calculateJwkThumbprint(jwk)
  const living = await tx.countBy(ClientKeyEntity, { clientId, endedAt: IsNull() })
  if (living >= MOST_KEYS || (await tx.existsBy(ClientKeyEntity, { clientId, thumbprint })))
    throw refused(
      `The client has this key already, or ${String(MOST_KEYS)} others: end one first.`,
      `该客户端已有此公钥，或已有 ${String(MOST_KEYS)} 个公钥：请先停用其一。`,
    )
  const key: ClientKey = {
    ...{ clientId, thumbprint, jwk },
    askedBy: act.actor,
    askedByPerson: act.personId,
    askedRole: act.role,
    askedAt: act.now,
    confirmedAt: null,
    endedAt: null,
  }
  await tx.insert(ClientKeyEntity, key)
  await noteController(tx, clientId, 'asked', act)
  await stateKey(tx, key, 'registered', act)
  return key
}

/**
 * Lets a registered key prove who the machine is.
 *
 * @throws Problem `client-unknown`, `client-state`, `client-key-unknown`, `same-person`, `half-not-for-role`,
 *   `administrator-unnamed`
 */
export async function confirmClientKey(
  tx: EntityManager,
  { clientId, thumbprint }: KeyName,
  act: Act,
): Promise<ClientKey> {
  await activeClient(tx, clientId)
  const key = await livingKey(tx, { clientId, thumbprint })
  if (key.confirmedAt !== null) return key
  const first = { actor: key.askedBy, personId: key.askedByPerson }
  await assertAnotherHand(tx, act, [first], said('You registered it.', '该公钥由您登记。'))
  await assertNamed(tx, act, [first])
  if (key.askedRole === act.role)
    throw new Problem(
      'half-not-for-role',
      said(
        'Somebody of another role than who registered it confirms it.',
        '须由与登记人不同角色的人员确认。',
      ),
    )
  const confirmed = { ...key, confirmedAt: act.now }
  await tx.update(ClientKeyEntity, { clientId, thumbprint }, { confirmedAt: act.now })
  await noteController(tx, clientId, 'approved', act)
  await stateKey(tx, confirmed, 'confirmed', act)
  return confirmed
}

/**
 * Ends a key at once; the tokens of the machine are void, for one of them may be of whoever has stolen the key.
 *
 * @throws Problem `client-unknown`, `client-state`, `client-key-unknown`
 */
export async function endClientKey(tx: EntityManager, name: KeyName, act: Act): Promise<void> {
  const { epoch } = await activeClient(tx, name.clientId)
  const key = await livingKey(tx, name)
  await tx.update(ClientKeyEntity, { ...name }, { endedAt: act.now })
  if (key.confirmedAt !== null) {
    await tx.query('update client set epoch = $2 where id = $1', [name.clientId, epoch + 1])
    const revoked = { clientId: name.clientId, epoch: epoch + 1, reason: 'key ended' }
    await stateClientRevoked(tx, revoked, act)
  }
  await stateKey(tx, key, 'ended', act)
}

export interface KeyName {
  readonly clientId: string
  readonly thumbprint: string
}

async function livingKey(tx: EntityManager, name: KeyName): Promise<ClientKey> {
  const key = await tx.findOneBy(ClientKeyEntity, { ...name, endedAt: IsNull() })
  if (key === null)
    throw new Problem(
      'client-key-unknown',
      said('The client has no such key in force.', '该客户端没有此有效公钥。'),
    )
  return key
}

function refused(en: string, zh: string): Problem {
  return new Problem('client-key-refused', said(en, zh))
}

function assertStrong(jwk: PublicJwk): void {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = readKey(jwk)
  const { namedCurve = '', modulusLength = 0 } = details
  const isStrong =
    type === 'ed25519' ||
    (type === 'ec' && CURVES.includes(namedCurve)) ||
    (type === 'rsa' && modulusLength >= RSA_BITS)
  if (!isStrong) throw refused('Its kind or length is not taken.', '不支持该公钥的类型或长度。')
}

function readKey(jwk: PublicJwk) {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    throw refused('It is no public key.', '该内容不是公钥。')
  }
}

function stateKey(
  tx: EntityManager,
  { clientId, thumbprint }: KeyName,
  step: 'registered' | 'confirmed' | 'ended',
  act: Act,
): Promise<unknown> {
  return appendEvent(
    tx,
    'identity',
    ClientKeyChanged,
    clientId,
    { clientId, thumbprint, step, at: act.now.toISOString() },
    act,
  )
}
