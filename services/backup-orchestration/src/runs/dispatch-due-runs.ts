import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import type { Source } from '@erp-steward/contracts/agent-protocol'
import { BackupRunMissed } from '@erp-steward/contracts/backup-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import { In, type EntityManager } from 'typeorm'
import { AgentEntity, refusalOf } from '../agents/agent.ts'
import { RANK } from '../assignments/assignment.ts'
import { dueRuns, type DueRuns } from '../targets/rules/schedule.ts'
import { lockTarget } from '../targets/target.ts'
import { failRun } from './finish-run.ts'
import { runOf, type RunReason } from './run.ts'

/** Targets per transaction; what is beyond waits for the next, which follows at once. */
const BATCH = 1_000

interface Due {
  readonly id: string
  readonly code: string
  readonly systemCode: string
  readonly unitId: string
  readonly agentId: string
  readonly source: Source
  readonly nextRunAt: Date
  readonly schedule: string
  readonly startWithin: string
  readonly primarySite: string
  readonly isBusy: boolean
}

interface Queueing extends Due {
  readonly runId: string
  readonly copyId: string
  readonly dueAt: Date
  /** `null` where the run is late already and was counted as missed. */
  readonly startBy: Date | null
  readonly reason: RunReason
  /** Runs of the schedule that nobody took in their time. */
  readonly missed: number
  readonly next: Date | null
}

/**
 * Queues a run for every target whose schedule asks for one, and says when it asks next. Answers how many targets were due.
 *
 * After a downtime a target gets one run and one fact that counts the runs missed. Where a run of the target still waits or
 * is at work, the schedule is not stacked up behind it: that instant counts as missed. The statements are the same for one
 * target and for a thousand; a second dispatcher skips what the first holds. Source.
 */
export async function dispatchDueRuns(tx: EntityManager, act: Act): Promise<number> {
  const due: Due[] = await tx.query(
    `select t.id, t.code, t.system_code as "systemCode", t.unit_id as "unitId", t.agent_id as "agentId", t.source,
            t.next_run_at as "nextRunAt", p.schedule, p.start_within as "startWithin",
            p.primary_site as "primarySite",
            exists (select from backup_run r
                     where r.target_id = t.id and r.state in ('waiting', 'running')) as "isBusy"
       from backup_target t
       join backup_policy p on p.target_id = t.id and p.version = t.policy_version
      where t.next_run_at <= $1 and t.active
      order by t.next_run_at, t.id limit $2 for update of t skip locked`,
    [act.now, BATCH],
  )
  if (due.length === 0) return 0
  const planned = planAll(due, act.now)
  await tx.query(
    `update backup_target t set next_run_at = d.next
       from unnest($1::uuid[], $2::timestamptz[]) as d (id, next) where t.id = d.id`,
    [planned.map(({ id }) => id), planned.map(({ next }) => next)],
  )
  const queued = await queue(
    tx,
    planned.filter(({ isBusy }) => !isBusy),
    act,
  )
  for (const each of planned) {
    // A run that was there in the end after all takes the place of the one that was due.
    const missed = queued.has(each.runId) ? each.missed : Math.max(1, each.missed)
    if (missed > 0) await stateMissed(tx, each, missed, act)
  }
  return due.length
}

/** Reckons each schedule once, however many targets share it. */
function planAll(due: readonly Due[], now: Date): Queueing[] {
  const known = new Map<string, DueRuns>()
  return due.map((each) => {
    const key = `${each.schedule}@${String(each.nextRunAt.getTime())}`
    const runs = known.get(key) ?? dueRuns(each.schedule, each.nextRunAt, now)
    known.set(key, runs)
    const { count, latest, next } = runs
    const startBy = new Date(latest.getTime() + durationMs(each.startWithin))
    const isLate = startBy < now
    const missed = each.isBusy || isLate ? count : count - 1
    return {
      ...each,
      runId: randomUUID(),
      copyId: randomUUID(),
      dueAt: latest,
      startBy: isLate ? null : startBy,
      reason: missed > 0 ? 'catch-up' : 'schedule',
      missed,
      next,
    }
  })
}

/** Inserts runs, copies and work; answers the ids of the runs that were queued. */
async function queue(
  tx: EntityManager,
  wanted: readonly Queueing[],
  act: Act,
): Promise<ReadonlySet<string>> {
  if (wanted.length === 0) return new Set()
  const column = <Key extends keyof Queueing>(key: Key) => wanted.map((each) => each[key])
  const inserted: { id: string }[] = await tx.query(
    `insert into backup_run (id, target_id, unit_id, policy_version, source, key_id, reason, requested_by, state,
                             due_at, start_by, queued_at, attempts)
     select d.run_id, t.id, t.unit_id, t.policy_version, t.source, t.key_id, d.reason, $6, 'waiting',
            d.due_at, d.start_by, $7, 0
       from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[])
            as d (target_id, run_id, reason, due_at, start_by)
       join backup_target t on t.id = d.target_id
     on conflict (target_id) where state in ('waiting', 'running') do nothing
     returning id`,
    [
      column('id'),
      column('runId'),
      column('reason'),
      column('dueAt'),
      column('startBy'),
      act.actor,
      act.now,
    ],
  )
  const queued = new Set(inserted.map(({ id }) => id))
  const made = wanted.filter(({ runId }) => queued.has(runId))
  await tx.query(
    `insert into backup_copy (id, run_id, target_id, unit_id, role, site_code, object_name, state, created_at, tries)
     select copy_id, run_id, target_id, unit_id, 'primary', site_code, '', 'awaited', $6, 0
       from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[])
            as d (copy_id, run_id, target_id, unit_id, site_code)`,
    [
      made.map(({ copyId }) => copyId),
      made.map(({ runId }) => runId),
      made.map(({ id }) => id),
      made.map(({ unitId }) => unitId),
      made.map(({ primarySite }) => primarySite),
      act.now,
    ],
  )
  const agents = await tx.findBy(AgentEntity, {
    id: In([...new Set(made.map(({ agentId }) => agentId))]),
  })
  const agentOf = new Map(agents.map((agent) => [agent.id, agent]))
  const workable: Queueing[] = []
  for (const each of made) {
    const refusal = refusalOf(agentOf.get(each.agentId), each.source, each.primarySite)
    if (refusal === null) workable.push(each)
    else {
      const target = await lockTarget(tx, each.id)
      await failRun(tx, target, await runOf(tx, each.runId), 'refused', refusal, act)
    }
  }
  await tx.query(
    `insert into backup_assignment (id, kind, rank, target_id, run_id, copy_id, state, fencing_token, attempts,
                                    not_before, created_at)
     select gen_random_uuid(), 'backup', $4, target_id, run_id, copy_id, 'waiting', 0, 0, $5, $5
       from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as d (target_id, run_id, copy_id)`,
    [
      workable.map(({ id }) => id),
      workable.map(({ runId }) => runId),
      workable.map(({ copyId }) => copyId),
      RANK.backup,
      act.now,
    ],
  )
  return queued
}

async function stateMissed(tx: EntityManager, due: Queueing, missed: number, act: Act) {
  const { id, code, systemCode, unitId, nextRunAt } = due
  await appendEvent(
    tx,
    'backup-orchestration',
    BackupRunMissed,
    id,
    {
      targetId: id,
      targetCode: code,
      systemCode,
      unitId,
      dueAt: nextRunAt.toISOString(),
      missedRuns: missed,
      noticedAt: act.now.toISOString(),
    },
    act,
  )
}

/** Each minute. */
export const dispatchTask = defineTask('dispatch-due-runs', Type.Object({}), async (tx, _, act) => {
  while ((await dispatchDueRuns(tx, act)) === BATCH);
})
