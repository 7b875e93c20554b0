import { UnitEntity } from '@erp-steward/directory/directory'
import { someoneCan } from '@erp-steward/service-kit/someone-can'
import type { Wait, Waits } from '@erp-steward/service-kit/waits'
import { In, type EntityManager } from 'typeorm'
import { PlanEntity, type Plan } from './plan.ts'

/** Restores that wait for who is in charge of the data, or for who executes them while the approval holds. Source. */
export const plansWaiting: Waits = async (tx, { now }) => {
  const plans = await tx.find(PlanEntity, {
    where: { state: In(['planned', 'approved']) },
    order: { plannedAt: 'asc', id: 'asc' },
  })
  const waits: Wait[] = []
  for (const plan of plans)
    waits.push(await (isApproved(plan, now) ? waitForExecutor : waitForApprover)(tx, plan, now))
  return waits
}

const isApproved = ({ state, validUntil }: Plan, now: Date) =>
  state === 'approved' && validUntil !== null && validUntil > now

/** As `approvePlan` demands: the own leader for a unit that uses the ERP, the O&M authority for other data. */
export async function waitForApprover(tx: EntityManager, plan: Plan, now: Date): Promise<Wait> {
  const unit = await tx.findOneBy(UnitEntity, { id: plan.unitId })
  const inCharge =
    unit?.usesErp === false
      ? { roles: ['OM_AUTHORITY'] as const }
      : { roles: ['BUSINESS_OWNER'] as const, unitId: plan.unitId }
  const isDecidable = await someoneCan(
    tx,
    'backup-orchestration',
    {
      ...inCharge,
      permission: 'restore.approve',
      isOfCompany: false,
      notPersonIds: [plan.requesterPersonId],
      notUnitIds: [],
    },
    now,
  )
  return {
    ...{ kind: 'restore-plan.approve', subject: plan.id, permission: 'restore.approve' as const },
    ...{ unitIds: [plan.unitId], since: plan.plannedAt, expiresAt: null, isDecidable },
  }
}

async function waitForExecutor(tx: EntityManager, plan: Plan, now: Date): Promise<Wait> {
  const { approverPersonId, voidedApproverPersonIds, requesterPersonId } = plan
  const isDecidable = await someoneCan(
    tx,
    'backup-orchestration',
    {
      permission: 'restore.execute',
      isOfCompany: false,
      notPersonIds: [approverPersonId, ...voidedApproverPersonIds, requesterPersonId],
      notUnitIds: [],
    },
    now,
  )
  const { approvedAt, plannedAt, validUntil: expiresAt } = plan
  return {
    ...{ kind: 'restore-plan.execute', subject: plan.id, permission: 'restore.execute' as const },
    ...{ unitIds: [plan.unitId], since: approvedAt ?? plannedAt, expiresAt, isDecidable },
  }
}
