import { EntitySchema } from 'typeorm'

export const provisioningKinds = [
  'create-user',
  'update-user',
  'enable-user',
  'end-date-user',
  'add-responsibility',
  'end-responsibility',
  'add-role',
  'end-role',
] as const
export type ProvisioningKind = (typeof provisioningKinds)[number]
export const provisioningStatuses = ['queued', 'leased', 'done', 'failed', 'superseded'] as const
export type ProvisioningStatus = (typeof provisioningStatuses)[number]

/** A call of EBS: the procedure and its arguments under the names that EBS gives them. Source: EBS conventions 4.1, 4.2. */
export interface EbsCall {
  procedure: string
  arguments: Record<string, string | number | null>
}

/** Members of the state in EBS after the call, under our names, for example `{ "endDate": "2026-11-22" }`. */
export type EbsState = Record<string, string | null>

/**
 * One call the middleware makes in EBS; tasks of one user are done in the order of `seq`. What names a person in `userName`,
 * `call`, `expected`, `readBack` and `errorMessage` is sealed; `openTask` shows it.
 */
export interface ProvisioningTask {
  id: string
  /** Order of queueing; a bigint as text. */
  seq: string
  accountId: string
  userName: string
  unitId: string
  kind: ProvisioningKind
  call: EbsCall
  /** What must be read back after the call. */
  expected: EbsState
  status: ProvisioningStatus
  /** Leases given so far. */
  attempts: number
  notBefore: Date
  /** Fencing token of the lease in force. */
  leaseToken: string | null
  leasedBy: string | null
  leasedUntil: Date | null
  readBack: EbsState | null
  errorCode: string | null
  errorMessage: string | null
  /** Who caused it, and in which request. */
  actor: string
  requestId: string
  queuedAt: Date
  endedAt: Date | null
  version: number
}

export const ProvisioningTaskEntity = new EntitySchema<ProvisioningTask>({
  name: 'ProvisioningTask',
  tableName: 'provisioning_task',
  columns: {
    id: { type: 'uuid', primary: true },
    seq: { type: 'bigint', generated: 'increment' },
    accountId: { type: 'uuid', name: 'account_id' },
    userName: { type: 'text', name: 'user_name' },
    unitId: { type: 'uuid', name: 'unit_id' },
    kind: { type: 'text' },
    call: { type: 'jsonb' },
    expected: { type: 'jsonb' },
    status: { type: 'text' },
    attempts: { type: 'integer' },
    notBefore: { type: 'timestamptz', name: 'not_before' },
    leaseToken: { type: 'uuid', name: 'lease_token', nullable: true },
    leasedBy: { type: 'text', name: 'leased_by', nullable: true },
    leasedUntil: { type: 'timestamptz', name: 'leased_until', nullable: true },
    readBack: { type: 'jsonb', name: 'read_back', nullable: true },
    errorCode: { type: 'text', name: 'error_code', nullable: true },
    errorMessage: { type: 'text', name: 'error_message', nullable: true },
    actor: { type: 'text' },
    requestId: { type: 'text', name: 'request_id' },
    queuedAt: { type: 'timestamptz', name: 'queued_at' },
    endedAt: { type: 'timestamptz', name: 'ended_at', nullable: true },
    version: { type: 'integer' },
  },
  uniques: [{ name: 'provisioning_task_seq_key', columns: ['seq'] }],
  checks: [
    {
      name: 'provisioning_task_status_check',
      expression: "status in ('queued', 'leased', 'done', 'failed', 'superseded')",
    },
  ],
  indices: [
    {
      name: 'provisioning_task_open',
      columns: ['accountId', 'seq'],
      where: "status in ('queued', 'leased', 'failed')",
    },
    { name: 'provisioning_task_by_status', columns: ['status', 'seq'] },
  ],
  foreignKeys: [
    {
      name: 'provisioning_task_account_id_fkey',
      target: 'account',
      columnNames: ['account_id'],
      referencedColumnNames: ['id'],
    },
  ],
})
