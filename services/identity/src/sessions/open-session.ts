import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { SessionRefused, SignedIn } from '@erp-steward/contracts/sign-in-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import { readParameters } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import type { Account } from '../accounts/account.ts'
import type { RolesOfAccount } from '../accounts/roles-of-account.ts'
import { placeOf } from '../credentials/place.ts'
import { holdSessionLimit } from './hold-session-limit.ts'
import { SessionEntity, type Session } from './session.ts'

/** How somebody came in who has shown to be the owner of the account. */
export interface Entry {
  readonly sourceIp: string
  readonly userAgent: string | null
  readonly deviceName?: string
  readonly frontEnd?: { readonly clientId: string; readonly scope: string | null }
  readonly mustChange: boolean
  readonly initialPassword: boolean
  /** What opened it ends then; `null`: it does not. */
  readonly notAfter: Date | null
  /** By what it was opened (RFC 8176). */
  readonly amr: string[]
  /** Whether the password was one of the account here, or of the directory of the company. */
  readonly passwordOf: 'account' | 'directory'
  /** When the second factor was proved; `null`: it was not. */
  readonly secondFactorAt: Date | null
}

/**
 * Opens a session of an account whose row is locked, within its limit; `null` when as many are open as it may have and the
 * parameters say to refuse. Both are facts.
 */
export async function openSession(
  tx: EntityManager,
  account: Account,
  holder: RolesOfAccount,
  entry: Entry,
  act: Act,
): Promise<Session | null> {
  const session = await newSession(tx, account, holder, entry, act.now)
  const { admitted, open, versions } = await holdSessionLimit(
    tx,
    account.id,
    session,
    holder.unitId,
    act,
  )
  const accountId = account.id
  const { sourceIp, userAgent, mustChange, initialPassword } = entry
  const at = act.now.toISOString()
  const own = { actor: accountId, personId: account.personId, role: holder.roles[0] ?? 'NONE' }
  const actor = { ...act, ...own }
  if (!admitted) {
    const refused = { accountId, sourceIp, userAgent, open, refusedAt: at }
    await appendEvent(tx, 'identity', SessionRefused, accountId, refused, actor)
    return null
  }
  const signInEventId = await appendEvent(
    tx,
    'identity',
    SignedIn,
    accountId,
    {
      accountId,
      sessionId: session.id,
      sourceIp,
      userAgent,
      mustChangePassword: mustChange,
      initialPassword,
      amr: [...entry.amr],
      passwordOf: entry.passwordOf,
      signedInAt: at,
    },
    actor,
  )
  const parameterVersions = { ...session.parameterVersions, ...versions }
  const opened = { ...session, signInEventId, parameterVersions }
  await tx.insert(SessionEntity, opened)
  return opened
}

async function newSession(
  tx: EntityManager,
  account: Account,
  { unitId }: RolesOfAccount,
  { sourceIp, userAgent, deviceName, frontEnd, mustChange, notAfter, ...proved }: Entry,
  now: Date,
): Promise<Session> {
  const idleKey =
    account.administratorRole === null ? 'gateway.session.idle' : 'gateway.session.admin_idle'
  const absoluteKey = 'gateway.session.absolute'
  const limits = await readParameters(tx, [idleKey, absoluteKey], unitId, now)
  const { [idleKey]: idle, [absoluteKey]: absolute } = limits
  return {
    id: randomUUID(),
    accountId: account.id,
    clientId: frontEnd?.clientId ?? null,
    scope: frontEnd?.scope ?? null,
    amr: proved.amr,
    secondFactorAt: proved.secondFactorAt,
    mustChange,
    sourceIp,
    place: placeOf(sourceIp),
    userAgent,
    deviceId: null,
    deviceName: deviceName ?? null,
    signInEventId: null,
    startedAt: now,
    refreshedAt: now,
    idleSeconds: durationMs(idle.value) / 1_000,
    idleAt: new Date(now.getTime() + durationMs(idle.value)),
    // What an initial password opened ends with it at the latest.
    endsAt: new Date(
      Math.min(
        now.getTime() + durationMs(absolute.value),
        notAfter?.getTime() ?? Number.POSITIVE_INFINITY,
      ),
    ),
    parameterVersions: { [idleKey]: idle.version, [absoluteKey]: absolute.version },
    endedAt: null,
    endReason: null,
  }
}
