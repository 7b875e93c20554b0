import { timingSafeEqual } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import type { KeyExchange } from '@erp-steward/contracts/api-key'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { readNetworks } from '@erp-steward/service-kit/network-set'
import { queryPrepared } from '@erp-steward/service-kit/query-prepared'
import { readTogether } from '@erp-steward/service-kit/read-together'
import type { DataSource } from 'typeorm'
import { digestOfSecret } from '../clients/issue-client-secret.ts'
import type { ReadClient } from '../tokens/authenticate-client.ts'
import { writeClientToken, type TokenGrants } from '../tokens/grant-client-token.ts'
import { partsOfKey } from './key-text.ts'

/** Longest life in seconds of a token that stands for a key: so old may be what is known of its last use. */
const KEY_ACCESS_SECONDS = 300
/** Milliseconds between two notes of a use: each gateway asks for itself. */
const NOTED_EVERY_MS = 60_000
/** What the digest of a key is compared with where there is none; no key has it. */
const NO_DIGEST = Buffer.alloc(32)

interface KnownKey {
  readonly id: string
  readonly mark: string
  readonly client_id: string
  readonly permissions: readonly string[]
  readonly networks: readonly string[]
  readonly secret_hash: Buffer
  readonly expires_at: Date
  readonly last_used_at: Date | null
}

const READ_KEYS = {
  name: 'read-api-keys',
  text: `select id, mark, client_id, permissions, networks, secret_hash, expires_at, last_used_at
           from api_key where mark = any($1) and secret_hash is not null and ended_at is null`,
}

/** Gives the gateway a token for a key that came from `address`. */
export type ExchangeKey = (key: string, address: string, act: Act) => Promise<KeyExchange>

/**
 * Exchanges keys for tokens that say what any token of a machine says, so that nothing behind the gateway knows of keys.
 *
 * It answers with a Problem `unauthenticated` that does not say what was wrong with the key, or `network-refused`.
 */
export function createKeyExchange(grants: TokenGrants, readClient: ReadClient): ExchangeKey {
  const read = readTogether(async (marks) => {
    const rows = await queryPrepared<KnownKey>(grants.db, READ_KEYS, [marks])
    return new Map(rows.map((row) => [row.mark, row]))
  })
  return async (text, address, act) => {
    const parts = partsOfKey(text)
    const key = parts === null ? undefined : await read(parts.mark)
    const secret = parts === null ? '' : parts.first + parts.second
    const matches = timingSafeEqual(digestOfSecret(secret), key?.secret_hash ?? NO_DIGEST)
    const client = key === undefined ? undefined : await readClient(key.client_id)
    const left = key === undefined ? 0 : secondsUntil(key.expires_at, act.now)
    if (!matches || key === undefined || client?.status !== 'active' || left < 1)
      throw new Problem('unauthenticated', said('The API key is not valid.', 'API 密钥无效。'))
    if (!readNetworks(key.networks.join(','))(address))
      throw new Problem(
        'network-refused',
        said('The API key may not be used from here.', '该 API 密钥不得在此地址使用。'),
      )
    await noteUse(grants.db, key, address, act.now)
    const expiresIn = Math.min(left, KEY_ACCESS_SECONDS)
    const { permissions, networks } = key
    const granted = { permissions: [...permissions], expiresIn }
    const actor = { ...act, actor: client.id }
    const accessToken = await writeClientToken(grants, client, granted, actor)
    return { accessToken, expiresIn, clientId: client.id, epoch: client.epoch, networks }
  }
}

const secondsUntil = (end: Date, now: Date) => Math.floor((end.getTime() - now.getTime()) / 1_000)

async function noteUse(db: DataSource, key: KnownKey, address: string, now: Date): Promise<void> {
  const known = key.last_used_at?.getTime() ?? -Infinity
  if (now.getTime() - known < NOTED_EVERY_MS) return
  await db.query('update api_key set last_used_at = $2, last_used_from = $3 where id = $1', [
    key.id,
    now,
    address,
  ])
}
