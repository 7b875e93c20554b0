import { IsNull, type EntityManager } from 'typeorm'
import { KeyUserEntity } from '../key-users/key-user.ts'
import { tiersOfPerson } from '../key-users/members-of-tier.ts'

/** Whether the person is a key user of the unit for what a change is about; without a module, of anything. Source: B-4.1.5. */
export async function isKeyUserOf(
  tx: EntityManager,
  { unitId, moduleCode }: { readonly unitId: string; readonly moduleCode: string | null },
  personId: string,
): Promise<boolean> {
  return moduleCode === null
    ? tx.existsBy(KeyUserEntity, { personId, unitId, tier: 'L1', endedAt: IsNull() })
    : (await tiersOfPerson(tx, { unitId, moduleCode, kind: 'MODULE' }, personId)).includes('L1')
}
