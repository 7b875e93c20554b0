import { Source } from '@erp-steward/contracts/agent-protocol'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { Code, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { CopyView } from '../copies/copy.ts'

export const RunState = Type.Enum(['waiting', 'running', 'succeeded', 'failed'], {
  title: 'BackupRunState',
})

const RunReason = Type.Enum(['schedule', 'catch-up', 'request'], { title: 'BackupRunReason' })
export type RunReason = Static<typeof RunReason>

const RunCause = Type.Enum(['executor', 'digest', 'lease-lost', 'refused', 'cancelled'], {
  title: 'BackupRunCause',
  description: 'Why a run failed.',
})
export type RunCause = Static<typeof RunCause>

/** One attempt of a target to be backed up. States only go forward, each with its own time. */
export const RunView = Type.Object(
  {
    id: Uuid,
    targetId: Uuid,
    unitId: Uuid,
    policyVersion: Type.Integer(),
    /** As the target named it when the run was queued. */
    source: Source,
    keyId: Code,
    reason: RunReason,
    note: nullable(Type.String(), 'Why somebody asked for it.'),
    requestedBy: Type.String(),
    state: RunState,
    dueAt: nullable(InstantOut, 'The instant of the schedule that it stands for.'),
    startBy: nullable(InstantOut, 'A scheduled run that nobody has taken by then is missed.'),
    missedAt: nullable(InstantOut),
    queuedAt: InstantOut,
    startedAt: nullable(InstantOut),
    cancelAskedAt: nullable(InstantOut),
    finishedAt: nullable(InstantOut, 'When it succeeded or failed.'),
    dataAt: nullable(InstantOut, 'The instant of the data: before its first byte was read.'),
    agentId: nullable(Type.String()),
    attempts: Type.Integer(),
    tool: nullable(Type.String()),
    // Counts of bytes: whole up to 9 PB, and a number in JavaScript, which a bigint is not.
    items: nullable(Type.Number(), 'Files or tables.'),
    sourceBytes: nullable(Type.Number()),
    storedBytes: nullable(Type.Number()),
    digest: nullable(Type.String(), 'SHA-256 of the stored bytes.'),
    manifestDigest: nullable(Type.String(), 'SHA-256 of the list of what is inside.'),
    cause: nullable(RunCause),
    detail: nullable(Type.String()),
  },
  { title: 'BackupRun' },
)

/** A run with what became of it at each site. */
export const RunWithCopies = Type.Object(
  { ...RunView.properties, copies: Type.Array(CopyView) },
  { title: 'BackupRunWithCopies' },
)

export const RunEntity = entityOf(RunView, {
  table: 'backup_run',
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
export type Run = RowOf<typeof RunEntity>

/** @throws Problem `backup-run-not-found` */
export async function runOf(tx: EntityManager, id: string): Promise<Run> {
  const run = await tx.findOneBy(RunEntity, { id })
  if (run === null)
    throw new Problem(
      'backup-run-not-found',
      said(`There is no backup run ${id}.`, `没有备份任务 ${id}。`),
    )
  return run
}
