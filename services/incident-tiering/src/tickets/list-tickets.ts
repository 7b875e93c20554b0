import { columnsOf } from '@erp-steward/service-kit/entity'
import type { EntityManager } from 'typeorm'
import { overdueClock } from '../clocks/ticket-clock.ts'
import { ticketOrderSql, type TicketOrder, type TicketPosition } from './ticket-order.ts'
import { TicketEntity, type ListedTicket } from './ticket.ts'

const COLUMNS = columnsOf(TicketEntity, 't')

export interface TicketFilter {
  readonly unitId?: string | undefined
  /** Of whoever opened it, as it is now. */
  readonly departmentId?: string | undefined
  /** Whoever opened it or works on it. */
  readonly personId?: string | undefined
  readonly state?: string | undefined
  readonly tier?: string | undefined
  readonly priority?: string | undefined
  readonly category?: string | undefined
  readonly moduleCode?: string | undefined
  /** Whether somebody should have acted before `now`. */
  readonly overdue?: boolean | undefined
  /** Changed at this instant or later. */
  readonly changedSince?: string | undefined
  readonly now: Date
  /** A caller whose range is one unit sees that unit's tickets, and those of the tiers the caller serves. */
  readonly onlyUnitId: string | null
  readonly callerId: string | null
  readonly sort: TicketOrder
  readonly after: TicketPosition
  readonly limit: number
}

/** Tickets that fit, in the order asked for. */
export async function listTickets(
  tx: EntityManager,
  filter: TicketFilter,
): Promise<ListedTicket[]> {
  const { text, values } = ticketsThatFit(filter)
  return tx.query(text, values)
}

/** The statement of a list. Only what is asked for is in it, so that an index can serve that. */
export function ticketsThatFit(filter: TicketFilter): { text: string; values: unknown[] } {
  const values: unknown[] = []
  const bind = (value: unknown) => `$${String(values.push(value))}`
  const { overdue, onlyUnitId, callerId, now } = filter
  const { after, orderBy } = ticketOrderSql(filter.sort, filter.after, bind)
  const conditions: (string | null)[] = [after]
  const asked = (value: unknown, condition: (parameter: string) => string) => {
    if (value !== undefined) conditions.push(condition(bind(value)))
  }
  asked(filter.unitId, (id) => `t.unit_id = ${id}`)
  asked(filter.state, (state) => `t.state = ${state}`)
  asked(filter.tier, (tier) => `t.tier = ${tier}`)
  asked(filter.priority, (priority) => `t.priority = ${priority}`)
  asked(filter.category, (category) => `t.category = ${category}`)
  asked(filter.moduleCode, (code) => `t.module_code = ${code}`)
  asked(filter.personId, (id) => `(t.reporter_person_id = ${id} or t.owner_person_id = ${id})`)
  asked(
    filter.departmentId,
    (id) => `t.reporter_person_id in (select id from person where department_id = ${id})`,
  )
  asked(filter.changedSince, (since) => `t.changed_at >= ${since}`)
  if (overdue !== undefined) {
    const clocks = `(select from ticket_clock c where c.ticket_id = t.id and ${overdueClock(bind(now))})`
    conditions.push(`${overdue ? '' : 'not '}exists ${clocks}`)
  }
  if (onlyUnitId !== null)
    conditions.push(
      `(t.unit_id = ${bind(onlyUnitId)} or exists (
          select from key_user k where k.person_id = ${bind(callerId)} and k.ended_at is null and k.tier <> 'L1'
            and k.kind = t.kind and (k.module_code is null or k.module_code = t.module_code)))`,
    )
  const where = conditions.filter((condition) => condition !== null).join(' and ')
  const text = `select ${COLUMNS} from ticket t where ${where === '' ? 'true' : where}
                 order by ${orderBy} limit ${bind(filter.limit)}`
  return { text, values }
}
