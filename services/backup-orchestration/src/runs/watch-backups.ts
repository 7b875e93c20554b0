import type { Act } from '@erp-steward/contracts/act'
import { BackupRunMissed, OffsiteOverdue, RpoExceeded } from '@erp-steward/contracts/backup-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { expireLeases } from '../assignments/expire-leases.ts'

interface OfTarget {
  readonly targetId: string
  readonly targetCode: string
  readonly systemCode: string
  readonly unitId: string
}

const OF_TARGET = `t.id as "targetId", t.code as "targetCode", t.system_code as "systemCode", t.unit_id as "unitId"`

/** Each minute: silence is a finding too. What is stated once stays stated; what another holds now waits for the next. */
export const watchBackups = defineTask('watch-backups', Type.Object({}), async (tx, _, act) => {
  await expireLeases(tx, null, act)
  await noticeMissedRuns(tx, act)
  await noticeExceededRpo(tx, act)
  await noticeOverdueOffsite(tx, act)
})

/** A scheduled run that nobody took in its time is missed; it still waits to be taken. Source. */
async function noticeMissedRuns(tx: EntityManager, act: Act): Promise<void> {
  const rows: (OfTarget & { runId: string; dueAt: Date })[] = await tx.query(
    `select r.id as "runId", r.due_at as "dueAt", ${OF_TARGET}
       from backup_run r join backup_target t on t.id = r.target_id
      where r.state = 'waiting' and r.missed_at is null and r.start_by < $1
      order by r.start_by limit 1000 for update of r, t skip locked`,
    [act.now],
  )
  for (const { runId, dueAt, ...target } of rows) {
    await tx.query('update backup_run set missed_at = $2 where id = $1', [runId, act.now])
    const at = { dueAt: dueAt.toISOString(), noticedAt: act.now.toISOString() }
    await appendEvent(
      tx,
      'backup-orchestration',
      BackupRunMissed,
      target.targetId,
      { ...target, ...at, missedRuns: 1 },
      act,
    )
  }
}

/** Once per breach: a good backup ends it, and the next breach is stated again. Source. */
async function noticeExceededRpo(tx: EntityManager, act: Act): Promise<void> {
  const rows: (OfTarget & { newestDataAt: Date | null; rpo: string })[] = await tx.query(
    `select t.newest_data_at as "newestDataAt", p.rpo, ${OF_TARGET}
       from backup_target t
       join backup_policy p on p.target_id = t.id and p.version = t.policy_version
      where t.active and t.rpo_noticed_at is null and t.rpo_due_at < $1
      order by t.rpo_due_at limit 1000 for update of t skip locked`,
    [act.now],
  )
  for (const { newestDataAt, rpo, ...target } of rows) {
    await tx.query('update backup_target set rpo_noticed_at = $2 where id = $1', [
      target.targetId,
      act.now,
    ])
    await appendEvent(
      tx,
      'backup-orchestration',
      RpoExceeded,
      target.targetId,
      {
        ...target,
        newestDataAt: newestDataAt?.toISOString() ?? null,
        rpo,
        noticedAt: act.now.toISOString(),
      },
      act,
    )
  }
}

/** A good backup without its confirmed copy at the other site in time, stated once. Source. */
async function noticeOverdueOffsite(tx: EntityManager, act: Act): Promise<void> {
  const rows: (OfTarget & {
    runId: string
    copyId: string
    siteCode: string
    objectName: string
    dueAt: Date
  })[] = await tx.query(
    `select c.run_id as "runId", c.id as "copyId", c.site_code as "siteCode", c.object_name as "objectName",
            c.due_at as "dueAt", ${OF_TARGET}
       from backup_copy c join backup_target t on t.id = c.target_id
      where c.good_at is null and c.overdue_noticed_at is null and c.due_at < $1
      order by c.due_at limit 1000 for update of c, t skip locked`,
    [act.now],
  )
  for (const { dueAt, ...copy } of rows) {
    await tx.query('update backup_copy set overdue_noticed_at = $2 where id = $1', [
      copy.copyId,
      act.now,
    ])
    await appendEvent(
      tx,
      'backup-orchestration',
      OffsiteOverdue,
      copy.targetId,
      { ...copy, dueAt: dueAt.toISOString(), noticedAt: act.now.toISOString() },
      act,
    )
  }
}
