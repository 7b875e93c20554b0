import type { Act } from '@erp-steward/contracts/act'
import { ProvisioningResetAsked } from '@erp-steward/contracts/provisioning-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { assertNamed, assertNotAbout } from '../accounts/another-hand.ts'
import { lockAccount } from '../accounts/lock-account.ts'
import { openUserName } from '../accounts/sealed-user-name.ts'
import { ProvisioningTaskEntity, type ProvisioningTask } from './provisioning-task.ts'
import { queueTasks } from './queue-tasks.ts'
import { resetPassword } from './rules/ebs-request.ts'
import { taskFact } from './task-fact.ts'

/**
 * Has EBS forget the password of a user: the middleware sets a random one that nobody reads, a lock ends, and EBS asks for a
 * new one at the next login. EBS knows no timed unlock, so this ends a lock after failed logins. Nobody does so for himself.
 *
 * Source, EBS conventions 4.6.
 *
 * @throws Problem `account-unknown`, `account-state` for one that is not active or no user of EBS, `same-person`,
 *   `administrator-unnamed`
 */
export async function queuePasswordReset(
  tx: EntityManager,
  { accountId, reason }: { readonly accountId: string; readonly reason: string },
  act: Act,
): Promise<ProvisioningTask> {
  const held = await lockAccount(tx, accountId)
  if (held === null)
    throw new Problem(
      'account-unknown',
      said(`There is no account ${accountId}.`, `没有账号 ${accountId}。`),
    )
  const { account, holder } = held
  if (holder === null || account.status !== 'active')
    throw new Problem(
      'account-state',
      said('The account is no active user of EBS.', '该账号不是 EBS 中启用的用户。'),
    )
  const detail = said('Nobody resets the own password this way.', '不得以此方式重置本人密码。')
  await assertNotAbout(tx, act, holder.person.id, detail)
  await assertNamed(tx, act)
  const target = { account, unitId: holder.person.unitId }
  const [task] = await queueTasks(tx, target, [resetPassword(openUserName(tx, account))], act)
  if (task === undefined) throw new TypeError('nothing was queued')
  const fact = { ...taskFact(task), reason, askedAt: act.now.toISOString() }
  await appendEvent(tx, 'identity', ProvisioningResetAsked, accountId, fact, act)
  return tx.findOneByOrFail(ProvisioningTaskEntity, { id: task.id })
}
