import { ApprovalStage, ChangeKind, HeldCause } from '@erp-steward/contracts/change-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import {
  about,
  Code,
  Id,
  Instant,
  InstantOut,
  Line,
  nullable,
  Paragraph,
  UnitId,
  Uuid,
  Version,
} from '@erp-steward/contracts/values'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { StoredText } from '@erp-steward/service-kit/stored-text'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'

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

export const ChangeState = Type.Enum([...changeStates], {
  title: 'ChangeState',
  description:
    '`submitted`: waits for approvals; `approved`: all are given; `asking`: the backup gate was asked; `held`: kept from starting; `started`; `finished`: deployed or rolled back; `closed`: reviewed; `rejected` and `withdrawn` end it before.',
})
export type ChangeState = Static<typeof ChangeState>

export const ChangeClass = Type.Enum(['minor', 'major', 'emergency'], {
  title: 'ChangeClass',
  description:
    'How it is handled: `minor` and `major` in their windows, `emergency` at once with papers afterwards.',
})

export const ChangeOutcome = Type.Enum(['deployed', 'rolled-back'], {
  title: 'ChangeOutcome',
  description: 'How a change ended: it stands, or the state before was restored.',
})

/** What the requester writes, and may edit before the start. */
export const changePlan = {
  title: about(Line(200), 'What is changed, in one line.'),
  description: about(Paragraph(10_000), 'What is changed and what for. Source: A-3.3.2.'),
  systemCode: nullable(
    Code,
    'The system whose backups the gate is asked for; null: the change needs none.',
  ),
  plannedStart: about(
    Instant,
    'From when it may be started; minor and major ones inside their window. Source: A-3.3.5.',
  ),
  plannedEnd: about(Instant, 'Until when it may be started and is to be over.'),
  implementationPlan: about(Paragraph(20_000), 'The steps of the work. Source: A-3.3.2.'),
  rollbackPlan: about(Paragraph(20_000), 'How the state before is restored. Source: A-3.3.5.'),
  rollbackOwnerPersonId: about(Uuid, 'Who answers for going back; never the executor.'),
  testEvidence: nullable(Paragraph(20_000), 'What was tested, and where.'),
  riskAssessment: about(
    Paragraph(20_000),
    'What may go wrong, and what is done against it. Source: A-3.3.2.',
  ),
  executorPersonId: about(
    Uuid,
    'Who carries it out; neither the requester nor an approver. Source: B-6.2.',
  ),
}

/** A change of the ERP from its submission to its review. Sources: A-3.3, B-6.2, B-7.5. */
export const ChangeView = Type.Object(
  {
    id: Id,
    number: Type.String({ description: 'What people call it: `CHG-2026-000042`.' }),
    kind: ChangeKind,
    class: ChangeClass,
    unitId: UnitId,
    moduleCode: nullable(Code, 'The module that it changes, if any.'),
    ...changePlan,
    needsBackup: Type.Boolean({
      description:
        "Whether it starts on the gate's answer alone: its kind may harm data, or it names a system. Source: A-2.4.4.",
    }),
    plannedStart: about(
      InstantOut,
      'From when it may be started; minor and major ones inside their window. Source: A-3.3.5.',
    ),
    plannedEnd: about(InstantOut, 'Until when it may be started and is to be over.'),
    state: ChangeState,
    requesterPersonId: about(Uuid, 'Who asked for it.'),
    unitApproverPersonId: nullable(
      Uuid,
      'Who approved for the unit; null before that, and for an emergency until it is made up.',
    ),
    unitApprovedAt: nullable(InstantOut, 'When that was.'),
    companyApproverPersonId: nullable(Uuid, 'Who approved for the company; null before that.'),
    companyApprovedAt: nullable(InstantOut, 'When that was.'),
    askId: nullable(
      Uuid,
      'The newest question to the gate; an answer to another one counts for nothing.',
    ),
    askedAt: nullable(InstantOut, 'When the gate was asked last; null before that.'),
    heldCause: nullable(HeldCause, 'What keeps it from starting; null unless `state` is `held`.'),
    heldReasons: Type.Array(Type.String(), {
      description: 'Why it was held, for people, in the language preferred.',
    }),
    parameterVersions: Type.Record(Type.String(), Type.Integer(), {
      description:
        "Versions of the parameters under which it started, by key: of its windows, or of the time for an emergency's papers.",
    }),
    backupRunIds: Type.Array(Uuid, { description: 'The verified backups that the gate named.' }),
    startedAt: nullable(InstantOut, 'When the executor started it, or the answer of the gate did.'),
    outcome: nullable(ChangeOutcome, 'How it ended; null until it is finished.'),
    result: nullable(Type.String(), 'What was done and seen, in the words of who finished it.'),
    finishedAt: nullable(InstantOut, 'When the end was reported.'),
    finisherPersonId: nullable(
      Uuid,
      'Who reported the end: the executor, or who stood in for one who was lost meanwhile.',
    ),
    reviewerPersonId: nullable(
      Uuid,
      'Who looked back at it; neither the executor nor the requester. Source: A-3.3.5.',
    ),
    isSuccessful: nullable(Type.Boolean(), 'What the review found.'),
    findings: nullable(Type.String(), 'What the review says.'),
    reviewedAt: nullable(InstantOut, 'When it was reviewed.'),
    papersDueAt: nullable(
      InstantOut,
      'Until when the papers of a started emergency are due; null for other classes.',
    ),
    papersConfirmation: nullable(
      Type.String(),
      'Written confirmation of an emergency, once its papers are filed. Source: A-3.3.5.',
    ),
    papersTestEvidence: nullable(
      Type.String(),
      'Test result of an emergency, once its papers are filed.',
    ),
    papersFiledAt: nullable(InstantOut, 'When the papers were filed.'),
    submittedAt: about(InstantOut, 'When it was asked for.'),
    unfilledStage: nullable(
      ApprovalStage,
      'The stage it waits for and nobody can give; null while somebody can.',
    ),
    version: Version,
  },
  { title: 'Change' },
)

export const ChangeEntity = entityOf(ChangeView, {
  table: 'change',
  kept: {
    /** Who approved an earlier wording; none of them may become the executor. */
    voidedApproverPersonIds: Type.Array(Uuid),
    heldReasons: Type.Array(StoredText),
  },
  columns: { parameterVersions: { type: 'json' } },
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
export type Change = RowOf<typeof ChangeEntity>

/**
 * The change, locked until the transaction ends: everything that happens to one change comes one after the other, and
 * its events keep their order.
 *
 * @throws Problem `change-not-found`, `version-stale` when `expected` is not the current version
 */
export async function lockChange(tx: EntityManager, id: string, expected: number): Promise<Change> {
  const change = await lockedChange(tx, id)
  if (change === null)
    throw new Problem('change-not-found', said(`There is no change ${id}.`, `没有变更 ${id}。`))
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
      said(
        `The change is ${change.state}; this needs ${states.join(' or ')}.`,
        `该变更的状态为 ${change.state}；此操作需要 ${states.join(' 或 ')}。`,
      ),
    )
}
