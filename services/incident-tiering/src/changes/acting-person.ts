import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { activePerson } from '@erp-steward/directory/directory'
import type { EntityManager } from 'typeorm'

/**
 * The person who acts and has not left; accounts of scripts have none, and nobody could tell three of them apart.
 *
 * @throws Problem `person-unknown`
 */
export async function actingPerson(tx: EntityManager, act: Act): Promise<string> {
  if (act.personId === null)
    throw new Problem(
      'person-unknown',
      said(
        'Only a person does this; the account belongs to none.',
        '只有人员可以这样做；该账号不属于任何人员。',
      ),
    )
  return (await activePerson(tx, act.personId)).id
}
