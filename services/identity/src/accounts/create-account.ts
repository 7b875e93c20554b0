import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { AccountCreated } from '@erp-steward/contracts/account-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { ask } from '@erp-steward/messaging/statement'
import { isConstraintViolation } from '@erp-steward/service-kit/constraint'
import type { EntityManager } from 'typeorm'
import { givePosition } from '../grants/give-position.ts'
import type { Position } from '../organisation/position.ts'
import type { Person } from '../people/person.ts'
import { openPerson } from '../people/sealed-person.ts'
import { passwordDaysOf, queueNewUser } from '../provisioning/queue-access.ts'
import { noAccess } from '../provisioning/rules/access-difference.ts'
import type { Account, AdministratorRole } from './account.ts'
import type { CheckedAs } from '../sod/violations-of.ts'
import { isLastOfRole, stateRole } from './administrator-role.ts'
import { assertMayAdminister } from './may-administer.ts'
import { isReservedUserName, userNameCandidates } from './rules/user-name.ts'
import { sealUserName } from './sealed-user-name.ts'
import { stateStanding } from './state-standing.ts'

/**
 * Gives a person the one account, with the EBS user and the rights of the position; it has no password yet. The
 * caller holds the person's row.
 *
 * @param rightsPending whether the rights wait for an approval, as those of somebody who comes back do
 * @param approvedBy who approved the rights for this person; `null` where the approved matrix is enough
 * @param sod what the check of incompatible duties said, of rights that do not wait
 * @param isInEbs whether EBS has the user already: nothing is queued for it then
 * @param userName as asked for; `null` derives one that is free
 * @throws Problem `account-exists`, `user-name-taken`
 */
export async function createPersonAccount(
  tx: EntityManager,
  {
    person,
    position,
    userName,
    rightsPending = false,
    approvedBy = null,
    sod = 'clear',
    isInEbs = false,
  }: {
    person: Person
    position: Position
    userName: string | null
    rightsPending?: boolean
    approvedBy?: string | null
    sod?: CheckedAs
    isInEbs?: boolean
  },
  act: Act,
): Promise<Account> {
  const candidates = userName === null ? userNameCandidates(openPerson(tx, person)) : [userName]
  const [account, passwordDays] = await Promise.all([
    insertAccount(tx, candidates, { personId: person.id, rightsPending }, act),
    passwordDaysOf(tx, person.unitId, act),
  ])
  const given = { personId: person.id, accountId: account.id, unitId: person.unitId, sod }
  if (!rightsPending) await givePosition(tx, [given], position, approvedBy, act)
  const access = rightsPending ? noAccess : position
  if (!isInEbs) await queueNewUser(tx, { account, holder: person, access, passwordDays }, act)
  await stateStanding(tx, person.id, act, account)
  return account
}

/**
 * Creates the account of a further administrator: one of the three roles, one person, no business role.
 *
 * @throws Problem `user-name-taken`, `person-unknown`, `administrator-has-business-role`
 */
export async function createAdministrator(
  tx: EntityManager,
  { userName, role, personId }: { userName: string; role: AdministratorRole; personId: string },
  act: Act,
): Promise<Account> {
  await assertMayAdminister(tx, personId)
  const owner = { administratorRole: role, personId }
  const account = await insertAccount(tx, [userName], owner, act)
  if (await isLastOfRole(tx, account)) await stateRole(tx, role, true, act)
  await stateStanding(tx, personId, act)
  return account
}

type Owner = Pick<Account, 'personId'> &
  Partial<Pick<Account, 'administratorRole' | 'rightsPending'>>

/** An account as its row, not written yet. */
export function newAccount(tx: EntityManager, userName: string, owner: Owner, act: Act): Account {
  const id = randomUUID()
  return {
    id,
    ...sealUserName(tx, id, userName),
    administratorRole: null,
    status: 'active',
    epoch: 0,
    version: 1,
    createdAt: act.now,
    disabledAt: null,
    disabledReason: null,
    rightsPending: false,
    coolingUntil: null,
    ...owner,
  }
}

async function insertAccount(
  tx: EntityManager,
  candidates: readonly string[],
  owner: Owner,
  act: Act,
): Promise<Account> {
  for (const userName of candidates) {
    if (isReservedUserName(userName)) continue
    const account = newAccount(tx, userName, owner, act)
    if (await insertUnlessTaken(tx, account)) {
      await announceAccount(tx, account, act)
      return account
    }
  }
  throw new Problem(
    'user-name-taken',
    said(
      `${candidates.join(', ') || 'Every derived name'} is taken, reserved or not usable.`,
      `${candidates.join(', ') || 'Every derived name'} 已被占用、保留或不可用。`,
    ),
  )
}

const INSERT_ACCOUNT = {
  name: 'insert account',
  text: `insert into account (id, user_name, user_name_lookup, person_id, administrator_role, status, epoch, version,
                              created_at, rights_pending)
         values ($1, $2, $3, $4, $5, $6, 0, 1, $7, $8)
         on conflict on constraint account_user_name_key do nothing returning id`,
}

/**
 * The constraints decide whether the name is free and the person without an account, not a look before.
 *
 * @throws Problem `account-exists`
 */
export async function insertUnlessTaken(tx: EntityManager, account: Account): Promise<boolean> {
  const { id, userName, userNameLookup, personId, administratorRole, status, createdAt } = account
  try {
    const inserted = await ask(tx, INSERT_ACCOUNT, [
      id,
      userName,
      userNameLookup,
      personId,
      administratorRole,
      status,
      createdAt,
      account.rightsPending,
    ])
    return inserted.length === 1
  } catch (error) {
    if (isConstraintViolation(error, 'account_person_id_key'))
      throw new Problem('account-exists', said('The person has an account.', '该人员已有账号。'))
    throw error
  }
}

/** States that the account exists now. */
export async function announceAccount(
  tx: EntityManager,
  { id, userName, personId, administratorRole }: Account,
  act: Act,
): Promise<void> {
  await appendEvent(
    tx,
    'identity',
    AccountCreated,
    id,
    {
      accountId: id,
      userName,
      personId,
      administratorRole,
      createdAt: act.now.toISOString(),
    },
    act,
  )
}
