import { createPublicKey, type JsonWebKey } from 'node:crypto'
import type { DataSource } from 'typeorm'

/** Public key (PEM) for a key id, while tokens signed with it may live: what verifies tokens within identity. */
export function publishedKey(
  db: DataSource,
  clock: () => Date,
): (kid: string) => Promise<string | undefined> {
  return async (kid) => {
    const [key]: { public_pem: string }[] = await db.query(
      `select public_pem from signing_key
        where id::text = $1 and (published_until is null or published_until > $2)`,
      [kid.replaceAll('\u0000', ''), clock()],
    )
    return key?.public_pem
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
