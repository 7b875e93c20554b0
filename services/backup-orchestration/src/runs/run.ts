import type { Source } from '@erp-steward/contracts/agent-protocol'
import { Problem } from '@erp-steward/contracts/problem'
import { EntitySchema, type EntityManager } from 'typeorm'

export const runStates = ['waiting', 'running', 'succeeded', 'failed'] as const
export type RunState = (typeof runStates)[number]
export type RunReason = 'schedule' | 'catch-up' | 'request'
export type RunCause = 'executor' | 'digest' | 'lease-lost' | 'refused' | 'cancelled'

/** One attempt of a target to be backed up. States only go forward, each with its own time. */
export interface Run {
  id: string
  targetId: string
  unitId: string
  policyVersion: number
  /** What was saved, as the target named it when the run was queued. */
  source: Source
  keyId: string
  reason: RunReason
  /** Why somebody asked for it. */
  note: string | null
  requestedBy: string
  state: RunState
  /** The instant of the schedule it stands for. */
  dueAt: Date | null
  /** A scheduled run that nobody has taken by then is missed. */
  startBy: Date | null
  missedAt: Date | null
  queuedAt: Date
  startedAt: Date | null
  cancelAskedAt: Date | null
  /** When it succeeded or failed. */
  finishedAt: Date | null
  /** The instant of the data: before its first byte was read. */
  dataAt: Date | null
  agentId: string | null
  attempts: number
  tool: string | null
  /** Files or tables. */
  items: number | null
  sourceBytes: number | null
  storedBytes: number | null
  digest: string | null
  manifestDigest: string | null
  cause: RunCause | null
  detail: string | null
}

export const RunEntity = new EntitySchema<Run>({
  name: 'Run',
  tableName: 'backup_run',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'backup_run_pkey' },
    targetId: { type: 'uuid', name: 'target_id' },
    unitId: { type: 'uuid', name: 'unit_id' },
    policyVersion: { type: 'integer', name: 'policy_version' },
    source: { type: 'jsonb' },
    keyId: { type: 'text', name: 'key_id' },
    reason: { type: 'text' },
    note: { type: 'text', nullable: true },
    requestedBy: { type: 'text', name: 'requested_by' },
    state: { type: 'text' },
    dueAt: { type: 'timestamptz', name: 'due_at', nullable: true },
    startBy: { type: 'timestamptz', name: 'start_by', nullable: true },
    missedAt: { type: 'timestamptz', name: 'missed_at', nullable: true },
    queuedAt: { type: 'timestamptz', name: 'queued_at' },
    startedAt: { type: 'timestamptz', name: 'started_at', nullable: true },
    cancelAskedAt: { type: 'timestamptz', name: 'cancel_asked_at', nullable: true },
    finishedAt: { type: 'timestamptz', name: 'finished_at', nullable: true },
    dataAt: { type: 'timestamptz', name: 'data_at', nullable: true },
    agentId: { type: 'text', name: 'agent_id', nullable: true },
    attempts: { type: 'integer' },
    tool: { type: 'text', nullable: true },
    // Counts of bytes: whole up to 9 PB, and a number in JavaScript, which a bigint is not.
    items: { type: 'double precision', nullable: true },
    sourceBytes: { type: 'double precision', name: 'source_bytes', nullable: true },
    storedBytes: { type: 'double precision', name: 'stored_bytes', nullable: true },
    digest: { type: 'text', nullable: true },
    manifestDigest: { type: 'text', name: 'manifest_digest', nullable: true },
    cause: { type: 'text', nullable: true },
    detail: { type: 'text', nullable: true },
  },
  checks: [
    {
      name: 'backup_run_reason_check',
      expression: `reason in ('schedule', 'catch-up', 'request')`,
    },
    {
      name: 'backup_run_state_check',
      expression: `state in ('waiting', 'running', 'succeeded', 'failed')`,
    },
  ],
  indices: [
    {
      name: 'backup_run_one_open',
      columns: ['targetId'],
      unique: true,
      where: `(state = ANY (ARRAY['waiting'::text, 'running'::text]))`,
    },
    { name: 'backup_run_by_queueing', columns: ['queuedAt', 'id'] },
    {
      name: 'backup_run_good',
      columns: ['targetId', 'dataAt'],
      where: `(state = 'succeeded'::text)`,
    },
    {
      name: 'backup_run_unstarted',
      columns: ['startBy'],
      where: `((state = 'waiting'::text) AND (missed_at IS NULL))`,
    },
  ],
})

/** @throws Problem `backup-run-not-found` */
export async function runOf(tx: EntityManager, id: string): Promise<Run> {
  const run = await tx.findOneBy(RunEntity, { id })
  if (run === null) throw new Problem('backup-run-not-found', `There is no backup run ${id}.`)
  return run
}
