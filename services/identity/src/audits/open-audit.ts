import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { AuditOpened } from '@erp-steward/contracts/audit-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { companyCalendar, companyDeadline } from '@erp-steward/service-kit/company-calendar'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { dayMs } from '@erp-steward/work-calendar/calendar-date'
import { defaultCalendarDefinition } from '@erp-steward/work-calendar/calendar-definition'
import { CalendarYearMissing } from '@erp-steward/work-calendar/calendar-year-missing'
import { compileCalendar, type CompiledCalendar } from '@erp-steward/work-calendar/compile-calendar'
import { workingTimeBetween } from '@erp-steward/work-calendar/working-time'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { AuditItemEntity } from './audit-item.ts'
import { AuditTaskEntity, type AuditTask } from './audit-task.ts'
import { drawSample, type Stretch } from './draw-sample.ts'
import { dayStart, endOfLastPeriod, monthStart } from './rules/stretch.ts'

/** Of a year whose holidays nobody has loaded: its weekdays alone, so that an audit comes early rather than never. */
const weekdays = compileCalendar(defaultCalendarDefinition, 'without-holidays')

/**
 * Each night: opens the audit of what the last one did not cover, on the first working day after its period is over. Periods
 * are counted from the month of the first record. What was missed while nothing ran is one audit. Source.
 */
export const openDueAudit = defineTask('open-audit', Type.Object({}), async (tx, _, act) => {
  if (!(await isWorkingDay(tx, act.now))) return
  const [last] = await tx.find(AuditTaskEntity, {
    where: { kind: 'periodic' },
    order: { throughSeq: 'DESC' },
    take: 1,
  })
  const since = last?.recordedBefore ?? (await firstMonth(tx))
  if (since === null) return
  const { value: period } = await readParameter(tx, 'identity.audit.period', null, act.now)
  const recordedBefore = endOfLastPeriod(since, period, act.now)
  if (recordedBefore === null) return
  const afterSeq = last?.throughSeq ?? 0
  const throughSeq = await lastBefore(tx, recordedBefore)
  // A stretch without a single fact: the next audit covers it.
  if (throughSeq <= afterSeq) return
  const command = { kind: 'periodic', recordedBefore, afterSeq, throughSeq, reason: null } as const
  await openAudit(tx, command, act)
})

/**
 * Opens an audit of what was recorded between two instants, besides those that come by themselves.
 *
 * @throws Problem `validation-failed` when the time ends before it begins or in the future, `audit-empty` when nothing was
 *   recorded in it
 */
export async function askForAudit(
  tx: EntityManager,
  { from, to, reason }: { readonly from: Date; readonly to: Date; readonly reason: string },
  act: Act,
): Promise<AuditTask> {
  if (from >= to || to > act.now) {
    const detail = said(
      '`to` must be later than `from`, and not in the future.',
      '`to` 须晚于 `from`，且不得晚于当前时间。',
    )
    throw new Problem('validation-failed', detail, { errors: [{ pointer: '#/to', detail }] })
  }
  const stretch = { afterSeq: await lastBefore(tx, from), throughSeq: await lastBefore(tx, to) }
  if (stretch.throughSeq <= stretch.afterSeq)
    throw new Problem(
      'audit-empty',
      said('Nothing was recorded in this time.', '该时间段内没有任何记录。'),
    )
  return openAudit(tx, { kind: 'extra', recordedBefore: to, ...stretch, reason }, act)
}

async function openAudit(
  tx: EntityManager,
  command: Stretch & Pick<AuditTask, 'kind' | 'recordedBefore' | 'reason'>,
  act: Act,
): Promise<AuditTask> {
  const { afterSeq, throughSeq, kind, reason } = command
  const size = await readParameter(tx, 'identity.audit.sample', null, act.now)
  const within = await readParameter(tx, 'identity.audit.complete_within', null, act.now)
  const { items, ...drawn } = await drawSample(tx, { afterSeq, throughSeq }, size.value)
  const { dueAt } = companyDeadline(await companyCalendar(tx), within.value, act.now)
  const task: AuditTask = {
    id: randomUUID(),
    ...command,
    state: 'open',
    ...drawn,
    items: items.length,
    openItems: items.length,
    anomalies: 0,
    openedAt: act.now,
    openedBy: act.actor,
    dueAt: dueAt ?? weekdayDeadline(within.value, act.now),
    parameterVersions: {
      'identity.audit.sample': size.version,
      'identity.audit.complete_within': within.version,
    },
    ...UNSIGNED,
    version: 1,
  }
  await tx.insert(AuditTaskEntity, task)
  await tx.insert(
    AuditItemEntity,
    items.map((item) => ({ ...item, taskId: task.id })),
  )
  const fact = {
    ...{ taskId: task.id, kind, afterSeq, throughSeq, seed: task.seed, items: items.length },
    ...{ reason, openedAt: act.now.toISOString(), dueAt: task.dueAt.toISOString() },
  }
  await appendEvent(tx, 'identity', AuditOpened, task.id, fact, act)
  return task
}

const UNSIGNED = {
  conclusion: null,
  summary: null,
  ledger: null,
  report: null,
  sha256: null,
  keyId: null,
  signature: null,
  signedAt: null,
  signedBy: null,
  withinTarget: null,
}

function weekdayDeadline(target: Parameters<typeof companyDeadline>[1], from: Date): Date {
  const { dueAt } = companyDeadline(weekdays, target, from)
  if (dueAt === null) throw new TypeError('a calendar without holidays knows every year')
  return dueAt
}

async function isWorkingDay(tx: EntityManager, now: Date): Promise<boolean> {
  try {
    return isOpenOn(await companyCalendar(tx), now)
  } catch (error) {
    if (error instanceof CalendarYearMissing) return isOpenOn(weekdays, now)
    throw error
  }
}

function isOpenOn(calendar: CompiledCalendar, now: Date): boolean {
  const midnight = dayStart(now)
  return workingTimeBetween(calendar, midnight, new Date(midnight.getTime() + dayMs - 1)) > 0
}

/** The first instant of the month of the first record; `null` while there is none. */
async function firstMonth(tx: EntityManager): Promise<Date | null> {
  const [first]: { at: Date }[] = await tx.query(
    'select recorded_at as at from audit_record order by seq limit 1',
  )
  return first === undefined ? null : monthStart(first.at)
}

/** Number of the last record that was made before an instant; 0: none. */
async function lastBefore(tx: EntityManager, at: Date): Promise<number> {
  const [last]: { seq: number }[] = await tx.query(
    `select coalesce(max(seq), 0)::float8 as seq from
       (select seq from audit_record where recorded_at < $1 order by recorded_at desc limit 1000) as latest`,
    [at],
  )
  return last?.seq ?? 0
}
