import type { Act } from '@erp-steward/contracts/act'
import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { DataSource, EntityManager } from 'typeorm'
import { ClientEntity, type Client } from '../clients/client.ts'
import { changePassword } from '../credentials/change-password.ts'
import { digestOf, randomToken } from '../sessions/refresh-token.ts'
import type { Session } from '../sessions/session.ts'
import { openByPassword, type Means } from '../sessions/sign-in.ts'
import { AuthorizationCodeEntity, CODE_SECONDS } from './authorization-code.ts'
import {
  faultOf,
  keptScope,
  type AuthorizationFault,
  type AuthorizationRequest,
  type Parameters,
} from './rules/authorization-request.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** A front end whose request may be answered by sending the browser back to it. */
export interface Asking {
  readonly frontEnd: Client
  readonly redirectUri: string
  readonly state: string | null
}

/** What a person types. */
export interface Typed {
  readonly userName: string
  readonly password: string
  /** Of the authenticator app, or a recovery code; `null`: the field was left empty. */
  readonly code: string | null
  /** Both, where an own password is chosen; `null`: neither. */
  readonly chosen: { readonly password: string; readonly again: string } | null
}

/**
 * Who asks, and whereto the browser may be sent back: to nobody else, whatever else is wrong with the request.
 * `null` when the front end is unknown or the address is not one of its own, to the letter.
 */
export async function askingFrontEnd(
  tx: EntityManager,
  { client_id: id = '', redirect_uri: redirectUri = '', state }: Parameters,
): Promise<Asking | null> {
  const frontEnd = UUID.test(id)
    ? await tx.findOneBy(ClientEntity, { id, role: 'FRONT_END', status: 'active' })
    : null
  if (frontEnd?.redirectUris.includes(redirectUri) !== true) return null
  return { frontEnd, redirectUri, state: state ?? null }
}

/** The request, or why the front end gets no code for it. */
export function readRequest(
  { frontEnd, redirectUri, state }: Asking,
  parameters: Parameters,
): AuthorizationRequest | AuthorizationFault {
  const { nonce = null, scope, code_challenge: challenge = '' } = parameters
  return (
    faultOf(parameters) ?? {
      clientId: frontEnd.id,
      ...{ redirectUri, state, nonce, challenge },
      scope: keptScope(scope),
    }
  )
}

/** A code for the front end, or what the person has to do first. */
export type Signed =
  { readonly code: string } | { readonly mustChange: true; readonly fault: Bilingual | null }

/**
 * Signs a person in for a front end: opens the session, which is idle after a minute unless the code is exchanged by then.
 *
 * @throws Problem as `openByPassword`
 */
export async function signInFor(
  db: DataSource,
  means: Means,
  request: AuthorizationRequest,
  { userName, password, code: typedCode, chosen }: Typed,
  from: { readonly sourceIp: string; readonly userAgent: string | null },
  act: Act,
): Promise<Signed> {
  const { clientId, scope } = request
  const opened = await openByPassword(
    db,
    means,
    { userName, password, code: typedCode, ...from, frontEnd: { clientId, scope } },
    async (tx, session) => ({
      session,
      code: session.mustChange ? null : await issueCode(tx, session, request, act),
    }),
    act,
  )
  const { session, code } = opened
  if (code !== null) return { code }
  if (chosen === null) return { mustChange: true, fault: null }
  if (chosen.password !== chosen.again)
    return {
      mustChange: true,
      fault: said('The new passwords are not the same.', '两次输入的新密码不一致。'),
    }
  try {
    await changePassword(
      db,
      {
        accountId: session.accountId,
        sessionId: session.id,
        currentPassword: password,
        newPassword: chosen.password,
        sourceIp: from.sourceIp,
      },
      { ...act, actor: session.accountId },
    )
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'password-refused') throw error
    return { mustChange: true, fault: error.detail }
  }
  return { code: await db.transaction((tx) => issueCode(tx, session, request, act)) }
}

async function issueCode(
  tx: EntityManager,
  session: Session,
  { redirectUri, challenge, nonce }: AuthorizationRequest,
  { now }: Act,
): Promise<string> {
  const code = randomToken()
  const expiresAt = new Date(now.getTime() + CODE_SECONDS * 1_000)
  await tx.insert(AuthorizationCodeEntity, {
    digest: digestOf(code),
    sessionId: session.id,
    ...{ redirectUri, challenge, nonce, expiresAt },
    usedAt: null,
  })
  await tx.query('update session set idle_at = least(idle_at, $2) where id = $1', [
    session.id,
    expiresAt,
  ])
  return code
}
