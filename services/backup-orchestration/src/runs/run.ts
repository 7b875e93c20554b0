import { Source } from '@erp-steward/contracts/agent-protocol'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Code, Id, InstantOut, nullable, UnitId, Uuid } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { CopyView } from '../copies/copy.ts'

export const RunState = Type.Enum(['waiting', 'running', 'succeeded', 'failed'], {
  title: 'BackupRunState',
  description:
    '`waiting`: for its agent; `running`: an agent has it; `succeeded`: saved and read again; `failed`.',
})

const RunReason = Type.Enum(['schedule', 'catch-up', 'request'], {
  title: 'BackupRunReason',
  description:
    '`schedule`: its time had come; `catch-up`: earlier times had passed, too; `request`: somebody asked.',
})
export type RunReason = Static<typeof RunReason>

const RunCause = Type.Enum(['executor', 'digest', 'lease-lost', 'refused', 'cancelled'], {
  title: 'BackupRunCause',
  description: 'Why a run failed.',
})
export type RunCause = Static<typeof RunCause>

/** One attempt of a target to be backed up. States only go forward, each with its own time. */
export const RunView = Type.Object(
  {
    id: Id,
    targetId: about(Uuid, 'The target that is saved.'),
    unitId: UnitId,
    policyVersion: Type.Integer({
      description: 'Version of the policy that held when it was queued.',
    }),
    /** As the target named it when the run was queued. */
    source: Source,
    keyId: about(Code, 'Which of the keys of the agent seals it.'),
    reason: RunReason,
    note: nullable(Type.String(), 'Why somebody asked for it.'),
    requestedBy: Type.String({ description: 'Account, client or service that asked for it.' }),
    state: RunState,
    dueAt: nullable(InstantOut, 'The instant of the schedule that it stands for.'),
    startBy: nullable(InstantOut, 'A scheduled run that nobody has taken by then is missed.'),
    missedAt: nullable(InstantOut, 'When it was stated as missed; null otherwise.'),
    queuedAt: about(InstantOut, 'When it was queued.'),
    startedAt: nullable(InstantOut, 'When an agent took it first; null before that.'),
    cancelAskedAt: nullable(
      InstantOut,
      'When it was called off; it ends when its agent hears of it.',
    ),
    finishedAt: nullable(InstantOut, 'When it succeeded or failed.'),
    dataAt: nullable(InstantOut, 'The instant of the data: before its first byte was read.'),
    agentId: nullable(Type.String(), 'Client id of the agent that took it last; null before that.'),
    attempts: Type.Integer({ description: 'How many times an agent took it.' }),
    tool: nullable(Type.String(), 'Name and version of the tool that saved it.'),
    // Counts of bytes: whole up to 9 PB, and a number in JavaScript, which a bigint is not.
    items: nullable(Type.Number(), 'Files or tables.'),
    sourceBytes: nullable(Type.Number(), 'Bytes read at the source.'),
    storedBytes: nullable(Type.Number(), 'Bytes in the store, compressed and sealed.'),
    digest: nullable(Type.String(), 'SHA-256 of the stored bytes.'),
    manifestDigest: nullable(Type.String(), 'SHA-256 of the list of what is inside.'),
    cause: nullable(RunCause, 'Null unless it failed.'),
    detail: nullable(Type.String(), 'What went wrong, for people; null unless it failed.'),
  },
  { title: 'BackupRun' },
)

/** A run with what became of it at each site. */
export const RunWithCopies = Type.Object(
  {
    ...RunView.properties,
    copies: Type.Array(CopyView, { description: 'What became of it at each site.' }),
  },
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
