import type { Act } from '@erp-steward/contracts/act'
import { permissionsOf } from '@erp-steward/contracts/permissions'
import { nullable } from '@erp-steward/contracts/values'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import type { Account } from '../accounts/account.ts'
import type { RolesOfAccount } from '../accounts/roles-of-account.ts'
import { requirementOf } from '../second-factor/requirement.ts'
import { withinScope } from '../tokens/rules/scope.ts'
import { digestOf, randomToken, RefreshTokenEntity } from './refresh-token.ts'
import { accessSeconds } from './rules/session-limits.ts'
import type { Session } from './session.ts'
import type { TokenSigner } from './token-signer.ts'

/** What a person gets at sign-in and at each refresh. */
export const SessionTokens = Type.Object(
  {
    accessToken: Type.String({ description: 'Sent as `Authorization: Bearer …`.' }),
    refreshToken: Type.String({
      description: 'Good for one refresh; a second use ends the session.',
    }),
    expiresIn: Type.Integer({ description: 'Life of the access token in seconds.' }),
    mustChangePassword: Type.Boolean({
      description: 'The tokens can only change the password; refresh after that.',
    }),
    mustSetUpSecondFactor: Type.Boolean({
      description:
        'The tokens can only set up a second factor (`beginOwnSecondFactor`); refresh after that.',
    }),
  },
  { title: 'SessionTokens' },
)
export type SessionTokens = Static<typeof SessionTokens>

/** What a person gets at sign-in. */
export const OpenedSession = Type.Object(
  {
    ...SessionTokens.properties,
    deviceToken: nullable(
      Type.String(),
      'For the device to keep and to send at its next sign-in; it opens nothing. Null where a password must be chosen first.',
    ),
  },
  { title: 'OpenedSession' },
)
export type OpenedSession = Static<typeof OpenedSession>

/**
 * The next pair of tokens of a session. The access token never outlives the session, nor the first of its roles; before a due change of the
 * password it carries no role and the one permission to change it, and likewise before a second factor that is due was set up.
 */
export async function issueSessionTokens(
  tx: EntityManager,
  sign: TokenSigner,
  session: Session,
  account: Account,
  { roles, unitId, range, until }: RolesOfAccount,
  act: Act,
): Promise<SessionTokens> {
  const refreshToken = randomToken()
  await tx.insert(RefreshTokenEntity, {
    digest: digestOf(refreshToken),
    sessionId: session.id,
    issuedAt: act.now,
    usedAt: null,
  })
  const endsAt = Math.min(session.endsAt.getTime(), until?.getTime() ?? Infinity)
  const left = Math.floor((endsAt - act.now.getTime()) / 1_000)
  const expiresIn = Math.max(1, Math.min(accessSeconds(session.idleSeconds), left))
  const { isBound, freshMs } = await requirementOf(tx, account, unitId, act.now)
  const mustSetUp = !session.mustChange && isBound && session.secondFactorAt === null
  const isLimited = session.mustChange || mustSetUp
  const held = isLimited ? [] : roles
  const accessToken = await sign(
    tx,
    {
      sub: account.id,
      kind: 'person',
      sid: session.id,
      epoch: account.epoch,
      person: account.personId,
      unit: unitId,
      range: isLimited ? 'unit' : range,
      roles: [...held],
      permissions: isLimited
        ? [mustSetUp ? 'second-factor.manage' : 'password.change']
        : withinScope(permissionsOf(held), session.scope),
      coolingUntil: secondsIfAhead(account.coolingUntil, act.now),
      controllers: [],
      amr: session.amr,
      auth_time: seconds(session.startedAt),
      secondFactorUntil:
        isBound && session.secondFactorAt !== null
          ? seconds(new Date(session.secondFactorAt.getTime() + freshMs))
          : null,
      ...(session.clientId !== null && { client_id: session.clientId }),
    },
    expiresIn,
    act,
  )
  return {
    ...{ accessToken, refreshToken, expiresIn },
    mustChangePassword: session.mustChange,
    mustSetUpSecondFactor: mustSetUp,
  }
}

const seconds = (at: Date) => Math.floor(at.getTime() / 1_000)

function secondsIfAhead(at: Date | null, now: Date): number | null {
  return at !== null && at > now ? Math.ceil(at.getTime() / 1_000) : null
}
