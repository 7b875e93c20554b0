import { Code, nullable, SupportTier, Uuid } from '@erp-steward/contracts/values'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { ABLE } from './able.ts'
import { KeyUserKind } from './key-user.ts'

/** A duty that nobody holds who can do it. */
export const CoverageGap = Type.Object(
  {
    unitId: nullable(Uuid, "Null for the company's own tier 2."),
    tier: SupportTier,
    kind: KeyUserKind,
    moduleCode: nullable(Code, 'Null for IT.'),
  },
  { title: 'KeyUserGap' },
)
export type CoverageGap = Static<typeof CoverageGap>

/**
 * Duties that must be held by somebody who can do them and are not: per unit and module one L1 key user (B-4.1.2) and one IT key user per unit
 * (B-4.1.6); per module one company key user (B-4.2.2) and one company IT key user (B-4.2.1).
 */
export async function coverageGaps(tx: EntityManager): Promise<CoverageGap[]> {
  return tx.query(`
    with duty (unit_id, tier, kind, module_code) as (
      select u.id, 'L1', 'MODULE', m.code from unit u cross join module m
       where u.active and u.uses_erp and m.active
      union all select u.id, 'L1', 'IT', null from unit u where u.active and u.uses_erp
      union all select null::uuid, 'L2', 'MODULE', m.code from module m where m.active
      union all select null::uuid, 'L2', 'IT', null
    )
    select d.unit_id as "unitId", d.tier, d.kind, d.module_code as "moduleCode" from duty d
     where not exists (
       select from key_user k join person p on p.id = k.person_id and ${ABLE}
        where k.ended_at is null and k.tier = d.tier and k.kind = d.kind
          and k.unit_id is not distinct from d.unit_id
          and k.module_code is not distinct from d.module_code)
     order by d.tier, d.unit_id, d.kind, d.module_code`)
}
