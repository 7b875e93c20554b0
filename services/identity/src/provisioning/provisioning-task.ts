import { about, Id, InstantOut, nullable, Uuid, Version } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'

export const ProvisioningKind = Type.Enum(
  [
    'create-user',
    'update-user',
    'enable-user',
    'end-date-user',
    'add-responsibility',
    'end-responsibility',
    'add-role',
    'end-role',
    'reset-password',
    'set-profile-option',
  ],
  { title: 'ProvisioningKind', description: 'What is done in EBS; docs/guides/ebs.md has each.' },
)
export type ProvisioningKind = Static<typeof ProvisioningKind>

export const ProvisioningStatus = Type.Enum(['queued', 'leased', 'done', 'failed', 'superseded'], {
  title: 'ProvisioningStatus',
  description:
    '`leased`: a worker has it; `failed`: waits for a person; `superseded`: a later task made it needless, or it was given up.',
})
export type ProvisioningStatus = Static<typeof ProvisioningStatus>

/** A call of EBS: the procedure and its arguments under the names that EBS gives them. Source: EBS conventions 4.1, 4.2. */
const EbsCall = Type.Object(
  {
    procedure: Type.String({ description: 'With its package, `FND_USER_PKG.CreateUser`.' }),
    arguments: Type.Record(
      Type.String(),
      Type.Union([Type.String(), Type.Integer(), Type.Null()]),
      {
        description: 'By the names that EBS gives them; what describes a person may be masked.',
      },
    ),
  },
  { title: 'EbsCall', description: 'The procedure of EBS that does the task.' },
)
export type EbsCall = Static<typeof EbsCall>

/** Members of the state in EBS after the call, under our names, for example `{ "endDate": "2026-11-22" }`. */
const EbsState = Type.Record(Type.String(), nullable(Type.String()), {
  title: 'EbsState',
  description:
    'State in EBS by member, `{ "endDate": "2026-11-22" }`; what describes a person may be masked.',
})
export type EbsState = Static<typeof EbsState>

/** One call the middleware makes in EBS; tasks of one user are done in the order of `seq`. */
export const TaskView = Type.Object(
  {
    id: Id,
    seq: Type.String({ description: 'Order of queueing: a whole number as text.' }),
    accountId: about(
      Uuid,
      'The account that it is about; of a user of EBS without one here, the finding that told of it.',
    ),
    userName: Type.String({
      description: 'User name of the account, here and in EBS; `-`: it is about no user.',
    }),
    unitId: nullable(Uuid, 'Unit of its person when it was queued; null: there is no person here.'),
    kind: ProvisioningKind,
    call: EbsCall,
    expected: EbsState,
    status: ProvisioningStatus,
    attempts: Type.Integer({
      description:
        'Leases given so far, without those in which EBS was not reached; five are the most, ten while EBS is busy.',
    }),
    notBefore: about(InstantOut, 'It is not leased earlier.'),
    leasedBy: nullable(Type.String(), 'Name of the worker that had it last.'),
    leasedUntil: nullable(InstantOut, 'End of the last lease.'),
    readBack: nullable(EbsState, 'What was read back last; null: nothing yet.'),
    errorCode: nullable(Type.String(), 'Code of the last failure.'),
    errorMessage: nullable(Type.String(), 'What EBS or the middleware said of it.'),
    actor: Type.String({ description: 'Account, client or service that caused it.' }),
    requestId: Type.String({ description: 'The request in which it was caused.' }),
    queuedAt: about(InstantOut, 'When it was queued.'),
    endedAt: nullable(InstantOut, 'When it was done, failed or superseded.'),
    version: Version,
  },
  { title: 'ProvisioningTask' },
)

export const LeasedTaskView = Type.Object(
  {
    ...TaskView.properties,
    leaseToken: nullable(
      Uuid,
      'Sent with the outcome: whoever leased the task later has another, and the earlier one is refused.',
    ),
  },
  { title: 'LeasedTask' },
)

/**
 * What names a person in `userName`, `call`, `expected`, `readBack` and `errorMessage` is sealed; `openTask` shows it.
 * `leaseToken` is the fencing token of the lease in force.
 */
export const ProvisioningTaskEntity = entityOf(LeasedTaskView, {
  table: 'provisioning_task',
  columns: { seq: { type: 'bigint', generated: 'increment' } },
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
    {
      name: 'provisioning_task_by_end',
      columns: ['endedAt'],
      where: '(ended_at IS NOT NULL)',
    },
  ],
})
export type ProvisioningTask = RowOf<typeof ProvisioningTaskEntity>
