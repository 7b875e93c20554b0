import { createHash, randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { AccessRequested } from '@erp-steward/contracts/grant-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { settleWait } from '@erp-steward/service-kit/waits'
import type { EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { assertNotAbout } from '../accounts/another-hand.ts'
import { ModuleEntity } from '../organisation/module.ts'
import type { Person } from '../people/person.ts'
import { assertCompatible } from '../sod/violations-of.ts'
import { AccessRequestEntity, type AccessChange, type AccessRequest } from './access-request.ts'
import { waitOfRequest } from './requests-waiting.ts'
import { isGrantable, stagesOf, wantedBy } from './rules/stages.ts'

/**
 * Takes a request in, after a look at what could not be approved anyway. The caller holds the person's row.
 *
 * Sources: B-4.1.5, defaults 2.8.
 *
 * @throws Problem as `assertAskable`
 */
export async function submitRequest(
  tx: EntityManager,
  person: Person,
  change: AccessChange,
  act: Act,
): Promise<AccessRequest> {
  await assertAskable(tx, person, change, act)
  const request: AccessRequest = {
    id: randomUUID(),
    kind: change.kind,
    personId: person.id,
    ...(await asked(tx, person, change, act)),
    appliedIn: null,
    decidedBy: null,
    decidedAt: null,
    decisionReason: null,
    version: 1,
  }
  await tx.insert(AccessRequestEntity, request)
  await announce(tx, request, act)
  return request
}

/**
 * Asks for something else in its place: what was approved counts for nothing any more, and its time begins anew. The caller
 * holds the person and the request.
 *
 * @throws Problem as `assertAskable`
 */
export async function changeRequest(
  tx: EntityManager,
  person: Person,
  before: AccessRequest,
  change: AccessChange,
  act: Act,
): Promise<AccessRequest> {
  await assertAskable(tx, person, change, act)
  const request: AccessRequest = {
    ...before,
    kind: change.kind,
    ...(await asked(tx, person, change, act)),
    version: before.version + 1,
  }
  await tx.save(AccessRequestEntity, request)
  await announce(tx, request, act)
  return request
}

async function asked(tx: EntityManager, person: Person, change: AccessChange, act: Act) {
  const { value: validFor } = await readParameter(
    tx,
    'identity.proposal.valid_for',
    person.unitId,
    act.now,
  )
  const { unitId, positionId } = person
  return {
    ...{ unitId, positionId, change, stages: stagesOf(change), approvals: [] },
    digest: createHash('sha256')
      .update(JSON.stringify({ unitId, positionId, change }))
      .digest('hex'),
    state: 'submitted' as const,
    ...{ requestedBy: act.actor, requestedByPerson: act.personId, requestedAt: act.now },
    requestedByControllers: [...act.controllers],
    expiresAt: new Date(act.now.getTime() + durationMs(validFor)),
  }
}

async function announce(tx: EntityManager, request: AccessRequest, act: Act): Promise<void> {
  const { id: requestId, personId, kind, digest, stages, requestedBy, expiresAt } = request
  await settleWait(tx, 'identity', await waitOfRequest(tx, request, act.now), act)
  await appendEvent(
    tx,
    'identity',
    AccessRequested,
    personId,
    {
      ...{ requestId, personId, kind, digest, stages, requestedBy },
      requestedAt: act.now.toISOString(),
      expiresAt: expiresAt.toISOString(),
    },
    act,
  )
}

/**
 * Refuses what could not be approved: asked for by who gets it, for somebody who has left, without an account or with an
 * account that there must not be, for longer than may be, or against the rules of incompatible duties.
 *
 * @throws Problem `same-person`, `person-left`, `account-exists`, `account-unknown`, `account-state`,
 *   `administrator-has-business-role`, `validation-failed`, `not-found` (a module), `sod-violation`
 */
async function assertAskable(
  tx: EntityManager,
  person: Person,
  change: AccessChange,
  act: Act,
): Promise<void> {
  const own = said('Nobody asks for rights of his own.', '不得为本人申请权限。')
  await assertNotAbout(tx, act, person.id, own)
  if (!person.active)
    throw new Problem('person-left', said('The person has left.', '该人员已离开。'))
  const { moduleCode: code } = change
  if (code !== null && !(await tx.existsBy(ModuleEntity, { code, active: true })))
    throw new Problem(
      'not-found',
      said(`There is no active module ${code}.`, `没有启用的模块 ${code}。`),
    )
  const account = await tx.findOneBy(AccountEntity, { personId: person.id })
  if (change.kind === 'new') {
    if (account !== null)
      throw new Problem('account-exists', said('The person has an account.', '该人员已有账号。'))
    return
  }
  if (account === null)
    throw new Problem('account-unknown', said('The person has no account.', '该人员没有账号。'))
  if (account.administratorRole !== null)
    throw new Problem(
      'administrator-has-business-role',
      said('It is the account of an administrator.', '该账号属于管理员。'),
    )
  await assertLimits(tx, person, change, act)
  const wanted = wantedBy(change)
  if (wanted.length > 0 && (account.status !== 'active' || account.rightsPending))
    throw new Problem(
      'account-state',
      said('The account is shut, or its rights wait.', '该账号未启用，或其权限待批。'),
    )
  await assertCompatible(tx, [person.id], wanted, act.now)
}

async function assertLimits(
  tx: EntityManager,
  person: Person,
  change: AccessChange,
  act: Act,
): Promise<void> {
  if (change.kind === 'change' && change.grants === undefined && change.ends === undefined)
    throw fault('#/ends', said('Say what is given or what ends.', '请说明授予或终止的内容。'))
  for (const [at, item] of wantedBy(change).entries())
    if (!isGrantable(item))
      throw fault(
        `#/grants/${String(at)}/name`,
        said('There can be no such grant.', '不存在这样的授权。'),
      )
  if (change.kind !== 'temporary') return
  const { value } = await readParameter(
    tx,
    'identity.temp_account.lifetime',
    person.unitId,
    act.now,
  )
  const end = new Date(change.endsAt)
  if (end <= act.now || end.getTime() > act.now.getTime() + durationMs(value))
    throw fault(
      '#/endsAt',
      said(`It ends ahead, within ${value}.`, `截止时间须在未来，且不超过 ${value}。`),
    )
}

function fault(pointer: string, detail: ReturnType<typeof said>): Problem {
  return new Problem('validation-failed', detail, { errors: [{ pointer, detail }] })
}
