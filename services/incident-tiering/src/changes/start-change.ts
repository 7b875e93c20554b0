import type { Act } from '@erp-steward/contracts/act'
import { ChangeStarted } from '@erp-steward/contracts/change-events'
import { said, together, type Bilingual } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { activePerson } from '@erp-steward/directory/directory'
import { durationMs } from '@erp-steward/regulation/duration'
import type { ParameterValue } from '@erp-steward/regulation/parameters'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { CalendarYearMissing } from '@erp-steward/work-calendar/calendar-year-missing'
import { addWorkingTime, targetMs } from '@erp-steward/work-calendar/working-time'
import type { EntityManager } from 'typeorm'
import {
  calendarOfUnit,
  compiledCalendar,
  ROUND_THE_CLOCK,
  type CalendarReference,
} from '../calendars/calendar.ts'
import { actingPerson } from './acting-person.ts'
import { askGate } from './ask-gate.ts'
import { incurDebt } from './change-debt.ts'
import { addChangeEntry } from './change-entry.ts'
import { assertState, lockChange, updateChange, type Change } from './change.ts'
import { lostPerson } from './lost-person.ts'
import { plannedTimeOfChange, type PlannedTimeOfChange } from './planned-time-of-change.ts'
import { objectionToTime } from './rules/planned-time.ts'
import { windowOfChange, type WindowOfChange } from './window-of-change.ts'

/**
 * The executor starts an approved or held change in its planned time: at once, or, where it may harm data or names a
 * system, by asking the backup gate, whose answer starts it. Sources, B-4.3.7.
 *
 * @throws Problem `change-not-found`, `version-stale`, `change-state`, `not-change-executor`, `person-unknown` (executor
 *   or owner of the way back has left), `approval-lapsed`, `outside-planned-time` with the planned time,
 *   `outside-change-window` with `nextWindow`, `validation-failed` (it needs a backup and names no system)
 */
export async function startChange(
  tx: EntityManager,
  changeId: string,
  expected: number,
  act: Act,
): Promise<Change> {
  const change = await lockChange(tx, changeId, expected)
  await assertExecutor(tx, change, act)
  assertState(change, 'approved', 'held')
  // Nobody would answer for the way back; the requester names somebody else, and the plan is approved anew.
  await activePerson(tx, change.rollbackOwnerPersonId)
  await assertPeople(tx, change)
  const planned = await plannedTimeOfChange(tx, change, act.now)
  const untimely = objectionToTime(planned, act.now)
  if (untimely !== null)
    throw new Problem('outside-planned-time', untimely, {
      plannedStart: planned.plannedStart.toISOString(),
      plannedEnd: planned.plannedEnd.toISOString(),
    })
  const window = await windowOfChange(tx, change, act.now)
  if (!window.isOpen)
    throw new Problem('outside-change-window', outsideWindow(window), { nextWindow: window.next })
  if (change.needsBackup) return askGate(tx, change, systemOf(change), act)
  return beginChange(tx, change, { askId: null, backupRunIds: [], planned, window }, act)
}

/** @throws Problem `not-change-executor` (has lost the right to it), `approval-lapsed` (of an approver) */
async function assertPeople(tx: EntityManager, change: Change) {
  const [cause, reasons] = (await lostPerson(tx, change)) ?? []
  if (cause === undefined) return
  throw new Problem(
    cause === 'approver-lost' ? 'approval-lapsed' : 'not-change-executor',
    together(reasons ?? []),
  )
}

/** @throws Problem `validation-failed` for a change of before kinds decided, whose requester must name the system */
function systemOf({ systemCode, kind }: Change): string {
  if (systemCode !== null) return systemCode
  const detail = said(
    `A change of kind ${kind} may harm data; its requester names the system first.`,
    `类型为 ${kind} 的变更可能损害数据；申请人须先指明系统。`,
  )
  throw new Problem('validation-failed', detail, { errors: [{ pointer: '#/systemCode', detail }] })
}

/** What let a change start. */
export interface StartGrounds {
  /** The gate's answer; `null` where none is needed. */
  readonly askId: string | null
  readonly backupRunIds: readonly string[]
  readonly planned: PlannedTimeOfChange
  readonly window: WindowOfChange
}

/** The change is being carried out from now on. The caller holds its lock and has looked at window and gate. */
export async function beginChange(
  tx: EntityManager,
  change: Change,
  { askId, backupRunIds, planned, window }: StartGrounds,
  act: Act,
): Promise<Change> {
  const papers = change.class === 'emergency' ? await papersOf(tx, change.unitId, act) : null
  const started = await updateChange(tx, change, {
    state: 'started',
    startedAt: act.now,
    backupRunIds: [...backupRunIds],
    parameterVersions: { ...planned.versions, ...window.versions, ...papers?.versions },
    heldCause: null,
    heldReasons: [],
    papersDueAt: papers?.dueAt ?? null,
  })
  if (papers !== null) await oweSkipped(tx, started, papers, window, act)
  const words = [said('Started.', '已开始。')]
  if (askId !== null)
    words.push(said(`Backups: ${backupRunIds.join(', ')}.`, `备份：${backupRunIds.join('、')}。`))
  await addChangeEntry(tx, change.id, 'started', together(words), act)
  await appendEvent(
    tx,
    'incident-tiering',
    ChangeStarted,
    change.id,
    {
      changeId: change.id,
      number: change.number,
      askId,
      executorPersonId: change.executorPersonId,
      needsBackup: change.needsBackup,
      backupRunIds: [...backupRunIds],
      startedAt: act.now.toISOString(),
    },
    act,
  )
  return started
}

/**
 * What an emergency skipped is owed: its papers and, where it was not given, the unit's approval, both as soon as the
 * papers; the review of a start outside the windows of minor changes or in a freeze as soon after its planned end.
 */
async function oweSkipped(
  tx: EntityManager,
  change: Change,
  papers: { readonly dueAt: Date; readonly dueAfter: (from: Date) => Promise<Date> },
  { isSkipped }: WindowOfChange,
  act: Act,
) {
  await incurDebt(tx, change, 'papers', papers.dueAt, act)
  if (change.unitApproverPersonId === null)
    await incurDebt(tx, change, 'unit-approval', papers.dueAt, act)
  if (isSkipped)
    await incurDebt(tx, change, 'review', await papers.dueAfter(change.plannedEnd), act)
}

/** Why the window is closed and when it opens, as a sentence. */
export function outsideWindow({ next, unknownYears }: WindowOfChange): Bilingual {
  if (next !== null)
    return said(
      `No change starts now; the next window opens at ${next.from.toISOString()}.`,
      `现在不得开始变更；下一个变更窗口于 ${next.from.toISOString()} 开放。`,
    )
  return unknownYears.length === 0
    ? said(
        'No change starts now, and no window opens in the next two months.',
        '现在不得开始变更，且未来两个月内没有变更窗口。',
      )
    : said(
        `The holidays of ${unknownYears.join(', ')} are not known, so the freeze has no end.`,
        `${unknownYears.join('、')} 年的法定节假日尚未录入，因此封网没有结束时间。`,
      )
}

/** @throws Problem `not-change-executor`, `person-unknown` if the executor has left */
export async function assertExecutor(tx: EntityManager, change: Change, act: Act): Promise<void> {
  if (act.personId !== change.executorPersonId)
    throw new Problem(
      'not-change-executor',
      said('The executor named in the change does this.', '须由变更中指定的执行人办理。'),
    )
  await actingPerson(tx, act)
}

/** Until when the papers are due, and under which version of the parameter. */
async function papersOf(tx: EntityManager, unitId: string, act: Act) {
  const key = 'incident.change.emergency.paper_within'
  const { value, version } = await readParameter(tx, key, unitId, act.now)
  const dueAfter = (from: Date) => papersDueAt(tx, value, unitId, from)
  return { dueAt: await dueAfter(act.now), dueAfter, versions: { [key]: version } }
}

async function papersDueAt(
  tx: EntityManager,
  value: ParameterValue<'incident.change.emergency.paper_within'>,
  unitId: string,
  from: Date,
): Promise<Date> {
  const target =
    'within' in value
      ? { milliseconds: durationMs(value.within) }
      : { workingDays: value.workingDays }
  const due = async (reference: CalendarReference) => {
    const calendar = await compiledCalendar(tx, reference)
    return addWorkingTime(calendar, from, targetMs(calendar, target))
  }
  if (value.clock === 'continuous') return due(ROUND_THE_CLOCK)
  try {
    return await due(await calendarOfUnit(tx, unitId))
  } catch (error) {
    // An emergency does not wait for a year of holidays; round the clock the papers are due earlier, never later.
    if (error instanceof CalendarYearMissing) return due(ROUND_THE_CLOCK)
    throw error
  }
}
