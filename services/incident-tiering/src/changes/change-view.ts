import { ApprovalStage, ChangeKind, HeldCause } from '@erp-steward/contracts/change-events'
import { InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { Type } from 'typebox'
import { changeStates } from './change.ts'

export const ChangeState = Type.Enum([...changeStates])
export const ChangeClass = Type.Enum(['minor', 'major', 'emergency'])

/** A change on the wire. */
export const ChangeView = Type.Object({
  id: Uuid,
  number: Type.String(),
  kind: ChangeKind,
  class: ChangeClass,
  title: Type.String(),
  description: Type.String(),
  unitId: Uuid,
  moduleCode: nullable(Type.String()),
  systemCode: nullable(Type.String()),
  needsBackup: Type.Boolean(),
  plannedStart: InstantOut,
  plannedEnd: InstantOut,
  implementationPlan: Type.String(),
  rollbackPlan: Type.String(),
  rollbackOwnerPersonId: Uuid,
  testEvidence: nullable(Type.String()),
  riskAssessment: Type.String(),
  state: ChangeState,
  requesterPersonId: Uuid,
  executorPersonId: Uuid,
  unitApproverPersonId: nullable(Uuid),
  unitApprovedAt: nullable(InstantOut),
  companyApproverPersonId: nullable(Uuid),
  companyApprovedAt: nullable(InstantOut),
  askId: nullable(Uuid),
  askedAt: nullable(InstantOut),
  heldCause: nullable(HeldCause),
  heldReasons: Type.Array(Type.String()),
  parameterVersions: Type.Record(Type.String(), Type.Integer()),
  backupRunIds: Type.Array(Uuid),
  startedAt: nullable(InstantOut),
  outcome: nullable(Type.Enum(['deployed', 'rolled-back'])),
  result: nullable(Type.String()),
  finishedAt: nullable(InstantOut),
  finisherPersonId: nullable(Uuid),
  reviewerPersonId: nullable(Uuid),
  isSuccessful: nullable(Type.Boolean()),
  findings: nullable(Type.String()),
  reviewedAt: nullable(InstantOut),
  papersDueAt: nullable(InstantOut),
  papersConfirmation: nullable(Type.String()),
  papersTestEvidence: nullable(Type.String()),
  papersFiledAt: nullable(InstantOut),
  submittedAt: InstantOut,
  unfilledStage: nullable(ApprovalStage),
  version: Type.Integer(),
})
