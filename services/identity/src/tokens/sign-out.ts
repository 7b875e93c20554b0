import { createPublicKey } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { compactVerify } from 'jose'
import type { DataSource } from 'typeorm'
import { ClientEntity } from '../clients/client.ts'
import { endSession } from '../sessions/end-session.ts'

export interface SignOut {
  /** The identity token of the sign-in that shall end; it may have run out. */
  readonly hint: string
  readonly redirectUri: string | null
  readonly clientId: string | null
}

export interface SignedOut {
  /** Whereto the browser is sent; `null`: it stays. */
  readonly redirectUri: string | null
}

/**
 * Ends the session of an identity token, by whoever has it: its front end, through the browser of the person. `null` when it is
 * none of ours, or an address is asked for that the front end has not registered; nothing has ended then.
 *
 * Source: OpenID Connect RP-Initiated Logout 1.0.
 */
export async function signOutOf(
  db: DataSource,
  issuer: string,
  { hint, redirectUri, clientId }: SignOut,
  act: Act,
): Promise<SignedOut | null> {
  const claims = await readHint(db, hint)
  if (claims?.iss !== issuer || (clientId !== null && clientId !== claims.aud)) return null
  const frontEnd = await db.manager.findOneBy(ClientEntity, { id: claims.aud })
  if (frontEnd === null) return null
  if (redirectUri !== null && !frontEnd.signOutUris.includes(redirectUri)) return null
  await db.transaction((tx) =>
    endSession(tx, claims.sid, 'signed-out', { ...act, actor: claims.sub }),
  )
  return { redirectUri }
}

interface Hint {
  readonly iss: string
  readonly aud: string
  readonly sub: string
  readonly sid: string
}

async function readHint(db: DataSource, hint: string): Promise<Hint | null> {
  try {
    const { payload } = await compactVerify(
      hint,
      async ({ kid = '', typ }) => {
        // A key that is published no more has signed it long ago, and rightly.
        const [key]: { public_pem: string }[] = await db.query(
          'select public_pem from signing_key where id::text = $1',
          [kid.replaceAll('\u0000', '')],
        )
        if (key === undefined || typ !== 'JWT') throw new UnknownKey()
        return createPublicKey(key.public_pem)
      },
      { algorithms: ['ES256'] },
    )
    return JSON.parse(new TextDecoder().decode(payload)) as Hint
  } catch (error) {
    if (error instanceof UnknownKey) return null
    // Of the library: no token, another signature.
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_J'))
      return null
    throw error
  }
}

class UnknownKey extends Error {}
