import type { Wait, Waits } from '@erp-steward/service-kit/waits'
import { someoneCan } from '@erp-steward/service-kit/someone-can'
import type { EntityManager } from 'typeorm'
import { peopleBehind } from '../accounts/another-hand.ts'
import { AccessRequestEntity, whoRequested, type AccessRequest } from './access-request.ts'
import { roleOf } from './rules/stages.ts'

/** Requests that wait for the approval of a stage. Source: B-4.1.5. */
export const accessRequestsWaiting: Waits = async (tx, { now }) => {
  const waiting = await tx
    .createQueryBuilder(AccessRequestEntity, 'request')
    .where(`request.state in ('submitted', 'unit-approved', 'company-approved')`)
    .andWhere('request.expiresAt > :now', { now })
    .orderBy({ 'request.requestedAt': 'ASC', 'request.id': 'ASC' })
    .getMany()
  const waits: Wait[] = []
  for (const request of waiting) waits.push(await waitOfRequest(tx, request, now))
  return waits
}

/** As `approveRequest` demands: neither who asked nor who has approved, nor whom it is for. */
export async function waitOfRequest(
  tx: EntityManager,
  request: AccessRequest,
  now: Date,
): Promise<Wait> {
  const { id, change, stages, approvals, unitId, personId, requestedAt, expiresAt } = request
  const stage = stages[approvals.length] ?? 'company'
  const hands = [whoRequested(request), ...approvals.map((each) => ({ ...each, actor: each.by }))]
  const who = {
    permission: 'access-request.decide',
    roles: [roleOf(change, stage)],
    isOfCompany: false,
    notPersonIds: [personId, ...(await peopleBehind(tx, hands))],
    notUnitIds: [],
    ...(stage === 'unit' && { unitId }),
  } as const
  return {
    ...{ kind: 'access-request.approve', subject: id, permission: who.permission },
    ...{ unitIds: [unitId], since: requestedAt, expiresAt },
    isDecidable: await someoneCan(tx, 'identity', who, now),
  }
}
