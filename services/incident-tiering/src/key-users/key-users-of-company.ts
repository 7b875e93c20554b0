import type { EntityManager } from 'typeorm'
import { ABLE } from './able.ts'

/**
 * The people of tier 2 who serve a module, can do so now, and decide for the company what a unit asks for: nobody of that
 * unit nominated them, neither of it then nor now, or it would choose its own judge. Source: B-4.2.4.
 */
export async function keyUsersOfCompany(
  tx: EntityManager,
  { unitId, moduleCode }: { readonly unitId: string; readonly moduleCode: string },
): Promise<string[]> {
  const rows: { id: string }[] = await tx.query(
    `select distinct p.id from key_user k join person p on p.id = k.person_id and ${ABLE}
      where k.ended_at is null and k.tier = 'L2' and k.kind = 'MODULE' and k.module_code = $2
        and ($1 = any(k.nominated_in)) is not true
        and not exists (select from person n where n.id = any(k.nominated_by) and n.unit_id = $1)
      order by p.id`,
    [unitId, moduleCode],
  )
  return rows.map(({ id }) => id)
}
