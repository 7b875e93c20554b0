import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { AccessReviewerNamed } from '@erp-steward/contracts/grant-events'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertVersion } from '@erp-steward/service-kit/commit'
import type { EntityManager } from 'typeorm'
import { ModuleEntity } from '../organisation/module.ts'
import { UnitEntity } from '../organisation/unit.ts'
import { ReviewerEntity, type Reviewer } from './access-reviewer.ts'
import { assertFit } from './delegate-items.ts'

/**
 * Names who reviews what the people of a unit hold of a module, from the next review on; `null` names nobody.
 *
 * @param expected version from `If-Match`; `null` without, which is enough to create
 * @throws Problem `unit-unknown`, `not-found` (the module), `reviewer-unfit`, `precondition-required`, `version-stale`
 */
export async function putReviewer(
  tx: EntityManager,
  { unitId, moduleCode, personId, applications }: Omit<Reviewer, 'id' | 'version'>,
  expected: number | null,
  act: Act,
): Promise<{ readonly row: Reviewer; readonly isNew: boolean }> {
  if (!(await tx.existsBy(UnitEntity, { id: unitId, active: true })))
    throw new Problem(
      'unit-unknown',
      said(`There is no active unit ${unitId}.`, `没有启用的单位 ${unitId}。`),
    )
  if (!(await tx.existsBy(ModuleEntity, { code: moduleCode, active: true })))
    throw new Problem(
      'not-found',
      said(`There is no active module ${moduleCode}.`, `没有启用的模块 ${moduleCode}。`),
    )
  if (personId !== null) await assertFit(tx, personId)
  const fresh: Reviewer = {
    id: randomUUID(),
    unitId,
    moduleCode,
    personId,
    applications,
    version: 1,
  }
  const inserted: unknown[] = await tx.query(
    `insert into access_reviewer (id, unit_id, module_code, person_id, applications, version)
     values ($1, $2, $3, $4, $5, 1)
     on conflict on constraint access_reviewer_key do nothing returning id`,
    [fresh.id, unitId, moduleCode, personId, applications],
  )
  const isNew = inserted.length > 0
  const row = isNew ? fresh : await changed(tx, fresh, expected)
  if (isNew && expected !== null)
    throw new Problem(
      'version-stale',
      said('There is nothing to change yet.', '尚无可修改的内容。'),
    )
  const fact = { unitId, moduleCode, personId, applications, version: row.version }
  await appendEvent(tx, 'identity', AccessReviewerNamed, row.id, fact, act)
  return { row, isNew }
}

/** @throws Problem `precondition-required`, `version-stale` */
async function changed(
  tx: EntityManager,
  { unitId, moduleCode, personId, applications }: Reviewer,
  expected: number | null,
): Promise<Reviewer> {
  const row = await tx.findOneOrFail(ReviewerEntity, {
    where: { unitId, moduleCode },
    lock: { mode: 'pessimistic_write' },
  })
  if (expected === null)
    throw new Problem(
      'precondition-required',
      said(
        'It exists: send the ETag you read in If-Match.',
        '该条目已存在：请在 If-Match 中发送您读到的 ETag。',
      ),
    )
  assertVersion(row.version, expected)
  const next = { ...row, personId, applications, version: row.version + 1 }
  await tx.save(ReviewerEntity, next)
  return next
}
