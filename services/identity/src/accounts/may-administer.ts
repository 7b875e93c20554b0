import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import { carriesRights, PositionEntity } from '../organisation/position.ts'
import { PersonEntity } from '../people/person.ts'
import { AccountEntity } from './account.ts'

/**
 * Refuses to make an administrator of somebody who has an account or whose position carries rights: the account would be
 * another pocket of somebody with a business role. Holds the person's row.
 *
 * Source, defaults 2.9.
 *
 * @throws Problem `person-unknown`, `administrator-has-business-role`
 */
export async function assertMayAdminister(tx: EntityManager, personId: string): Promise<void> {
  const person = await tx.findOne(PersonEntity, {
    where: { id: personId, active: true },
    lock: { mode: 'pessimistic_write' },
  })
  if (person === null)
    throw new Problem(
      'person-unknown',
      said(`There is no active person ${personId}.`, `没有在职人员 ${personId}。`),
    )
  const position = await tx.findOneByOrFail(PositionEntity, { id: person.positionId })
  if (carriesRights(position) || (await tx.existsBy(AccountEntity, { personId })))
    throw new Problem(
      'administrator-has-business-role',
      said(
        'The person has an account, or a position that carries rights.',
        '该人员已有账号，或其岗位带有权限。',
      ),
    )
}

/**
 * Refuses rights of business for somebody of these people with an administrator account. The caller holds their rows.
 *
 * @throws Problem `administrator-has-business-role`
 */
export async function assertNoAdministrator(
  tx: EntityManager,
  personIds: readonly string[],
): Promise<void> {
  const administers: unknown[] = await tx.query(
    'select from account where person_id = any($1) and administrator_role is not null limit 1',
    [personIds],
  )
  if (administers.length > 0)
    throw new Problem(
      'administrator-has-business-role',
      said(
        'The person has an administrator account, and the position carries rights.',
        '该人员持有管理员账号，而该岗位带有权限。',
      ),
    )
}
