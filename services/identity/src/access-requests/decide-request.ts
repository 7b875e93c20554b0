import type { Act } from '@erp-steward/contracts/act'
import { AccessRequestApproved, AccessRequestRejected } from '@erp-steward/contracts/grant-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertVersion } from '@erp-steward/service-kit/commit'
import type { EntityManager } from 'typeorm'
import { assertAnotherHand, assertNamed } from '../accounts/another-hand.ts'
import { lockPerson } from '../people/lock-person.ts'
import type { Person } from '../people/person.ts'
import {
  AccessRequestEntity,
  whoRequested,
  type AccessApproval,
  type AccessRequest,
} from './access-request.ts'
import { applyRequest } from './apply-request.ts'
import { roleOf } from './rules/stages.ts'

/** States after the approvals of so many stages. */
const AFTER = ['submitted', 'unit-approved', 'company-approved'] as const
const WAITING: readonly string[] = AFTER

export interface Decider {
  readonly roles: readonly string[]
  /** The unit whose leader it is. */
  readonly unitId: string | null
}

/**
 * Approves the next stage; the last one puts the request in force in the same transaction. Nobody approves what he asked for,
 * what is about him, or twice, under whatever account; what was changed since has another digest.
 *
 * Sources, B-4.1.5, defaults 2.8.
 *
 * @throws Problem `not-found`, `version-stale`, `access-request-state`, `access-request-changed`, `permission-missing`,
 *   `same-person`, `administrator-unnamed`, and whatever refuses the effect, in which case nothing is approved
 */
export async function approveRequest(
  tx: EntityManager,
  { id, digest }: { readonly id: string; readonly digest: string },
  { roles, unitId }: Decider,
  expected: number,
  act: Act,
): Promise<AccessRequest> {
  const { request, person } = await heldRequest(tx, id, expected, act)
  if (request.digest !== digest)
    throw new Problem(
      'access-request-changed',
      said('It is no longer what you looked at.', '内容已与您所见不同。'),
    )
  const stage = request.stages[request.approvals.length]
  if (stage === undefined) throw stateOf(request.state)
  const role = roleOf(request.change, stage)
  if (!roles.includes(role) || (stage === 'unit' && unitId !== request.unitId))
    throw new Problem(
      'permission-missing',
      said(`The stage ${stage} is decided by others.`, `${stage} 阶段须由他人决定。`),
    )
  if (person.unitId !== request.unitId || person.positionId !== request.positionId)
    throw new Problem(
      'access-request-state',
      said('The person has moved since it was asked for.', '提出申请后该人员已调动。'),
    )
  const { actor: by, personId, now } = act
  const hands = request.approvals.map((each) => ({ actor: each.by, personId: each.personId }))
  await assertAnotherHand(
    tx,
    act,
    [whoRequested(request), { actor: '', personId: person.id }, ...hands],
    said(
      'Who asked, has approved or is concerned does not approve.',
      '申请人、已审批人和当事人不得审批。',
    ),
  )
  await assertNamed(tx, act)
  const approval: AccessApproval = { stage, by, personId, role, digest, at: now.toISOString() }
  const approvals = [...request.approvals, approval]
  const isLast = approvals.length === request.stages.length
  const approved: AccessRequest = {
    ...request,
    approvals,
    state: isLast ? 'approved' : (AFTER[approvals.length] ?? 'approved'),
    ...{ decidedBy: by, decidedAt: now },
    appliedIn: isLast ? act.requestId : null,
    version: request.version + 1,
  }
  await tx.save(AccessRequestEntity, approved)
  const fact = { requestId: id, personId: person.id, kind: request.kind, stage, digest, role }
  const at = { approvedBy: by, approvedAt: now.toISOString(), isLast }
  await appendEvent(tx, 'identity', AccessRequestApproved, person.id, { ...fact, ...at }, act)
  if (isLast) await applyRequest(tx, approved, person, act)
  return approved
}

/**
 * Ends a request that waits: whoever could approve a stage of it, or who asked, with a reason.
 *
 * @throws Problem `not-found`, `version-stale`, `access-request-state`, `permission-missing` (rejecting), `not-concerned`
 *   (withdrawing), `same-person`
 */
export async function endRequest(
  tx: EntityManager,
  { id, state, reason }: { id: string; state: 'rejected' | 'withdrawn'; reason: string },
  { roles, unitId }: Decider,
  expected: number,
  act: Act,
): Promise<AccessRequest> {
  const { request } = await heldRequest(tx, id, expected, act)
  if (state === 'withdrawn') assertRequester(request, act)
  else {
    const isDecider = request.stages.some(
      (stage) =>
        roles.includes(roleOf(request.change, stage)) &&
        (stage !== 'unit' || unitId === request.unitId),
    )
    if (!isDecider)
      throw new Problem('permission-missing', said('It is decided by others.', '须由他人决定。'))
    const detail = said('Who asked does not reject.', '申请人不得驳回，请撤回。')
    await assertAnotherHand(tx, act, [whoRequested(request)], detail)
  }
  const ended: AccessRequest = {
    ...request,
    state,
    ...{ decidedBy: act.actor, decidedAt: act.now, decisionReason: reason },
    version: request.version + 1,
  }
  await tx.save(AccessRequestEntity, ended)
  const { personId, kind } = request
  const fact = { requestId: id, personId, kind, state, reason, endedBy: act.actor }
  const endedAt = act.now.toISOString()
  await appendEvent(tx, 'identity', AccessRequestRejected, personId, { ...fact, endedAt }, act)
  return ended
}

/** @throws Problem `not-concerned` */
export function assertRequester(request: AccessRequest, act: Act): void {
  const isOne =
    request.requestedBy === act.actor ||
    (act.personId !== null && act.personId === request.requestedByPerson)
  if (!isOne)
    throw new Problem(
      'not-concerned',
      said('Only who asked changes or withdraws it.', '只有申请人可以修改或撤回。'),
    )
}

/**
 * A request that waits, held; its person before it, as everybody does who changes what somebody holds.
 *
 * @throws Problem `not-found`, `version-stale`, `access-request-state` when it was decided or its time is over
 */
export async function heldRequest(
  tx: EntityManager,
  id: string,
  expected: number,
  { now }: Act,
): Promise<{ request: AccessRequest; person: Person }> {
  const found = await tx.findOneBy(AccessRequestEntity, { id })
  const person = found === null ? null : await lockPerson(tx, found.personId)
  if (person === null)
    throw new Problem('not-found', said(`There is no request ${id}.`, `没有申请 ${id}。`))
  const request = await tx.findOneOrFail(AccessRequestEntity, {
    where: { id },
    lock: { mode: 'pessimistic_write' },
  })
  assertVersion(request.version, expected)
  if (!WAITING.includes(request.state)) throw stateOf(request.state)
  if (request.expiresAt <= now) throw stateOf('expired')
  return { request, person }
}

const stateOf = (state: string) =>
  new Problem('access-request-state', said(`The request is ${state}.`, `该申请的状态为 ${state}。`))
