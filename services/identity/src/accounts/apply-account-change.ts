import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import { activateClient } from '../clients/activate-client.ts'
import { disableClient } from '../clients/disable-client.ts'
import { assertNoOpenCase } from '../detection/account-case.ts'
import { itemsOf } from '../grants/rules/grant-item.ts'
import { PositionEntity } from '../organisation/position.ts'
import { PersonEntity } from '../people/person.ts'
import { chinaDay } from '../people/rules/china-day.ts'
import { admitNamesake, admitSharedAddress } from '../people/twin.ts'
import { resetSecondFactor } from '../second-factor/reset-second-factor.ts'
import { assertCompatible } from '../sod/violations-of.ts'
import { adoptUsers } from '../reconciliation/adopt-users.ts'
import type { AccountChange } from './account-change.ts'
import { createAdministrator, createPersonAccount } from './create-account.ts'
import { disableAccount } from './disable-account.ts'
import { enableAccount } from './enable-account.ts'
import { grantPosition } from './change-rights.ts'
import { nameAdministrator } from './name-administrator.ts'
import { supersedeAsked } from './request-account-change.ts'
import { lockAccount, type HeldAccount } from './lock-account.ts'
import { openChange } from './sealed-user-name.ts'
import { setPositionRights } from './set-position-rights.ts'

/**
 * Gives an approved change its effect.
 *
 * @throws Problem of the use case that the change calls
 */
export async function applyAccountChange(
  tx: EntityManager,
  change: AccountChange,
  act: Act,
): Promise<void> {
  const { command, subjectId, reason } = openChange(tx, change)
  switch (command.kind) {
    case 'create-account':
      await createForPerson(tx, command.personId, command.userName ?? null, act)
      return
    case 'create-administrator':
      await createAdministrator(tx, command, act)
      return
    case 'name-administrator':
      await nameAdministrator(tx, command, act)
      return
    case 'grant-position':
      await grantPosition(tx, command.personId, act)
      return
    case 'share-address':
      await admitSharedAddress(tx, command.personId, act)
      return
    case 'admit-namesake':
      await admitNamesake(tx, command.personId, act)
      return
    case 'disable-account': {
      const held = await heldAccount(tx, command.accountId)
      const endDate = chinaDay(act.now)
      await disableAccount(tx, held, { reason, endDate, leave: null }, act)
      return
    }
    case 'enable-account':
      await enableHeld(tx, command.accountId, act)
      return
    case 'reset-second-factor': {
      const held = await heldAccount(tx, command.accountId)
      await resetSecondFactor(tx, held.account, act)
      return
    }
    case 'set-position-roles': {
      const { positionCode, roles, responsibilities, ebsRoles } = command
      const rights = { roles, responsibilities, ebsRoles }
      await setPositionRights(tx, positionCode, rights, change, act)
      return
    }
    case 'adopt-ebs-users':
      await adoptUsers(tx, command.users, act)
      return
    case 'create-client':
      await activateClient(tx, subjectId, act)
      return
    case 'disable-client':
      await disableClient(tx, subjectId, reason, act)
      return
  }
}

/** The approval that opens the account is one of its rights too: a grant that waits is no longer needed. */
async function enableHeld(tx: EntityManager, accountId: string, act: Act) {
  const held = await heldAccount(tx, accountId)
  await assertNoOpenCase(tx, accountId)
  await enableAccount(tx, held, act)
  if (held.holder !== null) await supersedeAsked(tx, held.holder.person.id, act)
}

async function createForPerson(
  tx: EntityManager,
  personId: string,
  userName: string | null,
  act: Act,
) {
  const person = await tx.findOne(PersonEntity, {
    where: { id: personId, active: true },
    lock: { mode: 'pessimistic_write' },
  })
  if (person === null)
    throw new Problem('person-unknown', said('The person has left.', '该人员已离开。'))
  const position = await tx.findOneByOrFail(PositionEntity, { id: person.positionId })
  const checked = await assertCompatible(tx, [personId], itemsOf(position), act.now)
  const approved = { approvedBy: act.actor, sod: checked(personId) }
  await createPersonAccount(tx, { person, position, userName, ...approved }, act)
}

async function heldAccount(tx: EntityManager, id: string): Promise<HeldAccount> {
  const held = await lockAccount(tx, id)
  if (held === null)
    throw new Problem('account-unknown', said(`There is no account ${id}.`, `没有账号 ${id}。`))
  return held
}
