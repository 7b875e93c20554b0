import { EntitySchema } from 'typeorm'

/** What a machine may be; each has one role only. */
export const clientRoles = ['MIDDLEWARE', 'SCRIPT', 'MONITORING_AGENT', 'BACKUP_AGENT'] as const
export type ClientRole = (typeof clientRoles)[number]

/** A machine that calls with its own credentials (OAuth 2 client credentials). */
export interface Client {
  /** Also the `client_id`. */
  id: string
  name: string
  role: ClientRole
  /** The unit it may act for; `null` for the whole company. */
  unitId: string | null
  /** `pending` until the security administrator has confirmed it. */
  status: 'pending' | 'active' | 'disabled'
  /** SHA-256 of the secret (`digestOfHalves`), which has 256 bits of its own; `null` before the first one is issued. */
  secretHash: Buffer | null
  /** SHA-256 of the first half of the next secret, until the second half is made. */
  halfDigest: Buffer | null
  /** Who has that half: account, person and role. */
  halfBy: string | null
  halfPerson: string | null
  halfRole: string | null
  /** Revocation epoch: tokens of a smaller one are void. */
  epoch: number
  version: number
  createdAt: Date
  disabledAt: Date | null
}

export const ClientEntity = new EntitySchema<Client>({
  name: 'Client',
  tableName: 'client',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'client_pkey' },
    name: { type: 'text' },
    role: { type: 'text' },
    unitId: { type: 'uuid', name: 'unit_id', nullable: true },
    status: { type: 'text' },
    secretHash: { type: 'bytea', name: 'secret_hash', nullable: true },
    halfDigest: { type: 'bytea', name: 'half_digest', nullable: true },
    halfBy: { type: 'text', name: 'half_by', nullable: true },
    halfPerson: { type: 'uuid', name: 'half_person', nullable: true },
    halfRole: { type: 'text', name: 'half_role', nullable: true },
    epoch: { type: 'integer', default: 0 },
    version: { type: 'integer', default: 1 },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    disabledAt: { type: 'timestamptz', name: 'disabled_at', nullable: true },
  },
  uniques: [{ name: 'client_name_key', columns: ['name'] }],
  checks: [
    {
      name: 'client_role_check',
      expression: `role in ('MIDDLEWARE', 'SCRIPT', 'MONITORING_AGENT', 'BACKUP_AGENT')`,
    },
    { name: 'client_status_check', expression: `status in ('pending', 'active', 'disabled')` },
  ],
})
