import type { Act } from '@erp-steward/contracts/act'
import { AccountDisabled } from '@erp-steward/contracts/account-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { endGrants } from '../grants/end-grants.ts'
import { accessOf } from '../grants/rules/grant-item.ts'
import { queueUserEnd } from '../provisioning/queue-access.ts'
import { revokeAccount } from '../sessions/revoke-account.ts'
import { assertNotLastAdministrator } from './assert-not-last-administrator.ts'
import { AccountEntity, type Account } from './account.ts'
import { isLastOfRole, stateRole } from './administrator-role.ts'
import type { HeldAccount } from './lock-account.ts'
import { stateStanding } from './state-standing.ts'

/** How long after the leave date the account was disabled, against the parameter. */
export interface LeaveLag {
  readonly lagSeconds: number
  readonly targetSeconds: number
  readonly withinTarget: boolean
  readonly parameterVersion: number
}

export interface DisableAccount {
  readonly reason: string
  /** End date in EBS, a date in China. */
  readonly endDate: string
  /** `null` where no leave caused it. */
  readonly leave: LeaveLag | null
  /** By when EBS must have the end date; `null` where no leave caused it. */
  readonly dueAt?: Date | null
}

/**
 * Ends an account: no new sign-in, every token void, every grant ended, EBS user and rights end-dated. A leave ends also the last
 * administrator of a kind, and that nobody holds the role is stated: an account must not outlive its person.
 * Source.
 *
 * @throws Problem `account-state` when it is disabled already, `last-administrator`
 */
export async function disableAccount(
  tx: EntityManager,
  { account, owner, holder }: HeldAccount,
  { reason, endDate, leave, dueAt = null }: DisableAccount,
  act: Act,
): Promise<Account> {
  if (account.status === 'disabled')
    throw new Problem('account-state', said('The account is disabled already.', '该账号已停用。'))
  if (leave === null) await assertNotLastAdministrator(tx, account)
  const wasLast = await isLastOfRole(tx, account)
  const { id, userName, personId } = account
  const disabled: Account = {
    ...account,
    status: 'disabled',
    disabledAt: act.now,
    disabledReason: reason,
    version: account.version + 1,
  }
  const { status, disabledAt, disabledReason, version } = disabled
  await tx.update(AccountEntity, id, { status, disabledAt, disabledReason, version })
  await appendEvent(
    tx,
    'identity',
    AccountDisabled,
    id,
    { accountId: id, userName, personId, reason, disabledAt: act.now.toISOString(), leave },
    act,
  )
  disabled.epoch = await revokeAccount(tx, id, reason, act)
  if (wasLast && account.administratorRole !== null)
    await stateRole(tx, account.administratorRole, false, act)
  if (holder !== null) {
    const target = { account, unitId: holder.person.unitId }
    const ended = await endGrants(tx, [holder.person.id], {}, 'account-disabled', act)
    await queueUserEnd(tx, target, accessOf(ended), { endDate, dueAt }, act)
  }
  if (owner !== null) await stateStanding(tx, owner.id, act)
  return disabled
}
