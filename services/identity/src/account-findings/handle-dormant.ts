import type { Act } from '@erp-steward/contracts/act'
import { AccountDormant } from '@erp-steward/contracts/account-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import { defineTask, enqueue } from '@erp-steward/service-kit/jobs'
import { readParameters } from '@erp-steward/service-kit/parameters'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { isLastOfRole } from '../accounts/administrator-role.ts'
import { disableAccount } from '../accounts/disable-account.ts'
import { freezeAccount } from '../accounts/freeze-account.ts'
import { lockAccount } from '../accounts/lock-account.ts'
import { chinaDay } from '../people/rules/china-day.ts'
import { unusedAccounts, type UnusedAccount } from './dormant-accounts.ts'
import { closeFinding, openFinding } from './keep-finding.ts'
import { dormantStage, type DormantLimits, type DormantStage } from './rules/dormant-stage.ts'

/** Name of the task. */
export const HANDLE_DORMANT = 'handle-dormant-accounts'

/** Accounts looked at in one go. */
const BATCH = 200

const KEYS = [
  'identity.dormant.warn_after',
  'identity.dormant.lock_after',
  'identity.dormant.end_after',
] as const

/**
 * Warns of accounts that nobody uses, shuts them, and ends them, each step by its own length of time without use. Nobody is
 * locked who was not warned. The last administrator of a kind is warned of and not shut.
 *
 * Sources, defaults 2.8.
 */
export const handleDormant = defineTask(
  HANDLE_DORMANT,
  Type.Object({ after: Type.Optional(Type.String()) }),
  async (tx, { after = null }, act) => {
    const limits = await limitsOfUnits(tx, act.now)
    const shortest = Math.min(...limits.all.map(({ warnMs }) => warnMs))
    const before = new Date(act.now.getTime() - shortest)
    const accounts = await unusedAccounts(tx, { before, after, limit: BATCH }, act.now)
    for (const account of accounts) await judge(tx, account, limits.of(account.unitId), act)
    const last = accounts.at(-1)
    if (last !== undefined && accounts.length === BATCH)
      await enqueue(tx, 'identity', HANDLE_DORMANT, { after: last.accountId }, act, {
        key: HANDLE_DORMANT,
      })
  },
)

/** Limits by unit: people of one may have shorter ones than the company. */
async function limitsOfUnits(tx: EntityManager, now: Date) {
  const units: { id: string }[] = await tx.query(
    `select distinct unit_id as id from parameter_version where key = any($1) and unit_id is not null`,
    [KEYS],
  )
  const company = await limitsOf(tx, null, now)
  const own = new Map<string, DormantLimits>()
  for (const { id } of units) own.set(id, await limitsOf(tx, id, now))
  return {
    all: [company, ...own.values()],
    of: (unitId: string | null) => (unitId === null ? company : (own.get(unitId) ?? company)),
  }
}

async function limitsOf(
  tx: EntityManager,
  unitId: string | null,
  now: Date,
): Promise<DormantLimits> {
  const values = await readParameters(tx, KEYS, unitId, now)
  return {
    warnMs: durationMs(values['identity.dormant.warn_after'].value),
    lockMs: durationMs(values['identity.dormant.lock_after'].value),
    endMs: durationMs(values['identity.dormant.end_after'].value),
  }
}

async function judge(
  tx: EntityManager,
  account: UnusedAccount,
  limits: DormantLimits,
  act: Act,
): Promise<void> {
  const { accountId, findingId, stage, stageAt, since, lastUseAt } = account
  const finding = findingId === null ? null : { id: findingId, accountId, kind: 'dormant' as const }
  if (finding !== null && stage === 'locked' && account.status === 'active') {
    await tx.query(
      `insert into account_use (account_id, restarted_at) values ($1, $2)
       on conflict on constraint account_use_pkey do update set restarted_at = excluded.restarted_at`,
      [accountId, act.now],
    )
    await closeFinding(tx, finding, 'released', act)
    return
  }
  if (finding !== null && since !== null && lastUseAt > since) {
    await closeFinding(tx, finding, 'used', act)
    return
  }
  // What was told once says nothing of what was done since.
  if (!account.isKnown) return
  const isShut = account.status === 'frozen'
  const due = dormantStage({ lastUseAt, stage, stageAt, isShut }, limits, act.now)
  if (due === null) return
  const { personId, unitId } = account
  const found = { accountId, personId, unitId, kind: 'dormant', since: lastUseAt } as const
  if (due === 'warned') {
    await state(tx, account, await openFinding(tx, found, act), 'warned', limits, act)
    return
  }
  if (!(await shut(tx, accountId, due, act))) return
  const id = finding?.id ?? (await openFinding(tx, found, act))
  await tx.query(
    `update account_finding set stage = $2, stage_at = $3, version = version + 1 where id = $1`,
    [id, due, act.now],
  )
  await state(tx, account, id, due, limits, act)
  if (due === 'ended') await closeFinding(tx, { id, accountId, kind: 'dormant' }, 'ended', act)
}

/** @returns whether it could be: the last administrator of a kind stays, and who was let in or out meanwhile is as he is */
async function shut(
  tx: EntityManager,
  accountId: string,
  stage: 'locked' | 'ended',
  act: Act,
): Promise<boolean> {
  const held = await lockAccount(tx, accountId)
  if (held === null) return false
  const { account } = held
  if (await isLastOfRole(tx, account)) return false
  if (stage === 'locked') {
    if (account.status !== 'active') return false
    await freezeAccount(tx, held, 'dormant', act)
    return true
  }
  if (account.status !== 'frozen') return false
  const ending = { reason: 'dormant', endDate: chinaDay(act.now), leave: null }
  await disableAccount(tx, held, ending, act)
  return true
}

async function state(
  tx: EntityManager,
  { accountId, userName, personId, unitId, lastUseAt }: UnusedAccount,
  findingId: string,
  stage: DormantStage,
  { lockMs, endMs }: DormantLimits,
  act: Act,
): Promise<void> {
  const next = { warned: lockMs, locked: endMs, ended: null }[stage]
  const nextAt = next === null ? null : new Date(lastUseAt.getTime() + next).toISOString()
  const fact = { accountId, userName, personId, unitId, findingId, stage, nextAt }
  const times = { lastUseAt: lastUseAt.toISOString(), at: act.now.toISOString() }
  await appendEvent(tx, 'identity', AccountDormant, accountId, { ...fact, ...times }, act)
}
