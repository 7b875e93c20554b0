import type { EntityManager, EntitySchema, FindOperator, SelectQueryBuilder } from 'typeorm'

/** Members of rows with the value that a caller asks for, or what it has to fit; `undefined` and `null` ask for nothing. */
type Filter<Row> = {
  readonly [Name in keyof Row]?: Row[Name] | FindOperator<Row[Name]> | null | undefined
}

/** At most `limit` rows from where the page before ended. */
interface Stretch<After> {
  readonly after: After
  readonly limit: number
}

/** Rows that fit, newest first by an instant and then by id; for `byInstant` of the same member. */
export function newestFirst<Row extends { id: string }>(
  tx: EntityManager,
  entity: EntitySchema<Row>,
  member: keyof Row & string,
  { after: [at, id], limit }: Stretch<readonly [at: string | null, id: string | null]>,
  filter: Filter<Row>,
): Promise<Row[]> {
  const found = fitting(tx, entity, filter)
    .orderBy(`listed.${member}`, 'DESC')
    .addOrderBy('listed.id', 'DESC')
    .limit(limit)
  if (at !== null) found.andWhere(`(listed.${member}, listed.id) < (:at, :id)`, { at, id })
  return found.getMany()
}

/** Rows that fit, by a text that no two share; for `byText` of the same member. */
export function inOrder<Row extends object>(
  tx: EntityManager,
  entity: EntitySchema<Row>,
  member: keyof Row & string,
  { after, limit }: Stretch<string>,
  filter: Filter<Row>,
): Promise<Row[]> {
  return fitting(tx, entity, filter)
    .andWhere(`listed.${member} > :after`, { after })
    .orderBy(`listed.${member}`)
    .limit(limit)
    .getMany()
}

function fitting<Row extends object>(
  tx: EntityManager,
  entity: EntitySchema<Row>,
  filter: Filter<Row>,
): SelectQueryBuilder<Row> {
  const found = tx.createQueryBuilder(entity, 'listed')
  for (const [name, value] of Object.entries(filter))
    if (value !== undefined && value !== null) found.andWhere({ [name]: value })
  return found
}
