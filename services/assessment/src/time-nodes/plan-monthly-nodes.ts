import type { Act } from '@erp-steward/contracts/act'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { UnitEntity } from '@erp-steward/directory/directory'
import { CalendarYearMissing } from '@erp-steward/work-calendar/calendar-year-missing'
import type { CompiledCalendar } from '@erp-steward/work-calendar/compile-calendar'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { companyCalendar } from '@erp-steward/service-kit/company-calendar'
import { derivedId } from '../facts/derived-id.ts'
import { monthOf, nextMonth } from '../months/rules/month.ts'
import { nodeDueAt, parseNode } from './rules/node-due-at.ts'
import { UNFINISHED, watchNode, type TimeNode } from './time-node.ts'

/**
 * Each day: the time nodes of the next month, of each unit that uses the ERP, once each; with `current` also those of this
 * month that are still to come, for a month whose year was not known when it began. Source.
 */
export const planMonthlyNodes = defineTask(
  'plan-monthly-nodes',
  Type.Object({ current: Type.Optional(Type.Boolean()) }),
  async (tx, { current = false }, act) => {
    const thisMonth = monthOf(act.now)
    const months = [...(current ? [thisMonth] : []), nextMonth(thisMonth)]
    const calendar = await companyCalendar(tx)
    const units = await tx.find(UnitEntity, {
      where: { usesErp: true, active: true },
      order: { id: 'asc' },
    })
    for (const { id } of units) {
      const { value } = await readParameter(tx, 'assessment.calendar.nodes', id, act.now)
      for (const month of months)
        for (const text of value) await planNode(tx, calendar, id, month, text, act)
    }
  },
)

async function planNode(
  tx: EntityManager,
  calendar: CompiledCalendar,
  unitId: string,
  month: string,
  text: string,
  act: Act,
) {
  const parsed = parseNode(text)
  const dueAt = dueOf(calendar, month, parsed)
  // The year's holidays are not known yet: it is planned when they are. Nobody can keep what was due before it was planned.
  if (dueAt === null || dueAt <= act.now) return
  const node: TimeNode = {
    id: derivedId('monthly-node', unitId, month, parsed.code),
    code: parsed.code,
    title: `${parsed.code} ${month}`,
    unitId,
    departmentId: null,
    personId: null,
    month,
    dueAt,
    isUrgent: false,
    state: 'open',
    plannedBy: act.actor,
    plannedByPeople: [],
    plannedAt: act.now,
    ...UNFINISHED,
    missedAt: null,
    version: 1,
  }
  const inserted: unknown[] = await tx.query(
    `insert into time_node
       (id, code, title, unit_id, month, due_at, is_urgent, state, planned_by, planned_by_people, planned_at,
        completed_by_controllers, version)
     values ($1, $2, $3, $4, $5, $6, false, 'open', $7, '{}', $8, '{}', 1)
     on conflict (id) do nothing returning id`,
    [node.id, node.code, node.title, unitId, month, dueAt, node.plannedBy, node.plannedAt],
  )
  if (inserted.length === 1) await watchNode(tx, node, act)
}

function dueOf(
  calendar: CompiledCalendar,
  month: string,
  node: ReturnType<typeof parseNode>,
): Date | null {
  try {
    return nodeDueAt(month, node, calendar)
  } catch (error) {
    if (error instanceof CalendarYearMissing) return null
    throw error
  }
}
