import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { endGrantsOf, giveRequested } from '../accounts/change-rights.ts'
import { createPersonAccount } from '../accounts/create-account.ts'
import { disableAccount } from '../accounts/disable-account.ts'
import { freezeAccount, unfreezeAccount } from '../accounts/freeze-account.ts'
import { lockAccount, type HeldAccount } from '../accounts/lock-account.ts'
import { unlockAccount } from '../credentials/unlock-account.ts'
import { itemsOf } from '../grants/rules/grant-item.ts'
import { PositionEntity } from '../organisation/position.ts'
import type { Person } from '../people/person.ts'
import { chinaDay } from '../people/rules/china-day.ts'
import { assertCompatible } from '../sod/violations-of.ts'
import type { AccessRequest } from './access-request.ts'

/**
 * Gives an approved request its effect: accounts, grants and tasks in EBS, in the transaction of the last approval. The caller
 * holds the person's row.
 *
 * @throws Problem of the use case that the request calls
 */
export async function applyRequest(
  tx: EntityManager,
  { id: requestId, change }: AccessRequest,
  person: Person,
  act: Act,
): Promise<void> {
  const { reason } = change
  switch (change.kind) {
    case 'new': {
      const position = await tx.findOneByOrFail(PositionEntity, { id: person.positionId })
      const checked = await assertCompatible(tx, [person.id], itemsOf(position), act.now)
      const approved = { approvedBy: act.actor, sod: checked(person.id) }
      await createPersonAccount(tx, { person, position, userName: null, ...approved }, act)
      return
    }
    case 'change':
      if (change.ends !== undefined)
        await endGrantsOf(tx, person, { ids: change.ends }, reason, act)
      if (change.grants === undefined) return
      await giveRequested(tx, person, { requestId, items: change.grants, endsAt: null }, act)
      return
    case 'temporary': {
      const endsAt = new Date(change.endsAt)
      if (endsAt <= act.now)
        throw new Problem(
          'access-request-state',
          said('The end that was asked for has come.', '所申请的截止时间已到。'),
        )
      await giveRequested(tx, person, { requestId, items: change.grants, endsAt }, act)
      return
    }
    case 'freeze':
      await freezeAccount(tx, await heldAccount(tx, person), reason, act)
      return
    case 'unfreeze':
      await unfreezeAccount(tx, await heldAccount(tx, person), reason, act)
      return
    case 'terminate': {
      const held = await heldAccount(tx, person)
      await disableAccount(tx, held, { reason, endDate: chinaDay(act.now), leave: null }, act)
      return
    }
    case 'unlock': {
      const { account } = await heldAccount(tx, person)
      await unlockAccount(tx, { accountId: account.id, reason }, act)
    }
  }
}

async function heldAccount(tx: EntityManager, { id: personId }: Person): Promise<HeldAccount> {
  const account = await tx.findOneBy(AccountEntity, { personId })
  const held = account === null ? null : await lockAccount(tx, account.id)
  if (held === null)
    throw new Problem('account-unknown', said('The person has no account.', '该人员没有账号。'))
  return held
}
