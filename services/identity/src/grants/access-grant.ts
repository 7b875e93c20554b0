import { about, Id, InstantOut, nullable, Uuid, Version } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'

export const GrantKind = Type.Enum(['role', 'ebs-responsibility', 'ebs-role'], {
  title: 'GrantKind',
  description:
    '`role`: what somebody may do here; `ebs-responsibility`: a responsibility in EBS; `ebs-role`: a role of User Management in EBS.',
})
export type GrantKind = Static<typeof GrantKind>

export const GrantSource = Type.Enum(['position', 'request'], {
  title: 'GrantSource',
  description:
    '`position`: the approved row of the position matrix gives it; `request`: it was asked for and approved beside the position.',
})

export const GrantState = Type.Enum(['to-come', 'in-force', 'ended'], {
  title: 'GrantState',
  description:
    'As of now, worked out when it is read: `to-come`: it has not begun; `in-force`; `ended`: its end has come, or somebody ended it.',
})
export type GrantState = Static<typeof GrantState>

export const SodResult = Type.Enum(['unchecked', 'clear', 'excepted'], {
  title: 'SodResult',
  description:
    'What the check of incompatible duties said when it began: `unchecked`: there were no rules; `clear`: no rule forbids it; `excepted`: a dated exception covers it.',
})

/** Name of what is given: a responsibility is `SQLGL|GL_CLERK|STANDARD`. */
export const GrantName = Type.String({
  minLength: 1,
  maxLength: 320,
  description:
    'What is given: the role; application, key and security group of a responsibility, as `SQLGL|GL_CLERK|STANDARD`; the role of User Management.',
})

/** One thing that one person is given: as callers see it. Sources. */
export const GrantView = Type.Object(
  {
    id: Id,
    personId: about(Uuid, 'Who has it.'),
    accountId: about(Uuid, 'The account that carries it.'),
    kind: GrantKind,
    name: GrantName,
    source: GrantSource,
    positionCode: nullable(Type.String(), 'The position that gives it.'),
    positionVersion: nullable(
      Type.Integer(),
      'Version of the row of the position matrix under which it began.',
    ),
    requestId: nullable(Uuid, 'The request that gave it.'),
    startsAt: about(InstantOut, 'From then on it is in force.'),
    endsAt: nullable(InstantOut, 'From then on it is not; null: it has an owner instead.'),
    ownerUnitId: nullable(
      Uuid,
      'The unit that answers for it as long as no end is set: that of the person when it began.',
    ),
    grantedBy: Type.String({
      description: 'Account or client whose act put it in force.',
    }),
    approvedBy: nullable(
      Type.String(),
      'Who approved it for this person; null: the approved matrix gives it to everybody in the position.',
    ),
    sod: SodResult,
    state: GrantState,
    endedAt: nullable(InstantOut, 'When it was ended, by somebody or by its date.'),
    endedBy: nullable(Type.String(), 'Account, client or service that ended it.'),
    endReason: nullable(Type.String(), 'Why it ended.'),
    version: Version,
  },
  { title: 'Grant' },
)

/**
 * What people hold, a row each. Whether one is in force is decided when it is read (`inForceAt`), so that nothing has to run
 * for one to stop being valid. Ended ones are kept.
 */
export const AccessGrantEntity = entityOf(GrantView, {
  table: 'access_grant',
  derived: ['positionCode', 'state'],
  kept: { positionId: nullable(Uuid) },
  checks: [
    {
      name: 'access_grant_kind_check',
      expression: `kind in ('role', 'ebs-responsibility', 'ebs-role')`,
    },
    {
      name: 'access_grant_source_check',
      expression: `source = 'position' and position_id is not null and position_version is not null and request_id is null
        or source = 'request' and request_id is not null and position_id is null and position_version is null`,
    },
    {
      name: 'access_grant_sod_check',
      expression: `sod in ('unchecked', 'clear', 'excepted')`,
    },
    {
      name: 'access_grant_owner_check',
      expression: 'ends_at is not null or owner_unit_id is not null',
    },
    { name: 'access_grant_end_check', expression: 'ends_at > starts_at' },
    {
      name: 'access_grant_ended_check',
      expression:
        '(ended_at is null) = (ended_by is null) and (ended_at is null) = (end_reason is null)',
    },
  ],
  indices: [
    {
      name: 'access_grant_of_position_key',
      columns: ['personId', 'kind', 'name'],
      unique: true,
      where: `source = 'position' and ended_at is null`,
    },
    { name: 'access_grant_by_person', columns: ['personId', 'startsAt', 'id'] },
    { name: 'access_grant_by_age', columns: ['startsAt', 'id'] },
    { name: 'access_grant_by_name', columns: ['name', 'kind'], where: 'ended_at is null' },
    {
      name: 'access_grant_by_end',
      columns: ['endsAt'],
      where: 'ends_at is not null and ended_at is null',
    },
  ],
  foreignKeys: [
    {
      name: 'access_grant_person_id_fkey',
      target: 'person',
      columnNames: ['person_id'],
      referencedColumnNames: ['id'],
    },
    {
      name: 'access_grant_account_id_fkey',
      target: 'account',
      columnNames: ['account_id'],
      referencedColumnNames: ['id'],
    },
    {
      name: 'access_grant_request_id_fkey',
      target: 'access_request',
      columnNames: ['request_id'],
      referencedColumnNames: ['id'],
    },
    {
      name: 'access_grant_position_id_fkey',
      target: 'position',
      columnNames: ['position_id'],
      referencedColumnNames: ['id'],
    },
  ],
})
export type AccessGrant = RowOf<typeof AccessGrantEntity>

/**
 * SQL: whether the grant is in force. The end is the first instant without it; whatever was ended is out, whenever that is
 * said to have been.
 *
 * @param grant alias of the row in the statement
 * @param at the instant, as a parameter of the statement
 */
export const inForceAt = (grant: string, at: string): string =>
  `(${grant}.starts_at <= ${at} and (${grant}.ends_at is null or ${grant}.ends_at > ${at}) and ${grant}.ended_at is null)`
