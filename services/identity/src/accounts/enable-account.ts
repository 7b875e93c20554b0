import type { Act } from '@erp-steward/contracts/act'
import { AccountEnabled } from '@erp-steward/contracts/account-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { givePosition } from '../grants/give-position.ts'
import { itemsOf } from '../grants/rules/grant-item.ts'
import { assertCompatible } from '../sod/violations-of.ts'
import { queueUserReturn } from '../provisioning/queue-access.ts'
import { noAccess } from '../provisioning/rules/access-difference.ts'
import { AccountEntity, type Account } from './account.ts'
import { isLastOfRole, stateRole } from './administrator-role.ts'
import type { HeldAccount } from './lock-account.ts'
import { stateStanding } from './state-standing.ts'

/**
 * Opens a disabled account again, with the rights of the position its person holds now: the approval that opens it is
 * theirs too, unless `rightsPending`.
 *
 * @throws Problem `account-state` when it is not disabled, `person-left` when its person has left, `sod-violation`
 */
export async function enableAccount(
  tx: EntityManager,
  { account, owner, holder }: HeldAccount,
  act: Act,
  rightsPending = false,
): Promise<Account> {
  if (account.status !== 'disabled')
    throw new Problem(
      'account-state',
      said(`The account is ${account.status}.`, `该账号的状态为 ${account.status}。`),
    )
  if (owner?.active === false)
    throw new Problem(
      'person-left',
      said('The person of this account has left.', '该账号所属的人员已离开。'),
    )
  const { id, userName, personId } = account
  const enabled: Account = {
    ...account,
    status: 'active',
    disabledAt: null,
    disabledReason: null,
    rightsPending,
    version: account.version + 1,
  }
  const { status, disabledAt, disabledReason, version } = enabled
  await tx.update(AccountEntity, id, { status, disabledAt, disabledReason, rightsPending, version })
  const fact = { accountId: id, userName, personId, enabledAt: act.now.toISOString() }
  await appendEvent(tx, 'identity', AccountEnabled, id, fact, act)
  const { administratorRole: role } = account
  if (role !== null && (await isLastOfRole(tx, account))) await stateRole(tx, role, true, act)
  if (holder !== null) {
    const { person, position } = holder
    if (!rightsPending) {
      const checked = await assertCompatible(tx, [person.id], itemsOf(position), act.now)
      const { id: holderId, unitId } = person
      const given = { personId: holderId, accountId: id, unitId, sod: checked(holderId) }
      await givePosition(tx, [given], position, act.actor, act)
    }
    const access = rightsPending ? noAccess : position
    await queueUserReturn(tx, { account, holder: person, access }, act)
  }
  if (owner !== null) await stateStanding(tx, owner.id, act)
  return enabled
}
