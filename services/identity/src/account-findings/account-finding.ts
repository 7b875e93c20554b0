import { about, Id, InstantOut, nullable, Uuid, Version } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'

export const AccountFindingKind = Type.Enum(['dormant', 'orphan', 'generic-name'], {
  title: 'AccountFindingKind',
  description:
    '`dormant`: nobody uses it; `orphan`: it belongs to nobody, or to somebody who has left, and may be used; `generic-name`: its name tells of a use and of no person.',
})
export type AccountFindingKind = Static<typeof AccountFindingKind>

export const AccountFindingState = Type.Enum(['open', 'accepted', 'closed'], {
  title: 'AccountFindingState',
  description: '`accepted`: it is left alone until `acceptedUntil`, then open again.',
})

/** What a look over all accounts found of one, as callers see it. Sources, defaults 2.8. */
export const AccountFindingView = Type.Object(
  {
    id: Id,
    kind: AccountFindingKind,
    state: AccountFindingState,
    accountId: about(Uuid, 'The account.'),
    userName: Type.String({ description: 'Its user name.' }),
    personId: nullable(Uuid, 'Whose it is; null: nobody’s.'),
    unitId: nullable(Uuid, 'Unit of that person.'),
    since: about(
      InstantOut,
      'Since when it is so: the last use of a dormant account, the leave of the person of an orphan, else when the account was made.',
    ),
    ageDays: Type.Integer({ minimum: 0, description: 'Whole days since then.' }),
    stage: Type.Union(
      [
        Type.Enum(['warned', 'locked', 'ended'], {
          title: 'DormantStage',
          description:
            'Of a dormant account: `warned`: person and unit were told; `locked`: it was shut; `ended`: it was ended.',
        }),
        Type.Null(),
      ],
      { description: 'How far a dormant account has come; null: it is another kind.' },
    ),
    stageAt: nullable(InstantOut, 'When it came that far.'),
    foundAt: about(InstantOut, 'When a look over all accounts found it.'),
    acceptedUntil: nullable(InstantOut, 'Until when it is left alone; null: it is not.'),
    acceptedBy: nullable(Type.String(), 'Account that accepted it.'),
    acceptedReason: nullable(Type.String(), 'Why.'),
    closedAt: nullable(InstantOut, 'When it was over.'),
    closedWhy: Type.Union(
      [
        Type.Enum(['used', 'released', 'ended', 'gone'], {
          title: 'AccountFindingEnd',
          description:
            '`used`: somebody signed in; `released`: the security administrator opened it; `ended`: the account is ended; `gone`: it is no longer so.',
        }),
        Type.Null(),
      ],
      { description: 'Why it is over; null: it is not.' },
    ),
    version: Version,
  },
  { title: 'AccountFinding' },
)
export type AccountFindingView = Static<typeof AccountFindingView>

export const AccountFindingEntity = entityOf(AccountFindingView, {
  table: 'account_finding',
  derived: ['state', 'userName', 'personId', 'unitId', 'ageDays'],
  checks: [
    {
      name: 'account_finding_kind_check',
      expression: `kind in ('dormant', 'orphan', 'generic-name')`,
    },
    {
      name: 'account_finding_stage_check',
      expression: `(kind = 'dormant') = (stage is not null) and (stage is null) = (stage_at is null)
        and stage in ('warned', 'locked', 'ended')`,
    },
    {
      name: 'account_finding_closed_check',
      expression: '(closed_at is null) = (closed_why is null)',
    },
  ],
  indices: [
    {
      name: 'account_finding_open_key',
      columns: ['accountId', 'kind'],
      unique: true,
      where: 'closed_at is null',
    },
    { name: 'account_finding_by_age', columns: ['foundAt', 'id'] },
  ],
  foreignKeys: [
    {
      name: 'account_finding_account_id_fkey',
      target: 'account',
      columnNames: ['account_id'],
      referencedColumnNames: ['id'],
    },
  ],
})
export type AccountFinding = RowOf<typeof AccountFindingEntity>

/** When an account was used last, for sessions are forgotten sooner than an account is ended. */
export const AccountUseEntity = entityOf(
  Type.Object({
    accountId: Uuid,
    /** Of the last session that was opened or refreshed. */
    usedAt: nullable(InstantOut),
    /** When the security administrator opened it after it had been shut for want of use. */
    restartedAt: nullable(InstantOut),
  }),
  {
    table: 'account_use',
    key: ['accountId'],
    foreignKeys: [
      {
        name: 'account_use_account_id_fkey',
        target: 'account',
        columnNames: ['account_id'],
        referencedColumnNames: ['id'],
      },
    ],
  },
)
