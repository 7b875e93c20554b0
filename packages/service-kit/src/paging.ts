import { isInstant } from '@erp-steward/contracts/calendar-text'
import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { Type, type TSchema } from 'typebox'

/** Rows on a page when the caller does not say. */
const DEFAULT_LIMIT = 50
/** Most rows on a page. */
export const MAX_LIMIT = 200

/**
 * What every cursor looks like, so that most of what is none fails by the schema: a JSON list in base64url, whose first
 * member is a text (`["`) or a number.
 */
const CURSOR = '^W[yz][A-Za-z0-9_-]{2,}$'

/** Query members of every list. */
export const PageQuery = {
  limit: Type.Integer({
    minimum: 1,
    maximum: MAX_LIMIT,
    default: DEFAULT_LIMIT,
    description: 'Most rows to answer.',
  }),
  cursor: Type.Optional(
    Type.String({
      maxLength: 500,
      pattern: CURSOR,
      description: 'Opaque: `next` of the page before, of the same list.',
    }),
  ),
}

/** A page of a list: its rows, and `next` for the following page, `null` on the last. */
export const pageOf = <Row extends TSchema>(row: Row) =>
  Type.Object(
    {
      items: Type.Array(row, { description: 'The rows of this page, in the order of the list.' }),
      next: Type.Union([Type.String(), Type.Null()], {
        description: '`cursor` of the page that follows; null on the last.',
      }),
    },
    nameAfter(row, 'Page'),
  )

/** A list that is short enough to be answered whole. */
export const listOf = <Row extends TSchema>(row: Row) =>
  Type.Object(
    { items: Type.Array(row, { description: 'All of them; there are no pages.' }) },
    nameAfter(row, 'List'),
  )

/** The name of what is made of named things, none where they have none. */
function nameAfter(row: TSchema, suffix: string): { readonly title?: string } {
  const { title } = row as { readonly title?: string }
  return title === undefined ? {} : { title: title + suffix }
}

/** What a list is sorted by: how a cursor is read, and what of the last row the next one carries. */
export interface Sorting<Row, After> {
  readonly after: (cursor: string | undefined) => After
  readonly keyOf: (row: Row) => readonly (string | number)[]
}

/** By id, which is in the order of making. */
export const byId: Sorting<{ readonly id: string }, string | null> = {
  after: decodeIdCursor,
  keyOf: ({ id }) => [id],
}

/** By an instant, and by id where two have the same. */
export const byInstant = <Member extends string>(
  member: Member,
): Sorting<
  { readonly id: string } & Readonly<Record<Member, Date>>,
  readonly [at: string | null, id: string | null]
> => ({
  after: decodeInstantCursor,
  keyOf: (row) => [row[member].toISOString(), row.id],
})

/** By a code or another text that no two rows share. */
export const byText = <Member extends string>(
  member: Member,
): Sorting<Readonly<Record<Member, string>>, string> => ({
  after: (cursor) => decodeCursor(cursor, 1)?.[0] ?? '',
  keyOf: (row) => [row[member]],
})

/** By a running number, a bigint as text. */
export const bySeq: Sorting<{ readonly seq: string }, string | null> = {
  after: (cursor) => {
    const [seq = null] = decodeCursor(cursor, 1) ?? []
    if (seq !== null) assertPart(/^\d{1,18}$/.test(seq))
    return seq
  },
  keyOf: ({ seq }) => [seq],
}

/**
 * A page whose cursor names its list, by operationId, so that no other list takes it for one of its own; a filter may change
 * from page to page, for the place of a row in the order stays what it is.
 */
export const boundTo = <Items>(
  list: string,
  { items, next }: { readonly items: Items; readonly next: string | null },
) => ({ items, next: next === null ? null : encodeCursor([...keyIn(next), list]) })

/**
 * The cursor of a request without the name of its list.
 *
 * @throws Problem `cursor-unusable` for one of another list
 */
export function cursorOf(list: string, cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined
  const key = keyIn(cursor)
  if (key.at(-1) !== list) throw unusableCursor()
  return encodeCursor(key.slice(0, -1))
}

/** A cursor that carries the sort key of the last row. */
export function encodeCursor(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

/**
 * The sort key in a cursor, `null` without a cursor; `length` is the number of members the list sorts by.
 *
 * @throws Problem `cursor-unusable`
 */
export function decodeCursor(cursor: string | undefined, length: number): readonly string[] | null {
  if (cursor === undefined) return null
  const key = keyIn(cursor)
  if (key.length !== length) throw unusableCursor()
  return key.map(String)
}

/** @throws Problem `cursor-unusable` */
function keyIn(cursor: string): readonly (string | number)[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (Array.isArray(key) && key.every(isPart)) return key
  } catch {
    // Falls through: whatever is wrong with the text, it is not a cursor of ours.
  }
  throw unusableCursor()
}

/** PostgreSQL takes no NUL in a text. */
const isPart = (part: unknown): part is string | number =>
  typeof part === 'number' || (typeof part === 'string' && !part.includes('\u0000'))

/** The refusal of a cursor that is one, but of another list or order; `parameter` is what the operation calls it. */
export function unusableCursor(
  detail: Bilingual = said('The cursor was not made by this list.', '该游标不属于此列表。'),
  parameter = 'cursor',
): Problem {
  return new Problem('cursor-unusable', detail, { errors: [{ parameter, detail }] })
}

/**
 * The id in a cursor of a list that sorts by a UUID, `null` without a cursor.
 *
 * @throws Problem `cursor-unusable`
 */
export function decodeIdCursor(cursor: string | undefined): string | null {
  const [id = null] = decodeCursor(cursor, 1) ?? []
  if (id !== null) assertPart(UUID.test(id))
  return id
}

/**
 * Instant and id in a cursor of a list that sorts by both, two `null`s without a cursor.
 *
 * @throws Problem `cursor-unusable`
 */
export function decodeInstantCursor(
  cursor: string | undefined,
): readonly [at: string | null, id: string | null] {
  const [at = null, id = null] = decodeCursor(cursor, 2) ?? []
  if (at !== null && id !== null) assertInstantKey(at, id)
  return [at, id]
}

/** @throws Problem `cursor-unusable` if these are not the instant and the id of a row */
export function assertInstantKey(at: string, id: string): void {
  assertPart(isInstant(at) && new Date(at).toISOString() === at && UUID.test(id))
}

/** As PostgreSQL writes it. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

function assertPart(fits: boolean) {
  if (!fits) throw unusableCursor()
}

/** Cuts the look-ahead row off `rows` (read with `limit + 1`) and makes the cursor for what follows. */
export function page<Row>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => readonly (string | number)[],
): { items: Row[]; next: string | null } {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return {
    items,
    next: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null,
  }
}
