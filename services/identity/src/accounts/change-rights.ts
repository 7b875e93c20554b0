import type { Act } from '@erp-steward/contracts/act'
import { AccountRolesChanged } from '@erp-steward/contracts/account-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import { readParameter } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import { endGrants, type EndedGrant, type WhichGrants } from '../grants/end-grants.ts'
import { giveGrants, type Requested } from '../grants/give-grants.ts'
import { givePosition } from '../grants/give-position.ts'
import { accessOf, itemsOf, without } from '../grants/rules/grant-item.ts'
import { carriesRights, PositionEntity, type Position } from '../organisation/position.ts'
import { PersonEntity, type Person } from '../people/person.ts'
import { queueAccessChange, queueAccessEnd } from '../provisioning/queue-access.ts'
import { noAccess } from '../provisioning/rules/access-difference.ts'
import { assertCompatible } from '../sod/violations-of.ts'
import { revokeAccount } from '../sessions/revoke-account.ts'
import { AccountEntity, type Account } from './account.ts'
import { requestAccountChange, supersedeAsked } from './request-account-change.ts'
import { rolesOfAccount } from './roles-of-account.ts'
import { stateStanding } from './state-standing.ts'

type Holder = Pick<Person, 'id' | 'unitId'>

/**
 * Gives the accounts of people what their position gives since its rights changed: what is no longer in it ends, every token
 * becomes void, what is new begins. A person without a usable account, or whose rights wait for an approval, has nothing to
 * change. The caller holds the rows of the people and of the position.
 *
 * @throws Problem `sod-violation`
 */
export async function changeRights(
  tx: EntityManager,
  people: readonly Holder[],
  from: Position,
  to: Position,
  act: Act,
): Promise<void> {
  const holders = await usableAccounts(tx, people)
  const [before, after] = [itemsOf(from), itemsOf(to)]
  const added = without(after, before)
  const ids = holders.map(({ person }) => person.id)
  const ended = await endGrants(
    tx,
    ids,
    { ofPosition: without(before, after) },
    'matrix-changed',
    act,
  )
  // After what ended: what makes way for what comes is no longer held.
  const checked = await assertCompatible(tx, ids, added, act.now)
  const given = holders.map(({ person, account }) => ({
    personId: person.id,
    accountId: account.id,
    unitId: person.unitId,
    sod: checked(person.id),
  }))
  await givePosition(tx, given, to, act.actor, act, added)
  const endedOf = Map.groupBy(ended, ({ personId }) => personId)
  for (const { person, account } of holders) {
    await revokeAccount(tx, account.id, 'rights-changed', act)
    const target = { account, unitId: person.unitId }
    const gone = leavingEbs(endedOf.get(person.id) ?? [])
    const queued = await queueAccessChange(tx, target, gone, accessOf(added), act)
    await announceRights(tx, account, to.id, queued, act)
  }
}

/**
 * A mover: everything that was held ends at once, and the rights of the new position wait for the security administrator, who
 * is neither the mover nor who moved; what was asked for the place of before is taken back. The caller holds the person's
 * row.
 *
 * Source, defaults 2.8: applying, approving and setting up are different persons.
 */
export async function endRightsOfMover(
  tx: EntityManager,
  person: Holder,
  to: Position,
  reason: 'moved' | 'rejoined',
  act: Act,
): Promise<void> {
  await supersedeAsked(tx, person.id, act)
  const [holder] = await usableAccounts(tx, [person], 'with those that wait')
  if (holder === undefined) return
  const { account } = holder
  await revokeAccount(tx, account.id, 'rights-changed', act)
  const target = { account, unitId: person.unitId }
  const { value } = await readParameter(
    tx,
    'identity.leaver.disable_within',
    person.unitId,
    act.now,
  )
  const dueAt = new Date(act.now.getTime() + durationMs(value))
  const gone = leavingEbs(await endGrants(tx, [person.id], {}, reason, act))
  const ended = await queueAccessEnd(tx, target, gone, dueAt, act)
  const rightsPending = carriesRights(to)
  await tx.update(AccountEntity, account.id, { rightsPending })
  await announceRights(tx, account, to.id, { ended, added: 0 }, act)
  if (rightsPending) await askForGrant(tx, person.id, reason, act)
}

/** Has the rights of the position wait for an approval: after a move or a return, or for an exception. */
export async function askForGrant(
  tx: EntityManager,
  personId: string,
  reason: 'moved' | 'rejoined' | 'incompatible duties',
  act: Act,
): Promise<void> {
  const command = { kind: 'grant-position', personId } as const
  await requestAccountChange(tx, { subjectId: personId, command, reason }, act)
}

/**
 * Puts the rights of the position in force that waited for the approval.
 *
 * @throws Problem `person-unknown` when the person has left, `rights-not-waiting`, `sod-violation`
 */
export async function grantPosition(tx: EntityManager, personId: string, act: Act): Promise<void> {
  const person = await tx.findOne(PersonEntity, {
    where: { id: personId, active: true },
    lock: { mode: 'pessimistic_write' },
  })
  if (person === null)
    throw new Problem('person-unknown', said('The person has left.', '该人员已离开。'))
  const [holder] = await usableAccounts(tx, [person], 'with those that wait')
  if (holder?.account.rightsPending !== true)
    throw new Problem(
      'rights-not-waiting',
      said('No rights of this person wait.', '该人员没有待决的权限。'),
    )
  const { account } = holder
  const position = await tx.findOneByOrFail(PositionEntity, { id: person.positionId })
  const { unitId } = person
  const checked = await assertCompatible(tx, [personId], itemsOf(position), act.now)
  await tx.update(AccountEntity, account.id, { rightsPending: false })
  const given = { personId, accountId: account.id, unitId, sod: checked(personId) }
  await givePosition(tx, [given], position, act.actor, act)
  await revokeAccount(tx, account.id, 'rights-changed', act)
  const queued = await queueAccessChange(tx, { account, unitId }, noAccess, position, act)
  await announceRights(tx, account, position.id, queued, act)
}

/**
 * Gives somebody what was asked for beside the position, here and in EBS; tokens are void where a role is among it. The caller
 * holds the person's row.
 *
 * @throws Problem `account-state` for an account that is shut or whose rights wait, `sod-violation`
 */
export async function giveRequested(
  tx: EntityManager,
  person: Pick<Person, 'id' | 'unitId' | 'positionId'>,
  requested: Requested,
  act: Act,
): Promise<void> {
  const [holder] = await usableAccounts(tx, [person])
  if (holder?.account.status !== 'active')
    throw new Problem(
      'account-state',
      said('The account is shut, or its rights wait.', '该账号未启用，或其权限待批。'),
    )
  const { account } = holder
  const { id: personId, unitId, positionId } = person
  const { items } = requested
  const checked = await assertCompatible(tx, [personId], items, act.now)
  const given = { personId, accountId: account.id, unitId, sod: checked(personId) }
  await giveGrants(tx, given, requested, act)
  if (items.some(({ kind }) => kind === 'role'))
    await revokeAccount(tx, account.id, 'rights-changed', act)
  const target = { account, unitId }
  const queued = await queueAccessChange(tx, target, noAccess, accessOf(items), act)
  await announceRights(tx, account, positionId, queued, act)
}

/**
 * Ends grants of somebody who stays in the position: tokens are void where one was a role, and EBS gets the end. The caller
 * holds the person's row.
 */
export async function endGrantsOf(
  tx: EntityManager,
  person: Pick<Person, 'id' | 'unitId' | 'positionId'>,
  which: WhichGrants,
  reason: string,
  act: Act,
): Promise<void> {
  const ended = await endGrants(tx, [person.id], which, reason, act)
  const account = await tx.findOneBy(AccountEntity, { personId: person.id })
  if (ended.length === 0 || account === null) return
  if (ended.some(({ kind }) => kind === 'role'))
    await revokeAccount(tx, account.id, 'rights-changed', act)
  const target = { account, unitId: person.unitId }
  const queued = await queueAccessChange(tx, target, leavingEbs(ended), noAccess, act)
  await announceRights(tx, account, person.positionId, queued, act)
}

const leavingEbs = (ended: readonly EndedGrant[]) =>
  accessOf(ended.filter(({ leavesEbs }) => leavesEbs))

/** The accounts of people that carry rights of a position, held; without those whose rights wait unless asked for. */
async function usableAccounts<Of extends Holder>(
  tx: EntityManager,
  people: readonly Of[],
  waiting?: 'with those that wait',
): Promise<{ person: Of; account: Account }[]> {
  const accounts = await tx
    .createQueryBuilder(AccountEntity, 'account')
    .where('account.personId = any(:ids)', { ids: people.map(({ id }) => id) })
    .orderBy('account.personId')
    .setLock('pessimistic_write')
    .getMany()
  const byPerson = new Map(accounts.map((account) => [account.personId, account]))
  return people.flatMap((person) => {
    const account = byPerson.get(person.id)
    if (account === undefined || account.status === 'disabled') return []
    if (account.administratorRole !== null) return []
    return account.rightsPending && waiting === undefined ? [] : [{ person, account }]
  })
}

async function announceRights(
  tx: EntityManager,
  account: Account,
  positionId: string,
  { ended, added }: { ended: number; added: number },
  act: Act,
): Promise<void> {
  const { id, userName, personId } = account
  const { roles } = await rolesOfAccount(tx, account, act.now)
  await appendEvent(
    tx,
    'identity',
    AccountRolesChanged,
    id,
    {
      ...{ accountId: id, userName, personId, positionId, roles },
      responsibilitiesEnded: ended,
      responsibilitiesAdded: added,
      changedAt: act.now.toISOString(),
    },
    act,
  )
  if (personId !== null) await stateStanding(tx, personId, act)
}
