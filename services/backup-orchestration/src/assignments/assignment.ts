import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import type { Report } from '@erp-steward/contracts/agent-protocol'
import { EntitySchema, type EntityManager } from 'typeorm'

export type AssignmentKind = 'backup' | 'copy' | 'verify' | 'restore'
export type AssignmentState = 'waiting' | 'leased' | 'done' | 'failed' | 'cancelled'

/** A piece of work for an agent. */
export interface Assignment {
  id: string
  kind: AssignmentKind
  /** What goes first among the work of an agent, the lowest number. */
  rank: number
  targetId: string
  runId: string
  /** What is written (`backup`, `copy`) or read (`verify`, `restore`). */
  copyId: string
  planId: string | null
  state: AssignmentState
  /** Grows with every lease and with every lease that is lost. */
  fencingToken: number
  /** Leases so far. */
  attempts: number
  notBefore: Date
  createdAt: Date
  leasedBy: string | null
  /** When the present lease began. */
  leasedAt: Date | null
  leaseUntil: Date | null
  phase: string | null
  bytesDone: number | null
  cancelAskedAt: Date | null
  /** The report that ended it, so that the same one again gets the same answer. */
  report: Report | null
  endedAt: Date | null
}

export const AssignmentEntity = new EntitySchema<Assignment>({
  name: 'Assignment',
  tableName: 'backup_assignment',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'backup_assignment_pkey' },
    kind: { type: 'text' },
    rank: { type: 'smallint' },
    targetId: { type: 'uuid', name: 'target_id' },
    runId: { type: 'uuid', name: 'run_id' },
    copyId: { type: 'uuid', name: 'copy_id' },
    planId: { type: 'uuid', name: 'plan_id', nullable: true },
    state: { type: 'text' },
    fencingToken: { type: 'integer', name: 'fencing_token' },
    attempts: { type: 'integer' },
    notBefore: { type: 'timestamptz', name: 'not_before' },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    leasedBy: { type: 'text', name: 'leased_by', nullable: true },
    leasedAt: { type: 'timestamptz', name: 'leased_at', nullable: true },
    leaseUntil: { type: 'timestamptz', name: 'lease_until', nullable: true },
    phase: { type: 'text', nullable: true },
    bytesDone: { type: 'double precision', name: 'bytes_done', nullable: true },
    cancelAskedAt: { type: 'timestamptz', name: 'cancel_asked_at', nullable: true },
    report: { type: 'jsonb', nullable: true },
    endedAt: { type: 'timestamptz', name: 'ended_at', nullable: true },
  },
  checks: [
    {
      name: 'backup_assignment_kind_check',
      expression: `kind in ('backup', 'copy', 'verify', 'restore')`,
    },
    {
      name: 'backup_assignment_state_check',
      expression: `state in ('waiting', 'leased', 'done', 'failed', 'cancelled')`,
    },
  ],
  indices: [
    {
      name: 'backup_assignment_one_leased',
      columns: ['targetId'],
      unique: true,
      where: `(state = 'leased'::text)`,
    },
    {
      name: 'backup_assignment_one_open',
      columns: ['copyId', 'kind', 'planId'],
      unique: true,
      where: `(state = ANY (ARRAY['waiting'::text, 'leased'::text]))`,
    },
    {
      name: 'backup_assignment_waiting',
      columns: ['targetId', 'notBefore'],
      where: `(state = 'waiting'::text)`,
    },
    {
      name: 'backup_assignment_leases',
      columns: ['leaseUntil'],
      where: `(state = 'leased'::text)`,
    },
  ],
})

/** A restore is waited for by people; a copy makes a backup count; a look at old copies has time. */
export const RANK: Readonly<Record<AssignmentKind, number>> = {
  restore: 0,
  backup: 1,
  copy: 2,
  verify: 3,
}

export interface Assign {
  readonly kind: AssignmentKind
  readonly targetId: string
  readonly runId: string
  readonly copyId: string
  readonly planId?: string
  readonly notBefore?: Date
}

/** Queues work for the agent of the target. The caller holds the lock of the target. */
export async function assign(
  tx: EntityManager,
  { kind, targetId, runId, copyId, planId, notBefore }: Assign,
  act: Act,
): Promise<Assignment> {
  const assignment: Assignment = {
    id: randomUUID(),
    kind,
    rank: RANK[kind],
    targetId,
    runId,
    copyId,
    planId: planId ?? null,
    state: 'waiting',
    fencingToken: 0,
    attempts: 0,
    notBefore: notBefore ?? act.now,
    createdAt: act.now,
    leasedBy: null,
    leasedAt: null,
    leaseUntil: null,
    phase: null,
    bytesDone: null,
    cancelAskedAt: null,
    report: null,
    endedAt: null,
  }
  await tx.insert(AssignmentEntity, assignment)
  return assignment
}
