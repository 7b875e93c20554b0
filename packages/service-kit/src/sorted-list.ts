import { said } from '@erp-steward/contracts/bilingual'
import { Instant } from '@erp-steward/contracts/values'
import { Type } from 'typebox'
import { assertInstantKey, decodeCursor, decodeInstantCursor, unusableCursor } from './paging.ts'

/** By what a list may be sorted: when a row was made, or when it last changed; with `-` the newest first. */
export const listOrders = ['createdAt', '-createdAt', 'changedAt', '-changedAt'] as const
export type ListOrder = (typeof listOrders)[number]

/** Query member of lists that can be sorted. */
export const SortQuery = {
  sort: Type.Enum([...listOrders], {
    default: 'createdAt',
    description:
      'By the instant a row was made or last changed; with `-` the newest first. A cursor is good for the order it was made in.',
  }),
}

/** Query member `changedSince` of lists of rows that know when they last changed. */
export const ChangedSince = Type.Unsafe<string>({
  ...Instant,
  description:
    'Changed at this instant or later. A change that commits late may show a little later than its instant: a script that must miss nothing follows `/v1/changes-feed`.',
})

/** Where a page begins: instant and id of the last row of the page before, two `null`s for the first page. */
export type ListPosition = readonly [at: string | null, id: string | null]

/** The instant by which an order sorts. */
export const sortMember = (sort: ListOrder): 'createdAt' | 'changedAt' =>
  sort.endsWith('changedAt') ? 'changedAt' : 'createdAt'

/** The sort key of a row, for the cursor: rows of another order cannot be walked on with it. */
export const sortKeyOf =
  (sort: ListOrder) =>
  (row: { readonly id: string; readonly createdAt: Date; readonly changedAt: Date }) => [
    row[sortMember(sort)].toISOString(),
    row.id,
    ...(sort === 'createdAt' ? [] : [sort]),
  ]

/**
 * Where the page begins.
 *
 * @throws Problem `cursor-unusable`, also for a cursor of another order
 */
export function decodeSortCursor(cursor: string | undefined, sort: ListOrder): ListPosition {
  if (sort === 'createdAt') return decodeInstantCursor(cursor)
  const [at, id, made] = decodeCursor(cursor, 3) ?? []
  if (at === undefined || id === undefined) return [null, null]
  if (made !== sort)
    throw unusableCursor(
      said('The cursor was made for another order of this list.', '该游标属于此列表的另一种排序。'),
    )
  assertInstantKey(at, id)
  return [at, id]
}

/**
 * The SQL of an order: the condition that a row comes after the position in parameters `$at` and `$id`, and the sort.
 *
 * @param table alias whose `created_at`, `changed_at` and `id` are meant
 */
export function sortSql(
  sort: ListOrder,
  table: string,
  at: number,
): { readonly after: string; readonly orderBy: string } {
  const column = `${table}.${sortMember(sort) === 'changedAt' ? 'changed_at' : 'created_at'}`
  const [compare, direction] = sort.startsWith('-') ? ['<', ' desc'] : ['>', '']
  return {
    after: `($${String(at)}::timestamptz is null or (${column}, ${table}.id) ${compare} ($${String(at)}, $${String(at + 1)}))`,
    orderBy: `${column}${direction}, ${table}.id${direction}`,
  }
}
