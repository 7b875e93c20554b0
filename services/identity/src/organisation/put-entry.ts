import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { assertVersion } from '@erp-steward/service-kit/commit'
import type { EntityManager, EntitySchema, FindOptionsWhere, ObjectLiteral } from 'typeorm'

/** A row of the directory that people name by a code. */
export interface Entry extends ObjectLiteral {
  id: string
  code: string
  active: boolean
  version: number
}

export interface Put<Row> {
  readonly row: Row
  readonly outcome: 'created' | 'changed' | 'unchanged'
}

/**
 * Makes the entry be as `values` says: creates it, changes it, or does nothing when it is so already.
 *
 * @param expected version from `If-Match`; `null` without, which is enough to create or to leave unchanged
 * @throws Problem `precondition-required` (a change without `If-Match`), `version-stale`
 */
export async function putEntry<Row extends Entry>(
  tx: EntityManager,
  entity: EntitySchema<Row>,
  key: FindOptionsWhere<Row>,
  fresh: Row,
  values: Partial<Row>,
  expected: number | null,
): Promise<Put<Row>> {
  const inserted = await tx
    .createQueryBuilder()
    .insert()
    .into(entity)
    .values(fresh)
    .orIgnore()
    .returning('id')
    .execute()
  // `identifiers` is filled even when nothing was inserted.
  const raw: unknown = inserted.raw
  if (Array.isArray(raw) && raw.length === 1) {
    if (expected !== null)
      throw new Problem(
        'version-stale',
        said('There is nothing to change yet.', '尚无可修改的内容。'),
      )
    return { row: fresh, outcome: 'created' }
  }
  const row = await tx.findOneOrFail(entity, { where: key, lock: { mode: 'pessimistic_write' } })
  const differs = Object.entries(values).some(([member, value]) => row[member] !== value)
  if (expected !== null) assertVersion(row.version, expected)
  if (!differs) return { row, outcome: 'unchanged' }
  if (expected === null)
    throw new Problem(
      'precondition-required',
      said(
        'It exists: send the ETag you read in If-Match.',
        '该条目已存在：请在 If-Match 中发送您读到的 ETag。',
      ),
    )
  const changed: Row = { ...row, ...values, version: row.version + 1 }
  await tx.save(entity, changed)
  return { row: changed, outcome: 'changed' }
}

/**
 * Refuses to retire an entry to which active people belong. The caller has locked the entry's row, which a joiner
 * locks too, so nobody slips in.
 *
 * @throws Problem `entry-in-use`
 */
export async function assertNobodyIn(
  tx: EntityManager,
  column: 'unit_id' | 'department_id' | 'position_id',
  id: string,
): Promise<void> {
  const found: unknown[] = await tx.query(
    `select from person where ${column} = $1 and active limit 1`,
    [id],
  )
  if (found.length > 0)
    throw new Problem(
      'entry-in-use',
      said('Active people still belong to it.', '仍有在职人员属于它。'),
    )
}
