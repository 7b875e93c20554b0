import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { ChangeSubmitted, type ChangeKind } from '@erp-steward/contracts/change-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { activeModule, activeUnit } from '@erp-steward/directory/directory'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { localYearOf } from '@erp-steward/work-calendar/calendar-date'
import { IsNull, LessThan, type EntityManager } from 'typeorm'
import { actingPerson } from './acting-person.ts'
import { addChangeEntry } from './change-entry.ts'
import { assertPlan, type ChangePlan } from './change-plan.ts'
import { ChangeEntity, type Change } from './change.ts'
import { isKeyUserOf } from './key-user-of-change.ts'
import { settleStage } from './unfilled-stage.ts'
import { isOwnedByModule, isTechnical, mayHarmData, type ChangeClass } from './rules/approval.ts'

export interface SubmitChange extends ChangePlan {
  readonly kind: ChangeKind
  readonly class: ChangeClass
  readonly unitId: string
  readonly moduleCode: string | null
}

/**
 * Asks for a change. What users demand is asked for by a key user of the unit and module (B-4.1.5); upgrades and
 * migrations by whoever may submit. Sources.
 *
 * @throws Problem `unit-unknown`, `module-unknown`, `person-unknown`, `not-key-user`, `emergency-papers-overdue`,
 *   `same-person`, `validation-failed`
 */
export async function submitChange(
  tx: EntityManager,
  command: SubmitChange,
  act: Act,
): Promise<Change> {
  const { kind, unitId, moduleCode, ...rest } = command
  assertModule(kind, moduleCode)
  await activeUnit(tx, unitId)
  if (moduleCode !== null) await activeModule(tx, moduleCode)
  const requesterPersonId = await actingPerson(tx, act)
  const people = {
    requesterPersonId,
    unitApproverPersonId: null,
    companyApproverPersonId: null,
    voidedApproverPersonIds: [],
  }
  if (!isTechnical(kind) && !(await isKeyUserOf(tx, { unitId, moduleCode }, requesterPersonId)))
    throw new Problem(
      'not-key-user',
      said('What users demand is asked for by their key user.', '用户的需求须由其关键用户提出。'),
    )
  if (command.class === 'emergency') await assertPapers(tx, requesterPersonId, act.now)
  await assertPlan(tx, command, command, people, act.now)
  const [{ number }]: [{ number: string }] = await tx.query(
    `select nextval('change_number') as number`,
  )
  const change: Change = {
    ...rest,
    ...people,
    id: randomUUID(),
    number: `CHG-${String(localYearOf(act.now.getTime()))}-${number.padStart(6, '0')}`,
    kind,
    unitId,
    moduleCode,
    needsBackup: mayHarmData(kind) || command.systemCode !== null,
    state: 'submitted',
    unitApprovedAt: null,
    companyApprovedAt: null,
    askId: null,
    askedAt: null,
    heldCause: null,
    heldReasons: [],
    parameterVersions: {},
    backupRunIds: [],
    startedAt: null,
    outcome: null,
    result: null,
    finishedAt: null,
    finisherPersonId: null,
    reviewerPersonId: null,
    isSuccessful: null,
    findings: null,
    reviewedAt: null,
    papersDueAt: null,
    papersConfirmation: null,
    papersTestEvidence: null,
    papersFiledAt: null,
    submittedAt: act.now,
    unfilledStage: null,
    version: 1,
  }
  await tx.insert(ChangeEntity, change)
  await addChangeEntry(tx, change.id, 'submitted', change.title, act)
  await appendEvent(
    tx,
    'incident-tiering',
    ChangeSubmitted,
    change.id,
    {
      changeId: change.id,
      number: change.number,
      kind,
      title: change.title,
      unitId,
      moduleCode,
      systemCode: change.systemCode,
      plannedStart: change.plannedStart.toISOString(),
      plannedEnd: change.plannedEnd.toISOString(),
      requesterPersonId,
      submittedAt: act.now.toISOString(),
    },
    act,
  )
  return settleStage(tx, change, act)
}

function assertModule(kind: ChangeKind, moduleCode: string | null) {
  if (moduleCode !== null || !isOwnedByModule(kind)) return
  const detail = said(
    `A change of kind ${kind} names the module whose owner decides about it.`,
    `类型为 ${kind} 的变更须指明由其负责人决定的模块。`,
  )
  throw new Problem('validation-failed', detail, {
    errors: [{ pointer: '#/moduleCode', detail }],
  })
}

async function assertPapers(tx: EntityManager, requesterPersonId: string, now: Date) {
  const overdue = await tx.findOneBy(ChangeEntity, {
    requesterPersonId,
    papersDueAt: LessThan(now),
    papersFiledAt: IsNull(),
  })
  if (overdue !== null)
    throw new Problem(
      'emergency-papers-overdue',
      said(
        `The papers of ${overdue.number} were due at ${overdue.papersDueAt?.toISOString() ?? ''}.`,
        `${overdue.number} 的资料应于 ${overdue.papersDueAt?.toISOString() ?? ''} 前提交。`,
      ),
      { changeId: overdue.id },
    )
}
