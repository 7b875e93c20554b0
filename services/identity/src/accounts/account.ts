import { EntitySchema } from 'typeorm'

export const administratorRoleNames = ['SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN'] as const
export type AdministratorRole = (typeof administratorRoleNames)[number]
export type AccountStatus = 'active' | 'frozen' | 'disabled'

/**
 * Who may sign in: a person with the rights of the position, or a person as one of the three administrators, never both; a
 * person has one account. The first administrators belong to nobody until they are named.
 */
export interface Account {
  id: string
  /** Sealed: upper case, also the name of the user in EBS; at most 100 characters. `openUserName` shows it. */
  userName: string
  /** Keyed hash of the user name, unique; `null` for the first administrators until identity has started. */
  userNameLookup: string | null
  personId: string | null
  administratorRole: AdministratorRole | null
  status: AccountStatus
  /** Revocation epoch: tokens issued under a smaller one are void. Starts at 0. */
  epoch: number
  version: number
  createdAt: Date
  disabledAt: Date | null
  disabledReason: string | null
  /** After a move or a return: the rights of the position wait for an approval. */
  rightsPending: boolean
  /** Until then the account may not approve; `null`: no cooling time was set, or a third person ended it. */
  coolingUntil: Date | null
}

/** The table keeps by itself when a row last changed. */
export const AccountEntity = new EntitySchema<Account & { readonly changedAt?: Date }>({
  name: 'Account',
  tableName: 'account',
  columns: {
    id: { type: 'uuid', primary: true },
    userName: { type: 'text', name: 'user_name' },
    userNameLookup: { type: 'text', name: 'user_name_lookup', nullable: true },
    personId: { type: 'uuid', name: 'person_id', nullable: true },
    administratorRole: { type: 'text', name: 'administrator_role', nullable: true },
    status: { type: 'text' },
    epoch: { type: 'integer' },
    version: { type: 'integer' },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    changedAt: {
      type: 'timestamptz',
      name: 'changed_at',
      precision: 3,
      default: () => 'clock_timestamp()',
      insert: false,
      update: false,
      select: false,
    },
    disabledAt: { type: 'timestamptz', name: 'disabled_at', nullable: true },
    disabledReason: { type: 'text', name: 'disabled_reason', nullable: true },
    rightsPending: { type: 'boolean', name: 'rights_pending', default: false },
    coolingUntil: { type: 'timestamptz', name: 'cooling_until', nullable: true },
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
