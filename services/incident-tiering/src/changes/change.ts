import type { ApprovalStage, ChangeKind, HeldCause } from '@erp-steward/contracts/change-events'
import { Problem } from '@erp-steward/contracts/problem'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { EntitySchema, type EntityManager } from 'typeorm'
import type { ChangeClass } from './rules/approval.ts'

/**
 * `submitted`: waits for approvals; `approved`: all are given; `asking`: the backup gate was asked; `held`: kept from
 * starting; `started`; `finished`: deployed or rolled back; `closed`: reviewed; `rejected` and `withdrawn` end it before.
 */
export const changeStates = [
  'submitted',
  'approved',
  'asking',
  'held',
  'started',
  'finished',
  'closed',
  'rejected',
  'withdrawn',
] as const
export type ChangeState = (typeof changeStates)[number]

/** A change of the ERP from its submission to its review. Sources: A-3.3, B-6.2, B-7.5. */
export interface Change {
  id: string
  number: string
  kind: ChangeKind
  class: ChangeClass
  title: string
  description: string
  unitId: string
  moduleCode: string | null
  /** The system whose backups the gate is asked for; `null`: the change needs none. */
  systemCode: string | null
  /** Whether it starts on the gate's answer alone: its kind may harm data, or it names a system. */
  needsBackup: boolean
  plannedStart: Date
  plannedEnd: Date
  implementationPlan: string
  rollbackPlan: string
  rollbackOwnerPersonId: string
  testEvidence: string | null
  riskAssessment: string
  state: ChangeState
  requesterPersonId: string
  executorPersonId: string
  unitApproverPersonId: string | null
  unitApprovedAt: Date | null
  companyApproverPersonId: string | null
  companyApprovedAt: Date | null
  /** Who approved an earlier wording; none of them may become the executor. */
  voidedApproverPersonIds: string[]
  /** The newest question to the gate; an answer to another one counts for nothing. */
  askId: string | null
  askedAt: Date | null
  heldCause: HeldCause | null
  heldReasons: string[]
  /** Versions of the parameters under which it started, by key: of its windows, or of the time for an emergency's papers. */
  parameterVersions: Readonly<Record<string, number>>
  /** The verified backups that the gate named. */
  backupRunIds: string[]
  startedAt: Date | null
  outcome: 'deployed' | 'rolled-back' | null
  result: string | null
  finishedAt: Date | null
  /** Who reported the end: the executor, or who stood in for one who was lost meanwhile. */
  finisherPersonId: string | null
  reviewerPersonId: string | null
  isSuccessful: boolean | null
  findings: string | null
  reviewedAt: Date | null
  /** Until when the papers of a started emergency are due; `null` for other classes. */
  papersDueAt: Date | null
  papersConfirmation: string | null
  papersTestEvidence: string | null
  papersFiledAt: Date | null
  submittedAt: Date
  /** The stage it waits for and nobody can give; `null` while somebody can. */
  unfilledStage: ApprovalStage | null
  version: number
}

const instant = (name: string) => ({ type: 'timestamptz', name, nullable: true }) as const
const person = (name: string) => ({ type: 'uuid', name, nullable: true }) as const

export const ChangeEntity = new EntitySchema<Change>({
  name: 'Change',
  tableName: 'change',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'change_pkey' },
    number: { type: 'text' },
    kind: { type: 'text' },
    class: { type: 'text' },
    title: { type: 'text' },
    description: { type: 'text' },
    unitId: { type: 'uuid', name: 'unit_id' },
    moduleCode: { type: 'text', name: 'module_code', nullable: true },
    systemCode: { type: 'text', name: 'system_code', nullable: true },
    needsBackup: { type: 'boolean', name: 'needs_backup' },
    plannedStart: { type: 'timestamptz', name: 'planned_start' },
    plannedEnd: { type: 'timestamptz', name: 'planned_end' },
    implementationPlan: { type: 'text', name: 'implementation_plan' },
    rollbackPlan: { type: 'text', name: 'rollback_plan' },
    rollbackOwnerPersonId: { type: 'uuid', name: 'rollback_owner_person_id' },
    testEvidence: { type: 'text', name: 'test_evidence', nullable: true },
    riskAssessment: { type: 'text', name: 'risk_assessment' },
    state: { type: 'text' },
    requesterPersonId: { type: 'uuid', name: 'requester_person_id' },
    executorPersonId: { type: 'uuid', name: 'executor_person_id' },
    unitApproverPersonId: person('unit_approver_person_id'),
    unitApprovedAt: instant('unit_approved_at'),
    companyApproverPersonId: person('company_approver_person_id'),
    companyApprovedAt: instant('company_approved_at'),
    voidedApproverPersonIds: { type: 'uuid', array: true, name: 'voided_approver_person_ids' },
    askId: person('ask_id'),
    askedAt: instant('asked_at'),
    heldCause: { type: 'text', name: 'held_cause', nullable: true },
    heldReasons: { type: 'text', array: true, name: 'held_reasons' },
    parameterVersions: { type: 'json', name: 'parameter_versions' },
    backupRunIds: { type: 'uuid', array: true, name: 'backup_run_ids' },
    startedAt: instant('started_at'),
    outcome: { type: 'text', nullable: true },
    result: { type: 'text', nullable: true },
    finishedAt: instant('finished_at'),
    finisherPersonId: person('finisher_person_id'),
    reviewerPersonId: person('reviewer_person_id'),
    isSuccessful: { type: 'boolean', name: 'is_successful', nullable: true },
    findings: { type: 'text', nullable: true },
    reviewedAt: instant('reviewed_at'),
    papersDueAt: instant('papers_due_at'),
    papersConfirmation: { type: 'text', name: 'papers_confirmation', nullable: true },
    papersTestEvidence: { type: 'text', name: 'papers_test_evidence', nullable: true },
    papersFiledAt: instant('papers_filed_at'),
    submittedAt: { type: 'timestamptz', name: 'submitted_at' },
    unfilledStage: { type: 'text', name: 'unfilled_stage', nullable: true },
    version: { type: 'integer' },
  },
  checks: [
    {
      name: 'change_state_check',
      expression: `state in (${changeStates.map((state) => `'${state}'`).join(', ')})`,
    },
    { name: 'change_class_check', expression: `class in ('minor', 'major', 'emergency')` },
    {
      name: 'change_system_check',
      expression: `system_code is null or needs_backup`,
    },
    {
      name: 'change_finisher_check',
      expression: `(finisher_person_id is null) = (finished_at is null)`,
    },
    { name: 'change_test_check', expression: `kind <> 'upgrade' or test_evidence is not null` },
    {
      name: 'change_people_check',
      expression: `requester_person_id <> executor_person_id
        and unit_approver_person_id not in (requester_person_id, executor_person_id)
        and company_approver_person_id not in (requester_person_id, executor_person_id)
        and unit_approver_person_id <> company_approver_person_id
        and executor_person_id <> all (voided_approver_person_ids)`,
    },
    {
      name: 'change_approval_check',
      expression: `state in ('submitted', 'rejected', 'withdrawn') or (company_approver_person_id is not null
        and (class = 'emergency' or unit_approver_person_id is not null))`,
    },
    {
      name: 'change_backup_check',
      expression: `started_at is null or not needs_backup or cardinality(backup_run_ids) > 0`,
    },
    {
      name: 'change_review_check',
      expression: `reviewer_person_id <> executor_person_id`,
    },
  ],
  uniques: [{ name: 'change_number_key', columns: ['number'] }],
  indices: [
    { name: 'change_by_submission', columns: ['submittedAt', 'id'] },
    {
      name: 'change_without_papers',
      columns: ['requesterPersonId', 'papersDueAt'],
      where: '((papers_due_at IS NOT NULL) AND (papers_filed_at IS NULL))',
    },
  ],
})

/**
 * The change, locked until the transaction ends: everything that happens to one change comes one after the other, and
 * its events keep their order.
 *
 * @throws Problem `change-not-found`, `version-stale` when `expected` is not the current version
 */
export async function lockChange(tx: EntityManager, id: string, expected: number): Promise<Change> {
  const change = await lockedChange(tx, id)
  if (change === null) throw new Problem('change-not-found', `There is no change ${id}.`)
  assertVersion(change.version, expected)
  return change
}

/** The change, locked, or `null`: for timers and events, which may speak of changes that are not there. */
export async function lockedChange(tx: EntityManager, id: string): Promise<Change | null> {
  return tx.findOne(ChangeEntity, { where: { id }, lock: { mode: 'pessimistic_write' } })
}

/** Writes the changed members with the next version; the caller holds the lock. */
export async function updateChange(
  tx: EntityManager,
  change: Change,
  changes: Partial<Change>,
): Promise<Change> {
  const changed = { ...change, ...changes, version: change.version + 1 }
  await tx.update(ChangeEntity, { id: change.id }, { ...changes, version: changed.version })
  return changed
}

/** @throws Problem `change-state` unless the change is in one of the states */
export function assertState(change: Change, ...states: readonly ChangeState[]): void {
  if (!states.includes(change.state))
    throw new Problem(
      'change-state',
      `The change is ${change.state}; this needs ${states.join(' or ')}.`,
    )
}
