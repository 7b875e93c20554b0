import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { permissionsOf } from '@erp-steward/contracts/permissions'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Instant, Line } from '@erp-steward/contracts/values'
import { durationMs } from '@erp-steward/regulation/duration'
import { networkOf } from '@erp-steward/service-kit/network'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { assertNamed } from '../accounts/another-hand.ts'
import { noteController } from '../clients/client-controller.ts'
import type { Client } from '../clients/client.ts'
import { activeClient } from '../clients/issue-client-secret.ts'
import { digestOf } from '../sessions/refresh-token.ts'
import { ApiKeyEntity, type ApiKey } from './api-key.ts'
import { beginningOf, newHalf, newMark } from './key-text.ts'
import { stateKey } from './state-key.ts'

/** Keys of a machine that are neither ended nor over: one for each thing that it does. */
const MOST_KEYS = 20

export const KeyEnd = about(
  Instant,
  'First instant at which it is not good any more, within `identity.api_key.lifetime`; nothing prolongs it.',
)

export const AskedKey = Type.Object(
  {
    name: about(Line(100), 'What it is for.'),
    permissions: Type.Array(Type.String({ maxLength: 100 }), {
      minItems: 1,
      maxItems: 200,
      uniqueItems: true,
      description: 'What it may do: some of what the role of its machine may.',
    }),
    networks: Type.Array(Type.String({ maxLength: 50 }), {
      minItems: 1,
      maxItems: 20,
      uniqueItems: true,
      description:
        'From where it may be used: addresses, or networks in CIDR notation, IPv4 or IPv6.',
    }),
    expiresAt: KeyEnd,
  },
  { additionalProperties: false },
)
type AskedKey = Static<typeof AskedKey>

/** A key that waits for its second half, and the first one, which is answered once. */
export interface BegunKey {
  readonly key: ApiKey
  readonly beginning: string
}

/**
 * Makes the first half of a key for a machine; alone it opens nothing.
 *
 * @throws Problem `client-unknown`, `client-state`, `administrator-unnamed`, `api-key-refused` for permissions that the
 *   machine does not have and for too many keys, `validation-failed` for a network or an end that cannot be
 */
export async function askForKey(
  tx: EntityManager,
  clientId: string,
  asked: AskedKey,
  act: Act,
): Promise<BegunKey> {
  const client = await activeClient(tx, clientId)
  assertWithin(client, asked.permissions)
  assertNetworks(asked.networks)
  return beginKey(tx, clientId, { ...asked, replaces: null }, act)
}

/**
 * Makes the first half of the next key: what it may and from where stays as it is. With its second half the time of the one
 * before is cut to `identity.api_key.overlap`.
 *
 * @throws Problem `api-key-unknown`, `client-state`, `administrator-unnamed`, `api-key-refused`, `validation-failed`
 */
export async function rotateKey(
  tx: EntityManager,
  keyId: string,
  expiresAt: string,
  act: Act,
): Promise<BegunKey> {
  const before = await livingKey(tx, keyId, act.now)
  const { clientId, name, permissions, networks } = before
  assertWithin(await activeClient(tx, clientId), permissions)
  return beginKey(
    tx,
    clientId,
    { name, permissions, networks, expiresAt, replaces: before.id },
    act,
  )
}

async function beginKey(
  tx: EntityManager,
  clientId: string,
  { expiresAt, ...asked }: AskedKey & Pick<ApiKey, 'replaces'>,
  act: Act,
): Promise<BegunKey> {
  await assertNamed(tx, act)
  const end = await assertEnd(tx, expiresAt, act.now)
  await assertRoom(tx, clientId, act.now)
  const [mark, half] = [newMark(), newHalf()]
  const key: ApiKey = {
    ...{ id: randomUUID(), clientId, mark, ...asked },
    askedBy: act.actor,
    askedByPerson: act.personId,
    askedRole: act.role,
    askedAt: act.now,
    halfDigest: digestOf(half),
    secretHash: null,
    issuedAt: null,
    expiresAt: end,
    lastUsedAt: null,
    lastUsedFrom: null,
    endedAt: null,
  }
  await tx.insert(ApiKeyEntity, key)
  await noteController(tx, clientId, 'first-half', act)
  await stateKey(tx, key, 'asked', act)
  return { key, beginning: beginningOf(mark, half) }
}

/**
 * A key that is not over, with its machine locked before it: whoever ends the machine comes by the same way.
 *
 * @throws Problem `api-key-unknown` for one that is not there, over or ended
 */
export async function livingKey(tx: EntityManager, id: string, now: Date): Promise<ApiKey> {
  await tx.query(
    'select from client where id = (select client_id from api_key where id = $1) for update',
    [id],
  )
  const key = await tx.findOneBy(ApiKeyEntity, { id })
  if (key?.endedAt !== null || key.expiresAt <= now)
    throw new Problem(
      'api-key-unknown',
      said('There is no such key, or it is over.', '没有此密钥，或该密钥已失效。'),
    )
  return key
}

/** @throws Problem `api-key-refused` */
export function assertWithin({ role }: Pick<Client, 'role'>, permissions: readonly string[]): void {
  const held: readonly string[] = role === 'FRONT_END' ? [] : permissionsOf([role])
  const missing = permissions.filter((permission) => !held.includes(permission))
  if (missing.length > 0)
    throw new Problem(
      'api-key-refused',
      said(
        `The machine does not hold ${missing.join(', ')}.`,
        `该程序不具有 ${missing.join('、')}。`,
      ),
    )
}

function assertNetworks(networks: readonly string[]): void {
  const at = networks.findIndex((network) => networkOf(network) === null)
  if (at === -1) return
  throw unfit(`#/networks/${String(at)}`, 'It is no network in CIDR notation.', '不是 CIDR 网络。')
}

async function assertEnd(tx: EntityManager, expiresAt: string, now: Date): Promise<Date> {
  const { value } = await readParameter(tx, 'identity.api_key.lifetime', null, now)
  const end = new Date(expiresAt)
  if (end <= now || end.getTime() > now.getTime() + durationMs(value))
    throw unfit(
      '#/expiresAt',
      `A key ends ahead, within ${value}.`,
      `密钥须有未来的截止时间，且不超过 ${value}。`,
    )
  return end
}

function unfit(pointer: string, en: string, zh: string): Problem {
  const detail = said(en, zh)
  return new Problem('validation-failed', detail, { errors: [{ pointer, detail }] })
}

async function assertRoom(tx: EntityManager, clientId: string, now: Date): Promise<void> {
  const [{ living }]: [{ living: number }] = await tx.query(
    `select count(*)::int as living from api_key
      where client_id = $1 and ended_at is null and expires_at > $2`,
    [clientId, now],
  )
  if (living >= MOST_KEYS)
    throw new Problem(
      'api-key-refused',
      said(
        `The machine has ${String(MOST_KEYS)} keys: end one first.`,
        `该程序已有 ${String(MOST_KEYS)} 个密钥：请先停用其一。`,
      ),
    )
}
