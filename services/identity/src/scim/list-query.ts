import { createHash } from 'node:crypto'
import { decodeCursor, encodeCursor, unusableCursor } from '@erp-steward/service-kit/paging'
import { Type, type Static, type TObject } from 'typebox'
import type { Json } from './rules/attribute.ts'
import { LONGEST_FILTER } from './rules/filter.ts'

export const LIST_RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'

/** Resources on a page where the caller does not say, and at most. */
export const DEFAULT_COUNT = 50
export const MOST_RESOURCES = 200

/** Numbers that mean something else where they are too small or too large, but that are numbers. */
const ANY_NUMBER = { minimum: -2_147_483_648, maximum: 2_147_483_647 }

/** What of a resource is answered. Source: RFC 7644, 3.9. */
export const SelectionQuery = {
  attributes: Type.Optional(
    Type.String({
      maxLength: 2_000,
      description: 'Only these attributes: names with commas between them.',
    }),
  ),
  excludedAttributes: Type.Optional(
    Type.String({
      maxLength: 2_000,
      description: 'All attributes but these: names with commas between them.',
    }),
  ),
}

/** Which resources are answered, in which order and from where on. Sources: RFC 7644, 3.4.2; RFC 9865. */
export const ListQuery = {
  filter: Type.Optional(
    Type.String({
      maxLength: LONGEST_FILTER,
      description: 'A filter of RFC 7644, 3.4.2.2: `userName eq "ZHANG.SAN"`.',
    }),
  ),
  sortBy: Type.Optional(
    Type.String({
      maxLength: 200,
      description: 'An attribute; without it by the instant they were made.',
    }),
  ),
  sortOrder: Type.Optional(
    Type.Enum(['ascending', 'descending'], { description: 'Ascending unless said.' }),
  ),
  startIndex: Type.Optional(
    Type.Integer({ ...ANY_NUMBER, description: 'The first to answer, from 1; less is 1.' }),
  ),
  count: Type.Optional(
    Type.Integer({
      ...ANY_NUMBER,
      description: `Most resources to answer, ${String(DEFAULT_COUNT)} unless said, ${String(MOST_RESOURCES)} at most; 0 or less: only how many there are.`,
    }),
  ),
  cursor: Type.Optional(
    Type.String({
      maxLength: 500,
      description: 'Instead of startIndex: empty for the first page, then `nextCursor` (RFC 9865).',
    }),
  ),
}
export type ListQuery = Static<TObject<typeof ListQuery>>

/** How many a page has, from 0. */
export const countOf = ({ count = DEFAULT_COUNT }: ListQuery) =>
  Math.min(Math.max(count, 0), MOST_RESOURCES)

/** How many are passed over before a page that begins by index. */
export const offsetOf = ({ startIndex = 1 }: ListQuery) =>
  Math.min(Math.max(startIndex, 1), 2_000_000_000) - 1

/** A cursor that only this filter and order take. */
export const cursorFor = (query: ListQuery, key: readonly (string | number)[]) =>
  encodeCursor([...key, digestOf(query)])

/**
 * What a cursor carries, `null` for the first page.
 *
 * @param length of its key
 * @throws Problem `cursor-unusable`, also for one of another filter or order
 */
export function keyOf(query: ListQuery, length: number): readonly string[] | null {
  const { cursor = '' } = query
  if (cursor === '') return null
  const key = decodeCursor(cursor, length + 1) ?? []
  if (key.at(-1) !== digestOf(query)) throw unusableCursor()
  return key.slice(0, -1)
}

function digestOf({ filter = '', sortBy = '', sortOrder = 'ascending' }: ListQuery): string {
  const text = JSON.stringify([filter, sortBy, sortOrder])
  return createHash('sha256').update(text).digest('base64url').slice(0, 12)
}

/** Resources that a query found, as they are answered. */
export interface Found {
  readonly total: number
  readonly resources: readonly Json[]
  /** `null` on the last page. */
  readonly nextCursor: string | null
}

/** The message of a list; where a cursor was asked for, the next one. */
export function listResponse(query: ListQuery, { total, resources, nextCursor }: Found) {
  const byCursor = query.cursor !== undefined
  return {
    schemas: [LIST_RESPONSE],
    totalResults: total,
    itemsPerPage: resources.length,
    ...(!byCursor && { startIndex: offsetOf(query) + 1 }),
    ...(byCursor && nextCursor !== null && { nextCursor }),
    Resources: resources,
  }
}
