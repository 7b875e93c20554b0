import { createPublicKey, type JsonWebKey } from 'node:crypto'
import type { KeyFor } from '@erp-steward/service-kit/authentication'
import type { DataSource } from 'typeorm'

/** How long a key is taken as it was read, in milliseconds; as other services do with the key set. */
const KEPT_MS = 60_000

interface ReadKey {
  readonly public_pem: string
  readonly published_until: Date | null
}

/** Public key (PEM) for a key id, while tokens signed with it may live: what verifies tokens within identity. */
export function publishedKey(db: DataSource, clock: () => Date): KeyFor {
  const kept = new Map<string, ReadKey & { readonly readAt: number }>()

  async function read(kid: string): Promise<string | undefined> {
    kept.delete(kid)
    const [key]: ReadKey[] = await db.query(
      `select public_pem, published_until from signing_key
        where id::text = $1 and (published_until is null or published_until > $2)`,
      [kid.replaceAll('\u0000', ''), clock()],
    )
    if (key !== undefined) kept.set(kid, { ...key, readAt: performance.now() })
    return key?.public_pem
  }

  return (kid) => {
    const key = kept.get(kid)
    return key !== undefined &&
      performance.now() - key.readAt < KEPT_MS &&
      (key.published_until === null || key.published_until > clock())
      ? key.public_pem
      : read(kid)
  }
}

/** The same keys as a JSON Web Key Set (RFC 7517), newest first. */
export async function publishedKeySet(db: DataSource, at: Date): Promise<JsonWebKey[]> {
  const keys: { id: string; public_pem: string }[] = await db.query(
    `select id, public_pem from signing_key where published_until is null or published_until > $1
      order by created_at desc`,
    [at],
  )
  return keys.map(({ id, public_pem: pem }) => ({
    ...createPublicKey(pem).export({ format: 'jwk' }),
    kid: id,
    alg: 'ES256',
    use: 'sig',
  }))
}
