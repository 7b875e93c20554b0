import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { DriftClosed } from '@erp-steward/contracts/reconciliation-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { In, type EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { createPersonAccount } from '../accounts/create-account.ts'
import { userNameLookup } from '../accounts/sealed-user-name.ts'
import { itemsOf } from '../grants/rules/grant-item.ts'
import { PositionEntity, type Position } from '../organisation/position.ts'
import { PersonEntity } from '../people/person.ts'
import { assertCompatible, type CheckedAs } from '../sod/violations-of.ts'
import { keepDecision, unfit } from './decide-finding.ts'
import { EbsFindingEntity, openFound, type EbsFinding } from './ebs-finding.ts'

/** A user of EBS that becomes the account of a person. */
export interface Adoption {
  readonly findingId: string
  readonly personId: string
}

/**
 * Marks users of EBS as asked to be adopted; who asks is another than who approves.
 *
 * @throws Problem `finding-state` for what is no open unknown user, `person-unknown`, `validation-failed` for one that is
 *   named twice
 */
export async function askToAdopt(
  tx: EntityManager,
  users: readonly Adoption[],
  reason: string,
  act: Act,
): Promise<void> {
  for (const member of ['findingId', 'personId'] as const)
    if (new Set(users.map((user) => user[member])).size < users.length) {
      const detail = said('A user or a person is named twice.', '用户或人员重复出现。')
      throw new Problem('validation-failed', detail, { errors: [{ pointer: '#/change', detail }] })
    }
  const people = users.map(({ personId }) => personId)
  const known = await tx.countBy(PersonEntity, { id: In(people), active: true })
  if (known < people.length)
    throw new Problem(
      'person-unknown',
      said('One of the people is not known or has left.', '其中有人员不存在或已离职。'),
    )
  const found = await lockFindings(tx, users)
  if (found.length < users.length || found.some((each) => !isAdoptable(each, 'open')))
    throw unfit(
      said('One of the differences is no open unknown user.', '其中有差异不是待处理的未知用户。'),
    )
  const adopting = { state: 'adopting', ignoredUntil: null, decision: 'adopt', reason } as const
  for (const finding of found) await keepDecision(tx, finding, adopting, act)
}

const isAdoptable = ({ kind, state }: EbsFinding, wanted: EbsFinding['state']) =>
  kind === 'unknown-account' && state === wanted

/** In the order of their ids, so that two who hold some of the same wait for each other. */
const lockFindings = (tx: EntityManager, users: readonly Adoption[]) =>
  tx.find(EbsFindingEntity, {
    where: { id: In(users.map(({ findingId }) => findingId)) },
    order: { id: 'asc' },
    lock: { mode: 'pessimistic_write' },
  })

/**
 * Makes users of EBS the accounts of people, with the rights of their positions here; EBS is not touched, and what it gives
 * them beside that shows in the next comparison. One whose person has left, got an account, or would hold incompatible duties,
 * or whose name is taken by now, is left open.
 *
 * Source.
 */
export async function adoptUsers(
  tx: EntityManager,
  users: readonly Adoption[],
  act: Act,
): Promise<void> {
  const ofFinding = new Map(users.map(({ findingId, personId }) => [findingId, personId]))
  const people = await tx.find(PersonEntity, {
    where: { id: In([...ofFinding.values()]), active: true },
    order: { id: 'asc' },
    lock: { mode: 'pessimistic_write' },
  })
  const findings = await lockFindings(tx, users)
  for (const finding of findings) {
    if (!isAdoptable(finding, 'adopting')) continue
    const person = people.find(({ id }) => id === ofFinding.get(finding.id))
    const userName = openFound(tx, finding)?.userName ?? ''
    const isTaken = await tx.existsBy(AccountEntity, [
      { userNameLookup: userNameLookup(tx, userName) },
      ...(person === undefined ? [] : [{ personId: person.id }]),
    ])
    if (person === undefined || isTaken) {
      await reopen(tx, finding)
      continue
    }
    const position = await tx.findOneByOrFail(PositionEntity, { id: person.positionId })
    const sod = await checkedAs(tx, person.id, position, act)
    if (sod === null) {
      await reopen(tx, finding)
      continue
    }
    const joined = { person, position, userName, approvedBy: act.actor, isInEbs: true, sod }
    const account = await createPersonAccount(tx, joined, act)
    await tx.query(
      'insert into ebs_user_seen (account_id, upload_id) values ($1, $2) on conflict do nothing',
      [account.id, finding.seenBy],
    )
    await tx.save(EbsFindingEntity, {
      ...finding,
      ...{ state: 'closed', closedWhy: 'adopted', accountId: account.id, unitId: person.unitId },
      closedAt: act.now,
      version: finding.version + 1,
    })
    const { id: findingId, kind } = finding
    const closedAt = act.now.toISOString()
    const fact = { findingId, kind, why: 'adopted', uploadId: null, closedAt } as const
    await appendEvent(tx, 'identity', DriftClosed, findingId, fact, act)
  }
}

/** How the rights of the position were checked; `null` where the person would hold incompatible duties by them. */
async function checkedAs(
  tx: EntityManager,
  personId: string,
  position: Position,
  { now }: Act,
): Promise<CheckedAs | null> {
  try {
    return (await assertCompatible(tx, [personId], itemsOf(position), now))(personId)
  } catch (error) {
    if (error instanceof Problem && error.code === 'sod-violation') return null
    throw error
  }
}

/** Opens again what was asked to be adopted and is not. */
export async function reopenAdoptions(
  tx: EntityManager,
  users: readonly Adoption[],
): Promise<void> {
  for (const finding of await lockFindings(tx, users))
    if (isAdoptable(finding, 'adopting')) await reopen(tx, finding)
}

const reopen = (tx: EntityManager, finding: EbsFinding) =>
  tx.save(EbsFindingEntity, { ...finding, state: 'open', version: finding.version + 1 })
