import { createHash } from 'node:crypto'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { unusableCursor } from '@erp-steward/service-kit/paging'
import type { EntityManager } from 'typeorm'
import { MOST_OPENED } from '../people/search-page.ts'
import { Group, GROUP } from './group-resource.ts'
import { countOf, cursorFor, keyOf, offsetOf, type Found, type ListQuery } from './list-query.ts'
import type { Json } from './rules/attribute.ts'
import { parseFilter, type Filter } from './rules/filter.ts'
import { matches, type ValuesAt } from './rules/matches.ts'
import { asksFor, type Selection } from './rules/project.ts'
import { sorted, sortKeyAt, sortPlace } from './rules/sort.ts'
import type { ScimBase } from './show-user.ts'
import { isId, type UserRange } from './users-in-range.ts'

interface GroupRow {
  readonly id: string
  readonly code: string
  readonly name: string
  readonly version: number
}

export interface GroupQuery {
  readonly range: UserRange
  readonly query: ListQuery
  readonly base: ScimBase
  readonly selection: Selection
}

/**
 * Positions that fit a filter. There are few enough to look at all of them; who is in them is read only where it is asked for.
 *
 * @throws Problem `scim-filter-refused`, `scim-path-refused`, `scim-too-many`, `cursor-unusable`
 */
export async function listGroups(
  tx: EntityManager,
  { range, query, base, selection }: GroupQuery,
): Promise<Found> {
  const filter = query.filter === undefined ? null : parseFilter(query.filter, Group)
  const place = sortPlace(Group, query.sortBy)
  const rows: GroupRow[] = await tx.query(
    'select id, code, name, version from position where active order by code',
  )
  const [from] = keyOf(query, 1) ?? []
  if (from !== undefined && !/^\d{1,9}$/.test(from)) throw unusableCursor()
  const membersOf = asksForMembers(filter) ? await members(tx, range, null) : noMembers
  const valuesOf = (row: GroupRow) => valuesOfGroup(row, membersOf)
  const fitting = rows.filter((row) => filter === null || matches(filter, valuesOf(row)))
  const descending = query.sortOrder === 'descending'
  const ordered =
    place !== null
      ? sorted(
          fitting.map((row) => ({ row, key: sortKeyAt(place, valuesOf(row)) })),
          descending,
        )
      : descending
        ? fitting.toReversed()
        : fitting
  const offset = query.cursor === undefined ? offsetOf(query) : Number(from ?? 0)
  const end = offset + countOf(query)
  const shown = ordered.slice(offset, end)
  const ids = shown.map(({ id }) => id)
  const inside = asksFor(selection, 'members') ? await members(tx, range, ids) : noMembers
  return {
    total: fitting.length,
    resources: shown.map((row) => showGroup(row, inside.get(row.id) ?? [], base)),
    nextCursor: end < ordered.length && end > offset ? cursorFor(query, [end]) : null,
  }
}

/** The position with an id, `null` for none; with its members where the selection asks for them. */
export async function readGroup(
  tx: EntityManager,
  range: UserRange,
  id: string,
  selection: Selection,
  base: ScimBase,
): Promise<Json | null> {
  if (!isId(id)) return null
  const [row]: GroupRow[] = await tx.query(
    'select id, code, name, version from position where active and id = $1',
    [id],
  )
  if (row === undefined) return null
  const inside = asksFor(selection, 'members') ? await members(tx, range, [id]) : noMembers
  return showGroup(row, inside.get(id) ?? [], base)
}

function showGroup(
  { id, code, name, version }: GroupRow,
  users: readonly string[],
  base: ScimBase,
) {
  const group = {
    schemas: [GROUP],
    id,
    externalId: code,
    displayName: name,
    members: users.map((value) => ({ value, $ref: `${base}/Users/${value}`, type: 'User' })),
    meta: { resourceType: 'Group', location: `${base}/Groups/${id}` },
  }
  const digest = createHash('sha256').update(JSON.stringify(group)).digest('hex').slice(0, 12)
  return { ...group, meta: { ...group.meta, version: `W/"${String(version)}-${digest}"` } }
}

const noMembers: ReadonlyMap<string, readonly string[]> = new Map()

function asksForMembers(filter: Filter | null): boolean {
  if (filter === null) return false
  if ('at' in filter) return filter.at.attribute.name === 'members'
  return filter.kind === 'not' ? asksForMembers(filter.of) : filter.of.some(asksForMembers)
}

/**
 * Users in positions, of the caller's range.
 *
 * @throws Problem `scim-too-many` for more than are opened of anything in one request
 */
async function members(
  tx: EntityManager,
  { unitId }: UserRange,
  positionIds: readonly string[] | null,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows: { positionId: string; id: string }[] = await tx.query(
    `select person.position_id as "positionId", person.id from person
       join account on account.person_id = person.id and account.administrator_role is null
      where person.active and ($1::uuid is null or person.unit_id = $1)
        and ($2::uuid[] is null or person.position_id = any($2)) order by person.created_at, person.id limit $3`,
    [unitId, positionIds, MOST_OPENED + 1],
  )
  if (rows.length > MOST_OPENED)
    throw new Problem(
      'scim-too-many',
      said(
        `There are more than ${String(MOST_OPENED)} members: list users by groups.value instead.`,
        `成员超过 ${String(MOST_OPENED)} 名：请改为按 groups.value 列出用户。`,
      ),
    )
  const grouped = Map.groupBy(rows, ({ positionId }) => positionId)
  return new Map([...grouped].map(([id, users]) => [id, users.map((user) => user.id)]))
}

function valuesOfGroup(
  { id, code, name }: GroupRow,
  membersOf: ReadonlyMap<string, readonly string[]>,
): ValuesAt {
  const users = membersOf.get(id) ?? []
  const values: Readonly<Record<string, readonly unknown[]>> = {
    id: [id],
    externalId: [code],
    displayName: [name],
    meta: [true],
    'meta.resourceType': ['Group'],
    members: users.map((value) => ({ value, type: 'User' })),
    'members.value': users,
    'members.type': users.length > 0 ? ['User'] : [],
  }
  return ({ key }) => {
    const found = values[key]
    if (found === undefined)
      throw new Problem(
        'scim-filter-refused',
        said(
          `${key} is worked out when it is read: it cannot be filtered by.`,
          `${key} 在读取时计算得出，不能用于筛选。`,
        ),
      )
    return found
  }
}
