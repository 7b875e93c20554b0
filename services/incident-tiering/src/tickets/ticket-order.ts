import { said } from '@erp-steward/contracts/bilingual'
import { Priority } from '@erp-steward/contracts/values'
import { assertInstantKey, decodeCursor, unusableCursor } from '@erp-steward/service-kit/paging'
import { Type, type Static } from 'typebox'
import type { ListedTicket } from './ticket.ts'

export const TicketOrder = Type.Enum(
  ['openedAt', '-openedAt', 'changedAt', '-changedAt', 'priority'],
  {
    default: '-openedAt',
    description:
      'By the instant a ticket was opened or last changed, with `-` the newest first; `priority`: P1 first, of one priority the oldest. ' +
      'A cursor is good for the order it was made in. By `changedAt` one that changes meanwhile shows again at the end.',
  },
)
export type TicketOrder = Static<typeof TicketOrder>

/** Where a page begins: the sort key of the last row of the page before; `null`s for the first page. */
export interface TicketPosition {
  readonly at: string | null
  readonly id: string | null
  /** Only of the order by priority. */
  readonly priority: string | null
}

const isByChange = (sort: TicketOrder) => sort.endsWith('changedAt')

/** The sort key of a ticket, for the cursor; it names the order unless that is the newest first. */
export const ticketKeyOf =
  (sort: TicketOrder) =>
  ({ id, priority, openedAt, changedAt }: ListedTicket): readonly string[] => [
    (isByChange(sort) ? changedAt : openedAt).toISOString(),
    id,
    ...(sort === '-openedAt' ? [] : [sort]),
    ...(sort === 'priority' ? [priority] : []),
  ]

/**
 * Where the page begins.
 *
 * @throws Problem `cursor-unusable`, also for a cursor of another order
 */
export function ticketPosition(cursor: string | undefined, sort: TicketOrder): TicketPosition {
  const length = { '-openedAt': 2, priority: 4, openedAt: 3, changedAt: 3, '-changedAt': 3 }[sort]
  const [at, id, made = '-openedAt', priority = null] = decodeCursor(cursor, length) ?? []
  if (at === undefined || id === undefined) return { at: null, id: null, priority: null }
  const isKnown = priority === null || Priority.enum.some((each) => each === priority)
  if (made !== sort || !isKnown)
    throw unusableCursor(
      said('The cursor was made for another order of this list.', '该游标属于此列表的另一种排序。'),
    )
  assertInstantKey(at, id)
  return { at, id, priority }
}

/**
 * The SQL of an order: the condition that ticket `t` comes after a position, if there is one, and the sort. Each order has an
 * index.
 *
 * @param bind makes a parameter of a value
 */
export function ticketOrderSql(
  sort: TicketOrder,
  { at, id, priority }: TicketPosition,
  bind: (value: string) => string,
): { readonly after: string | null; readonly orderBy: string } {
  const [compare, direction] = sort.startsWith('-') ? ['<', ' desc'] : ['>', '']
  const keys = [
    ...(sort === 'priority' ? ['t.priority'] : []),
    isByChange(sort) ? 't.changed_at' : 't.opened_at',
    't.id',
  ]
  const position = [priority, at, id].filter((part) => part !== null).map(bind)
  return {
    after: at === null ? null : `(${keys.join(', ')}) ${compare} (${position.join(', ')})`,
    orderBy: keys.map((key) => key + direction).join(', '),
  }
}
