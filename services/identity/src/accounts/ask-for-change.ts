import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import { ClientEntity } from '../clients/client.ts'
import { requestClient } from '../clients/request-client.ts'
import { PositionEntity } from '../organisation/position.ts'
import { unitExists } from '../organisation/unit-exists.ts'
import { PersonEntity } from '../people/person.ts'
import { liveFactor } from '../second-factor/prove-factor.ts'
import { noFactor } from '../second-factor/reset-second-factor.ts'
import { askToAdopt } from '../reconciliation/adopt-users.ts'
import { AccountEntity } from './account.ts'
import type { AccountChange, AccountChangeCommand } from './account-change.ts'
import { assertNotForOneself } from './concerned.ts'
import { assertMayAdminister } from './may-administer.ts'
import { unnamed } from './name-administrator.ts'
import { requestAccountChange } from './request-account-change.ts'
import { isReservedUserName } from './rules/user-name.ts'
import { mayAsk } from './rules/who-decides.ts'
import { userNameLookup } from './sealed-user-name.ts'

/**
 * Takes a request of the system administrator after a look at what could not work anyway; the state is checked again
 * when it is approved.
 *
 * @throws Problem `permission-missing`, `same-person`, `administrator-has-business-role`, `administrator-named`,
 *   `rights-not-waiting`, `person-unknown`, `account-exists`, `account-unknown`, `user-name-taken`, `position-unknown`,
 *   `unit-unknown`, `client-unknown`, `client-exists`, `redirect-refused`, `finding-state`, `second-factor-state`, `validation-failed`,
 *   `account-change-pending`
 */
export async function askForChange(
  tx: EntityManager,
  command: AccountChangeCommand,
  reason: string,
  act: Act,
): Promise<AccountChange> {
  if (!mayAsk(command.kind, act.role))
    throw new Problem(
      'permission-missing',
      said(`A ${command.kind} is asked for by others.`, `${command.kind} 须由他人提出。`),
    )
  await assertNotForOneself(tx, command, act)
  const subjectId = await subjectOf(tx, command, reason, act)
  return requestAccountChange(tx, { subjectId, command, reason }, act)
}

async function subjectOf(
  tx: EntityManager,
  command: AccountChangeCommand,
  reason: string,
  act: Act,
): Promise<string> {
  switch (command.kind) {
    case 'create-account': {
      const { personId, userName } = command
      if (!(await tx.existsBy(PersonEntity, { id: personId, active: true })))
        throw new Problem(
          'person-unknown',
          said(`There is no active person ${personId}.`, `没有在职人员 ${personId}。`),
        )
      if (await tx.existsBy(AccountEntity, { personId }))
        throw new Problem('account-exists', said('The person has an account.', '该人员已有账号。'))
      if (userName !== undefined) await assertFree(tx, userName)
      return personId
    }
    case 'create-administrator':
      await assertFree(tx, command.userName)
      await assertMayAdminister(tx, command.personId)
      return randomUUID()
    case 'name-administrator': {
      const { accountId, personId } = command
      unnamed(await tx.findOneBy(AccountEntity, { id: accountId }), accountId)
      await assertMayAdminister(tx, personId)
      return accountId
    }
    case 'grant-position': {
      const { personId } = command
      if (!(await tx.existsBy(AccountEntity, { personId, rightsPending: true })))
        throw new Problem(
          'rights-not-waiting',
          said('No rights of this person wait.', '该人员没有待决的权限。'),
        )
      return personId
    }
    case 'share-address':
    case 'admit-namesake': {
      const { personId } = command
      if (!(await tx.existsBy(PersonEntity, { id: personId, active: true })))
        throw new Problem(
          'person-unknown',
          said(`There is no active person ${personId}.`, `没有在职人员 ${personId}。`),
        )
      return personId
    }
    case 'disable-account':
    case 'enable-account': {
      const { accountId } = command
      if (!(await tx.existsBy(AccountEntity, { id: accountId })))
        throw new Problem(
          'account-unknown',
          said(`There is no account ${accountId}.`, `没有账号 ${accountId}。`),
        )
      return accountId
    }
    case 'reset-second-factor': {
      const { accountId } = command
      if ((await liveFactor(tx, accountId)) === null) throw noFactor()
      return accountId
    }
    case 'set-position-roles': {
      const { positionCode: code } = command
      const position = await tx.findOneBy(PositionEntity, { code })
      if (position === null)
        throw new Problem(
          'position-unknown',
          said(`There is no position ${code}.`, `没有岗位 ${code}。`),
        )
      return position.id
    }
    case 'adopt-ebs-users':
      await askToAdopt(tx, command.users, reason, act)
      return randomUUID()
    case 'create-client': {
      const { name, role, unitId, redirectUris, signOutUris } = command
      if (unitId !== null && !(await unitExists(tx, unitId)))
        throw new Problem(
          'unit-unknown',
          said(`There is no unit ${unitId}.`, `没有单位 ${unitId}。`),
        )
      return (await requestClient(tx, { name, role, unitId, redirectUris, signOutUris }, act)).id
    }
    case 'disable-client': {
      const { clientId } = command
      if (!(await tx.existsBy(ClientEntity, { id: clientId })))
        throw new Problem(
          'client-unknown',
          said(`There is no client ${clientId}.`, `没有客户端 ${clientId}。`),
        )
      return clientId
    }
  }
}

const isTaken = (tx: EntityManager, userName: string) =>
  tx.existsBy(AccountEntity, { userNameLookup: userNameLookup(tx, userName) })

async function assertFree(tx: EntityManager, userName: string) {
  if (isReservedUserName(userName) || (await isTaken(tx, userName)))
    throw new Problem(
      'user-name-taken',
      said(`${userName} is taken or reserved.`, `${userName} 已被占用或保留。`),
    )
}
