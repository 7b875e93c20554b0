import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { assertInstantKey, unusableCursor } from '@erp-steward/service-kit/paging'
import type { EntityManager } from 'typeorm'
import { MOST_OPENED } from '../people/search-page.ts'
import { countOf, cursorFor, keyOf, offsetOf, type Found, type ListQuery } from './list-query.ts'
import type { Json, Place } from './rules/attribute.ts'
import { parseFilter, type Filter } from './rules/filter.ts'
import { matches } from './rules/matches.ts'
import { sorted, sortKeyAt, sortPlace, type SortKey } from './rules/sort.ts'
import { showUser, valuesOfRow, type ScimBase } from './show-user.ts'
import { User } from './user-resource.ts'
import {
  countUsers,
  ebsStandings,
  filterIsExact,
  usersInRange,
  type UserOrder,
  type UserRange,
  type UserRow,
} from './users-in-range.ts'

/** Rows that are opened between two looks at the clock of the process. */
const STRIDE = 1_000

const ORDERS: Readonly<Record<string, UserOrder>> = {
  'meta.created': 'created',
  'meta.lastModified': 'lastModified',
}

/** Users that fit a query, whole, and how many there are in all. */
export interface UserQuery {
  readonly range: UserRange
  readonly query: ListQuery
  readonly base: ScimBase
  readonly now: Date
}

/**
 * Users that fit a filter, exactly. What PostgreSQL cannot compare, because it is sealed, is opened, of at most `MOST_OPENED`
 * people: beyond that the query is refused, for part of a list would pass for all of it.
 *
 * @throws Problem `scim-filter-refused`, `scim-path-refused`, `scim-too-many`, `cursor-unusable`
 */
export async function listUsers(tx: EntityManager, wanted: UserQuery): Promise<Found> {
  const { query, base, now } = wanted
  const filter = query.filter === undefined ? null : parseFilter(query.filter, User)
  const place = sortPlace(User, query.sortBy)
  const order = place === null ? 'created' : ORDERS[place.key]
  const { total, rows, nextCursor } =
    order !== undefined && filterIsExact(tx, filter)
      ? await inOrder(tx, wanted, filter, order)
      : await byOpening(tx, wanted, filter)
  return { total, nextCursor, resources: await showUsers(tx, rows, base, now) }
}

/** Rows as SCIM has them. */
export async function showUsers(
  tx: EntityManager,
  rows: readonly UserRow[],
  base: ScimBase,
  now: Date,
): Promise<Json[]> {
  if (rows.length === 0) return []
  const accounts = rows.map(({ accountId }) => accountId)
  const standings = await ebsStandings(tx, accounts, now)
  return rows.flatMap((row): Json[] => {
    const standing = standings.get(row.accountId)
    return standing === undefined ? [] : [showUser(tx, row, standing, base)]
  })
}

interface Rows {
  readonly total: number
  readonly rows: readonly UserRow[]
  readonly nextCursor: string | null
}

/** A page that PostgreSQL finds and sorts. */
async function inOrder(
  tx: EntityManager,
  { range, query }: UserQuery,
  filter: Filter | null,
  order: UserOrder,
): Promise<Rows> {
  const key = keyOf(query, 2)
  const [at = '', id = ''] = key ?? []
  if (key !== null) assertInstantKey(at, id)
  const count = countOf(query)
  const byCursor = query.cursor !== undefined
  const [total, found] = await Promise.all([
    countUsers(tx, range, filter),
    count === 0
      ? []
      : usersInRange(tx, {
          ...range,
          filter,
          order,
          descending: query.sortOrder === 'descending',
          after: key === null ? null : [at, id],
          offset: byCursor ? 0 : offsetOf(query),
          limit: count + 1,
        }),
  ])
  const rows = found.slice(0, count)
  const last = rows.at(-1)
  const instant = order === 'created' ? last?.createdAt : last?.changedAt
  const nextCursor =
    found.length > count && last !== undefined && instant !== undefined
      ? cursorFor(query, [instant.toISOString(), last.id])
      : null
  return { total, rows, nextCursor }
}

/** A page of what fits once it is opened; its cursor counts what came before. */
async function byOpening(
  tx: EntityManager,
  { range, query }: UserQuery,
  filter: Filter | null,
): Promise<Rows> {
  const place = sortPlace(User, query.sortBy)
  const fitting = await opened(tx, range, filter, place)
  const descending = query.sortOrder === 'descending'
  const asTheyCame = fitting.map(({ row }) => row)
  const ordered =
    place !== null ? sorted(fitting, descending) : descending ? asTheyCame.toReversed() : asTheyCame
  const [from] = keyOf(query, 1) ?? []
  if (from !== undefined && !/^\d{1,9}$/.test(from)) throw unusableCursor()
  const offset = query.cursor === undefined ? offsetOf(query) : Number(from ?? 0)
  const end = offset + countOf(query)
  return {
    total: fitting.length,
    rows: ordered.slice(offset, end),
    nextCursor: end < ordered.length && end > offset ? cursorFor(query, [end]) : null,
  }
}

/**
 * Those that fit, with what they are sorted by: opened in strides, so that others have their turn.
 *
 * @throws Problem `scim-too-many`
 */
async function opened(
  tx: EntityManager,
  range: UserRange,
  filter: Filter | null,
  place: Place | null,
): Promise<{ readonly row: UserRow; readonly key: SortKey }[]> {
  if ((await countUsers(tx, range, filter)) > MOST_OPENED)
    throw new Problem(
      'scim-too-many',
      said(
        `More than ${String(MOST_OPENED)} people would have to be opened for this filter or order.`,
        `此筛选或排序须解密超过 ${String(MOST_OPENED)} 名人员的数据。`,
      ),
    )
  const fitting: { readonly row: UserRow; readonly key: SortKey }[] = []
  let after: readonly [string, string] | null = null
  for (;;) {
    const rows: UserRow[] = await usersInRange(tx, {
      ...range,
      filter,
      order: 'created',
      descending: false,
      after,
      offset: 0,
      limit: STRIDE,
    })
    for (const row of rows) {
      const valuesAt = valuesOfRow(tx, row)
      if (filter !== null && !matches(filter, valuesAt)) continue
      fitting.push({ row, key: place === null ? null : sortKeyAt(place, valuesAt) })
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < STRIDE) return fitting
    after = [last.createdAt.toISOString(), last.id]
  }
}
