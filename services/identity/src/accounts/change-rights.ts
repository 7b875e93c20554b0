import type { Act } from '@erp-steward/contracts/act'
import { AccountRolesChanged } from '@erp-steward/contracts/account-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import { readParameter } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import { carriesRights, PositionEntity, type Position } from '../organisation/position.ts'
import { PersonEntity, type Person } from '../people/person.ts'
import { queueAccessChange, queueAccessEnd } from '../provisioning/queue-access.ts'
import { noAccess } from '../provisioning/rules/access-difference.ts'
import { revokeAccount } from '../sessions/revoke-account.ts'
import { AccountEntity, type Account } from './account.ts'
import { requestAccountChange, supersedeAsked } from './request-account-change.ts'
import { stateStanding } from './state-standing.ts'

/**
 * Gives the account of a person what a position gives since its rights changed: what ended, ends, every token becomes void,
 * what is new begins. A person without a usable account, or whose rights wait for an approval, has nothing to change. The
 * caller holds the person's row.
 */
export async function changeRights(
  tx: EntityManager,
  person: Pick<Person, 'id' | 'unitId'>,
  from: Position,
  to: Position,
  act: Act,
): Promise<void> {
  const account = await usableAccount(tx, person.id)
  if (account === null || account.rightsPending) return
  await revokeAccount(tx, account.id, 'rights-changed', act)
  const target = { account, unitId: person.unitId }
  const { ended, added } = await queueAccessChange(tx, target, from, to, act)
  await announceRights(tx, account, { position: to, roles: to.roles, ended, added }, act)
}

/**
 * A mover: every right of the old position ends at once, and those of the new one wait for the security administrator, who
 * is neither the mover nor who moved; what was asked for the place of before is taken back. The caller holds the person's
 * row.
 *
 * Source, defaults 2.8: applying, approving and setting up are different persons.
 */
export async function endRightsOfMover(
  tx: EntityManager,
  person: Pick<Person, 'id' | 'unitId'>,
  from: Position,
  to: Position,
  reason: 'moved' | 'rejoined',
  act: Act,
): Promise<void> {
  await supersedeAsked(tx, person.id, act)
  const account = await usableAccount(tx, person.id)
  if (account === null) return
  await revokeAccount(tx, account.id, 'rights-changed', act)
  const target = { account, unitId: person.unitId }
  const { value } = await readParameter(
    tx,
    'identity.leaver.disable_within',
    person.unitId,
    act.now,
  )
  const dueAt = new Date(act.now.getTime() + durationMs(value))
  const ended = account.rightsPending ? 0 : await queueAccessEnd(tx, target, from, dueAt, act)
  const rightsPending = carriesRights(to)
  await tx.update(AccountEntity, account.id, { rightsPending })
  await announceRights(tx, account, { position: to, roles: [], ended, added: 0 }, act)
  if (rightsPending) await askForGrant(tx, person.id, reason, act)
}

/** Has the rights of the position wait for an approval, after a move or a return. */
export async function askForGrant(
  tx: EntityManager,
  personId: string,
  reason: 'moved' | 'rejoined',
  act: Act,
): Promise<void> {
  const command = { kind: 'grant-position', personId } as const
  await requestAccountChange(tx, { subjectId: personId, command, reason }, act)
}

/**
 * Puts the rights of the position in force that waited for the approval.
 *
 * @throws Problem `person-unknown` when the person has left, `rights-not-waiting`
 */
export async function grantPosition(tx: EntityManager, personId: string, act: Act): Promise<void> {
  const person = await tx.findOne(PersonEntity, {
    where: { id: personId, active: true },
    lock: { mode: 'pessimistic_write' },
  })
  if (person === null)
    throw new Problem('person-unknown', said('The person has left.', '该人员已离开。'))
  const account = await usableAccount(tx, personId)
  if (account?.rightsPending !== true)
    throw new Problem(
      'rights-not-waiting',
      said('No rights of this person wait.', '该人员没有待决的权限。'),
    )
  const position = await tx.findOneByOrFail(PositionEntity, { id: person.positionId })
  await tx.update(AccountEntity, account.id, { rightsPending: false })
  await revokeAccount(tx, account.id, 'rights-changed', act)
  const target = { account, unitId: person.unitId }
  const { added } = await queueAccessChange(tx, target, noAccess, position, act)
  await announceRights(tx, account, { position, roles: position.roles, ended: 0, added }, act)
}

/** The account of a person, held; `null` when there is none that carries rights of a position. */
async function usableAccount(tx: EntityManager, personId: string): Promise<Account | null> {
  const account = await tx.findOne(AccountEntity, {
    where: { personId },
    lock: { mode: 'pessimistic_write' },
  })
  if (account === null || account.status === 'disabled') return null
  return account.administratorRole === null ? account : null
}

async function announceRights(
  tx: EntityManager,
  { id, userName, personId }: Account,
  {
    position,
    roles,
    ended,
    added,
  }: { position: Position; roles: readonly string[]; ended: number; added: number },
  act: Act,
): Promise<void> {
  await appendEvent(
    tx,
    'identity',
    AccountRolesChanged,
    id,
    {
      accountId: id,
      userName,
      personId,
      positionId: position.id,
      roles: [...roles],
      responsibilitiesEnded: ended,
      responsibilitiesAdded: added,
      changedAt: act.now.toISOString(),
    },
    act,
  )
  if (personId !== null) await stateStanding(tx, personId, act)
}
