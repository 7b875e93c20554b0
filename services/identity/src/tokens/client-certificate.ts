import { createHash, X509Certificate } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import type { DataSource } from 'typeorm'

/** What a token that is bound to the certificate says of it. Source: RFC 8705, 3.1. */
export function confirmationOf(der: Buffer): { readonly 'x5t#S256': string } {
  return { 'x5t#S256': createHash('sha256').update(der).digest('base64url') }
}

/**
 * Whether the certificate is in its time and of a confirmed key of the client, which two people have registered; who issued
 * it has been looked at by the gateway. So no authority alone can make a machine of somebody.
 *
 * Source: RFC 8705, 2.2 (`self_signed_tls_client_auth`).
 */
export async function isCertificateOf(
  { db, clock }: { readonly db: DataSource; readonly clock: () => Date },
  clientId: string,
  der: Buffer,
): Promise<boolean> {
  const certificate = new X509Certificate(der)
  const now = clock()
  if (now < certificate.validFromDate || now >= certificate.validToDate) return false
  const thumbprint = await thumbprintOf(certificate)
  if (thumbprint === null) return false
  const keys: unknown[] = await db.query(
    `select from client_key
      where client_id = $1 and thumbprint = $2 and confirmed_at is not null and ended_at is null`,
    [clientId, thumbprint],
  )
  return keys.length === 1
}

/** `null` for a kind of key that no client has. */
async function thumbprintOf({ publicKey }: X509Certificate): Promise<string | null> {
  try {
    return await calculateJwkThumbprint(publicKey.export({ format: 'jwk' }))
  } catch {
    return null
  }
}
