import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { AccountCreated } from '@erp-steward/contracts/identity-events'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { isConstraintViolation } from '@erp-steward/service-kit/constraint'
import type { EntityManager } from 'typeorm'
import type { Position } from '../organisation/position.ts'
import type { Person } from '../people/person.ts'
import { openPerson } from '../people/sealed-person.ts'
import { queueNewUser } from '../provisioning/queue-access.ts'
import type { Account, AdministratorRole } from './account.ts'
import { isReservedUserName, userNameCandidates } from './rules/user-name.ts'
import { sealUserName } from './sealed-user-name.ts'
import { stateStanding } from './state-standing.ts'

/**
 * Gives a person the one account, with the EBS user and the rights of the position; it has no password yet. The
 * caller holds the person's row.
 *
 * @param userName as asked for; `null` derives one that is free
 * @throws Problem `account-exists`, `user-name-taken`
 */
export async function createPersonAccount(
  tx: EntityManager,
  { person, position, userName }: { person: Person; position: Position; userName: string | null },
  act: Act,
): Promise<Account> {
  const candidates = userName === null ? userNameCandidates(openPerson(tx, person)) : [userName]
  const account = await insertAccount(tx, candidates, { personId: person.id }, act)
  await queueNewUser(tx, { account, holder: person, access: position }, act)
  await stateStanding(tx, person.id, act)
  return account
}

/**
 * Creates the account of a further administrator: one of the three roles, no person, no business role.
 *
 * @throws Problem `user-name-taken`
 */
export function createAdministrator(
  tx: EntityManager,
  { userName, role }: { userName: string; role: AdministratorRole },
  act: Act,
): Promise<Account> {
  return insertAccount(tx, [userName], { administratorRole: role }, act)
}

async function insertAccount(
  tx: EntityManager,
  candidates: readonly string[],
  owner: { personId: string } | { administratorRole: AdministratorRole },
  act: Act,
): Promise<Account> {
  for (const userName of candidates) {
    if (isReservedUserName(userName)) continue
    const id = randomUUID()
    const account: Account = {
      id,
      ...sealUserName(tx, id, userName),
      personId: null,
      administratorRole: null,
      ...owner,
      status: 'active',
      epoch: 0,
      version: 1,
      createdAt: act.now,
      disabledAt: null,
      disabledReason: null,
      coolingUntil: null,
    }
    if (await insertUnlessTaken(tx, account)) {
      await announceAccount(tx, account, act)
      return account
    }
  }
  throw new Problem(
    'user-name-taken',
    `${candidates.join(', ') || 'Every derived name'} is taken, reserved or not usable.`,
  )
}

/**
 * The constraints decide whether the name is free and the person without an account, not a look before.
 *
 * @throws Problem `account-exists`
 */
export async function insertUnlessTaken(tx: EntityManager, account: Account): Promise<boolean> {
  const { id, userName, userNameLookup, personId, administratorRole, status, createdAt } = account
  try {
    const inserted: unknown[] = await tx.query(
      `insert into account (id, user_name, user_name_lookup, person_id, administrator_role, status, epoch, version,
                            created_at)
       values ($1, $2, $3, $4, $5, $6, 0, 1, $7)
       on conflict on constraint account_user_name_key do nothing returning id`,
      [id, userName, userNameLookup, personId, administratorRole, status, createdAt],
    )
    return inserted.length === 1
  } catch (error) {
    if (isConstraintViolation(error, 'account_person_id_key'))
      throw new Problem('account-exists', 'The person has an account.')
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
