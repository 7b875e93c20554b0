import { about, Id, InstantOut, nullable, Uuid, Version } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { findingKinds, heldKinds } from './rules/deviation.ts'

export const FindingKind = Type.Enum([...findingKinds], {
  title: 'EbsFindingKind',
  description:
    '`unknown-account`: a user that may sign in to EBS without an account here; `generic-name`: its name tells of no person; `not-disabled`: the account is shut here, the user is not ended; `reopened`: as before, and EBS had ended it once; `missing-account`: the account may be used, EBS lacks the user or has ended it; `unapproved-grant`: EBS gives what nobody approved; `missing-grant`: EBS lacks what was approved; `profile-option`: EBS is set otherwise than our parameters ask.',
})

export const FindingState = Type.Enum(
  ['open', 'ignored', 'ending', 'restoring', 'adopting', 'closed'],
  {
    title: 'EbsFindingState',
    description:
      '`open`: a person has to decide; `ignored`: left alone until `ignoredUntil`, then open again; `ending`, `restoring`: a task in EBS was queued, and the next comparison tells whether it helped; `adopting`: an account change waits for its approval; `closed`.',
  },
)
export type FindingState = Static<typeof FindingState>

const Decision = Type.Enum(['end', 'restore', 'ignore', 'adopt'], { title: 'EbsFindingDecision' })

/** How EBS differs from the register, as a case: nothing is repaired until a person decides. Source: EBS conventions 4.7. */
export const FindingView = Type.Object(
  {
    id: Id,
    kind: FindingKind,
    state: FindingState,
    accountId: nullable(Uuid, 'The account; null: there is none here.'),
    unitId: nullable(Uuid, 'Unit of its person; null: of the company as a whole.'),
    userName: nullable(Type.String(), 'User of EBS; null: it is about none.'),
    employeeNumber: nullable(Type.String(), 'As EBS has it of an unknown user; may be masked.'),
    email: nullable(Type.String(), 'As EBS has it of an unknown user; may be masked.'),
    description: nullable(Type.String(), 'As EBS has it of an unknown user; may be masked.'),
    holds: nullable(
      Type.Enum([...heldKinds]),
      'What it is about beside the user; null: the user itself.',
    ),
    name: nullable(
      Type.String(),
      'Name of the responsibility (`SQLGL|GL_CLERK|STANDARD`), role or profile option; null: the user itself.',
    ),
    expected: nullable(Type.String(), 'What should be there; null: nothing.'),
    found: nullable(Type.String(), 'What EBS has; null: nothing.'),
    foundAt: about(InstantOut, 'When EBS was read that showed it first.'),
    foundBy: about(Uuid, 'The upload that showed it first.'),
    seenAt: about(InstantOut, 'When EBS was read that showed it last.'),
    seenBy: about(Uuid, 'The upload that showed it last.'),
    ignoredUntil: nullable(InstantOut, 'Until when it is left alone; null: it is not.'),
    decision: nullable(Decision, 'What was decided last; null: nothing yet.'),
    decidedBy: nullable(Type.String(), 'Account that decided.'),
    decidedAt: nullable(InstantOut, 'When it was decided.'),
    reason: nullable(Type.String(), 'Why it was decided so.'),
    closedAt: nullable(InstantOut, 'When it was closed.'),
    closedBy: nullable(Uuid, 'The upload that no longer showed it: the evidence.'),
    closedWhy: nullable(
      Type.Enum(['gone', 'adopted']),
      '`gone`: EBS no longer differs; `adopted`: it was approved.',
    ),
    version: Version,
  },
  { title: 'EbsFinding' },
)

export const EbsFindingEntity = entityOf(FindingView, {
  table: 'ebs_finding',
  derived: ['userName', 'employeeNumber', 'email', 'description'],
  kept: {
    /** By what the same difference is known again, while it is not closed. */
    fingerprint: Type.String(),
    /** JSON of `FoundUser`; `null` for what is about no user. */
    sealed: nullable(Type.String()),
  },
  checks: [
    {
      name: 'ebs_finding_state_check',
      expression: `state in ('open', 'ending', 'restoring', 'adopting', 'closed')`,
    },
    {
      name: 'ebs_finding_sealed_check',
      expression: `sealed ~ '^[0-9a-f]{8}\\.[A-Za-z0-9_-]{16}\\.'`,
    },
    {
      name: 'ebs_finding_closed_check',
      expression: `(state = 'closed') = (closed_at is not null)`,
    },
  ],
  indices: [
    {
      name: 'ebs_finding_one_open',
      columns: ['fingerprint'],
      unique: true,
      where: `state <> 'closed'`,
    },
    { name: 'ebs_finding_by_age', columns: ['foundAt', 'id'] },
    { name: 'ebs_finding_by_account', columns: ['accountId'] },
    { name: 'ebs_finding_not_closed', columns: ['seenBy'], where: `state <> 'closed'` },
  ],
  foreignKeys: [
    {
      name: 'ebs_finding_account_id_fkey',
      target: 'account',
      columnNames: ['account_id'],
      referencedColumnNames: ['id'],
    },
  ],
})
/** As it is stored: `state` never is `ignored`, which `ignoredUntil` says by itself. */
export type EbsFinding = RowOf<typeof EbsFindingEntity>

/** Who a finding is about, as EBS has it. */
export interface FoundUser {
  readonly userName: string
  readonly employeeNumber: string | null
  readonly email: string | null
  readonly description: string | null
}

export const sealFound = (tx: EntityManager, findingId: string, user: FoundUser): string =>
  personalDataOf(tx).seal(findingId, 'ebs', JSON.stringify(user))

/** @throws Error if it was sealed under keys that are not configured */
export function openFound(
  tx: EntityManager,
  { id, sealed }: Pick<EbsFinding, 'id' | 'sealed'>,
): FoundUser | null {
  if (sealed === null) return null
  return JSON.parse(personalDataOf(tx).open(id, 'ebs', sealed)) as FoundUser
}

/** The state at an instant: what is left alone for a time is open again after it. */
export const stateOf = (
  { state, ignoredUntil }: Pick<EbsFinding, 'state' | 'ignoredUntil'>,
  now: Date,
): FindingState =>
  state === 'open' && ignoredUntil !== null && ignoredUntil > now ? 'ignored' : state

/** As callers see it; whoever may not see what describes a person sees the user name, by which EBS goes, alone. */
export function viewOfFinding(
  tx: EntityManager,
  finding: EbsFinding,
  now: Date,
  mayReadPersonal: boolean,
) {
  const { sealed: _sealed, fingerprint: _fingerprint, ...rest } = finding
  const user = openFound(tx, finding)
  const shown = (text: string | null | undefined) =>
    text === null || text === undefined || mayReadPersonal ? (text ?? null) : '***'
  return {
    ...rest,
    state: stateOf(finding, now),
    userName: user?.userName ?? null,
    employeeNumber: shown(user?.employeeNumber),
    email: shown(user?.email),
    description: shown(user?.description),
  }
}
