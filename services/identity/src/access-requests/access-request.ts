import {
  about,
  Code,
  Id,
  Instant,
  InstantOut,
  nullable,
  Paragraph,
  Reason,
  Uuid,
  Version,
} from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static, type TProperties } from 'typebox'
import type { Hand } from '../accounts/another-hand.ts'
import { GrantKind, GrantName } from '../grants/access-grant.ts'

const WantedGrants = Type.Array(
  Type.Object(
    { kind: GrantKind, name: GrantName },
    { title: 'RequestedGrant', additionalProperties: false },
  ),
  {
    minItems: 1,
    maxItems: 50,
    uniqueItems: true,
    description: 'What the person is to have beside the position.',
  },
)

/** What is asked for, with the fields of the form. Source: defaults 2.8. */
export const AccessChange = Type.Union(
  [
    change('new', 'NewAccountRequest', {}),
    change('change', 'ChangeRightsRequest', {
      grants: Type.Optional(WantedGrants),
      ends: Type.Optional(
        Type.Array(Uuid, {
          minItems: 1,
          maxItems: 50,
          uniqueItems: true,
          description: 'Grants of the person that are to end.',
        }),
      ),
    }),
    change('temporary', 'TemporaryRightsRequest', {
      grants: WantedGrants,
      endsAt: about(
        Instant,
        'First instant without them, within `identity.temp_account.lifetime`; more time is another request.',
      ),
    }),
    change('freeze', 'FreezeRequest', {}),
    change('unfreeze', 'UnfreezeRequest', {}),
    change('terminate', 'TerminateRequest', {}),
    change('unlock', 'UnlockRequest', {}),
  ],
  { title: 'AccessChange', description: 'What is asked for; `kind` tells what it takes.' },
)
export type AccessChange = Static<typeof AccessChange>

const kinds = AccessChange.anyOf.map(({ properties }) => properties.kind.const)

export const AccessStage = Type.Enum(['unit', 'company', 'matrix'], {
  title: 'AccessRequestStage',
  description:
    '`unit`: the leader of the person’s unit; `company`: the O&M authority, for what is privileged the security administrator; `matrix`: the other of these two, for what is not in the row of the position.',
})
export type AccessStage = Static<typeof AccessStage>

export const AccessRequestState = Type.Enum(
  [
    'submitted',
    'unit-approved',
    'company-approved',
    'approved',
    'applied',
    'rejected',
    'withdrawn',
    'expired',
  ],
  {
    title: 'AccessRequestState',
    description:
      '`submitted`, `unit-approved`, `company-approved`: it waits for the next stage; `approved`: in force here, EBS has not read it back yet; `applied`: read back, or EBS has no part in it; `expired`: nobody decided in time.',
  },
)
export type AccessRequestState = Static<typeof AccessRequestState>

/** An approval of one stage, bound to what was approved. */
export const AccessApproval = Type.Object(
  {
    stage: AccessStage,
    by: Type.String({ description: 'Account that approved.' }),
    personId: nullable(Uuid, 'Whose account it is.'),
    role: Type.String({ description: 'Role in which it approved.' }),
    digest: Type.String({ description: 'Digest of what it approved.' }),
    at: about(Instant, 'When.'),
  },
  { title: 'AccessApproval' },
)
export type AccessApproval = Static<typeof AccessApproval>

export const AccessRequestView = Type.Object(
  {
    id: Id,
    kind: Type.Enum(kinds, { title: 'AccessRequestKind', description: 'What is asked for.' }),
    personId: about(Uuid, 'Whom it is for.'),
    unitId: about(Uuid, 'Unit of the person when it was asked for.'),
    positionId: about(Uuid, 'Position of the person when it was asked for.'),
    change: Type.Unsafe<AccessChange>({
      description: 'What was asked for, as it was sent; `kind` says its members.',
    }),
    digest: Type.String({
      description:
        'SHA-256 of what was asked for and of the place of the person, in hexadecimal digits. An approval names it; what is changed has another, and no approvals.',
    }),
    stages: Type.Array(AccessStage, { description: 'Who has to approve, in this order.' }),
    approvals: Type.Array(AccessApproval, { description: 'Who has approved what it is now.' }),
    state: AccessRequestState,
    requestedBy: Type.String({ description: 'Account that asked.' }),
    requestedAt: about(InstantOut, 'When it was asked for, or last changed.'),
    expiresAt: about(InstantOut, 'From then on it can no longer be approved.'),
    decidedBy: nullable(Type.String(), 'Who approved last, rejected or withdrew it.'),
    decidedAt: nullable(InstantOut, 'When.'),
    decisionReason: nullable(Type.String(), 'Why it was rejected or withdrawn.'),
    version: Version,
  },
  { title: 'AccessRequest' },
)

/** Requests are never deleted. `requestedBy…` says who asked, with everybody behind a client. */
export const AccessRequestEntity = entityOf(AccessRequestView, {
  table: 'access_request',
  kept: {
    requestedByPerson: nullable(Uuid),
    requestedByControllers: Type.Array(Uuid),
    /** Request id of the call that put it in force; its tasks in EBS have the same. */
    appliedIn: nullable(Type.String()),
  },
  checks: [
    {
      name: 'access_request_state_check',
      expression: `state in ('submitted', 'unit-approved', 'company-approved', 'approved', 'rejected', 'withdrawn')`,
    },
  ],
  indices: [
    { name: 'access_request_by_age', columns: ['requestedAt', 'id'] },
    { name: 'access_request_by_person', columns: ['personId'] },
  ],
  foreignKeys: [
    {
      name: 'access_request_person_id_fkey',
      target: 'person',
      columnNames: ['person_id'],
      referencedColumnNames: ['id'],
    },
  ],
})
export type AccessRequest = RowOf<typeof AccessRequestEntity>

/** Who asked, as it was kept at the time. */
export const whoRequested = (request: AccessRequest): Hand => ({
  actor: request.requestedBy,
  personId: request.requestedByPerson,
  controllers: request.requestedByControllers,
})

function change<Kind extends string, Members extends TProperties>(
  kind: Kind,
  title: string,
  members: Members,
) {
  return Type.Object(
    {
      kind: Type.Literal(kind, { description: 'What is asked for.' }),
      personId: about(Uuid, 'Whom it is for.'),
      ...members,
      moduleCode: nullable(Code, 'The module that it is about; null: none in particular.'),
      riskAnalysis: about(Paragraph(2_000), 'What could go wrong, and what is done about it.'),
      reason: Reason,
    },
    { title, additionalProperties: false },
  )
}
