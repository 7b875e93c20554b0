import { about, Id, InstantOut, nullable, Uuid, Version } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'

export const administratorRoleNames = ['SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN'] as const
export const AdministratorRole = Type.Enum([...administratorRoleNames], {
  title: 'AdministratorRole',
  description: 'One of the three administrators, who hold no other role. Source: defaults 2.9.',
})
export type AdministratorRole = Static<typeof AdministratorRole>

export const AccountStatus = Type.Enum(['active', 'frozen', 'disabled'], {
  title: 'AccountStatus',
  description:
    '`frozen`: shut because of a risk, until a security administrator releases it (A-2.1.7, A-2.1.8); `disabled`: ended (A-2.1.4).',
})
export type AccountStatus = Static<typeof AccountStatus>

/** An account as callers see it. */
export const AccountView = Type.Object(
  {
    id: Id,
    userName: Type.String({ description: 'How its owner signs in, and the name of the EBS user.' }),
    personId: nullable(Uuid, 'Whose it is; null: an administrator that is not named yet.'),
    personName: nullable(Type.String(), 'Name of that person; may be masked.'),
    unitId: nullable(Uuid, 'Unit of that person.'),
    administratorRole: nullable(
      AdministratorRole,
      'Null: a business account, with the roles of the position.',
    ),
    status: AccountStatus,
    createdAt: about(InstantOut, 'When it was made.'),
    changedAt: about(InstantOut, 'When it last changed.'),
    disabledAt: nullable(InstantOut, 'When it was ended; null: it was not.'),
    disabledReason: nullable(Type.String(), 'Why it was ended.'),
    coolingUntil: nullable(
      InstantOut,
      'Until then it may not approve, because somebody else had a hand in its password; null: no cooling time was set, or a third person ended it.',
    ),
    rightsPending: Type.Boolean({
      description: 'The rights of the position wait for an approval after a move or a return.',
    }),
    unnamed: Type.Boolean({ description: 'An administrator account that belongs to no person.' }),
    version: Version,
  },
  { title: 'Account' },
)

/** What is answered where an account is shut or released: what stands in its row. */
export const LockedAccountView = Type.Omit(
  AccountView,
  ['personName', 'unitId', 'unnamed', 'changedAt'],
  { title: 'LockedAccount' },
)

/**
 * Who may sign in: a person with the rights of the position, or a person as one of the three administrators, never both; a
 * person has one account. The first administrators belong to nobody until they are named.
 *
 * The user name is sealed here, upper case and at most 100 characters; `openUserName` shows it. The table keeps by itself
 * when a row last changed.
 */
export const AccountEntity = entityOf(AccountView, {
  table: 'account',
  derived: ['personName', 'unitId', 'unnamed'],
  kept: {
    /** Keyed hash of the user name, unique; `null` for the first administrators until identity has started. */
    userNameLookup: nullable(Type.String()),
    /** Revocation epoch: tokens issued under a smaller one are void. Starts at 0. */
    epoch: Type.Integer(),
    changedAt: Type.Optional(InstantOut),
  },
  columns: {
    changedAt: {
      precision: 3,
      default: () => 'clock_timestamp()',
      insert: false,
      update: false,
      select: false,
    },
    rightsPending: { default: false },
  },
  uniques: [
    { name: 'account_user_name_key', columns: ['userNameLookup'] },
    { name: 'account_person_id_key', columns: ['personId'] },
  ],
  indices: [
    { name: 'account_by_age', columns: ['createdAt', 'id'] },
    { name: 'account_by_change', columns: ['changedAt', 'id'] },
  ],
  checks: [
    {
      name: 'account_user_name_sealed_check',
      expression: `user_name in ('SYSADM', 'SECADM', 'AUDADM')
        or user_name ~ '^[0-9a-f]{8}\\.[A-Za-z0-9_-]{16}\\.' and user_name_lookup is not null`,
    },
    {
      name: 'account_administrator_role_check',
      expression: "administrator_role in ('SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN')",
    },
    {
      name: 'account_owner_check',
      expression: 'person_id is not null or administrator_role is not null',
    },
    { name: 'account_status_check', expression: "status in ('active', 'frozen', 'disabled')" },
  ],
  foreignKeys: [
    {
      name: 'account_person_id_fkey',
      target: 'person',
      columnNames: ['person_id'],
      referencedColumnNames: ['id'],
    },
  ],
})
export type Account = RowOf<typeof AccountEntity>
