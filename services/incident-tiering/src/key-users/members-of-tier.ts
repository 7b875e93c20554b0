import type { SupportTier } from '@erp-steward/contracts/values'
import { ask } from '@erp-steward/messaging/statement'
import type { EntityManager } from 'typeorm'
import type { Person } from '@erp-steward/directory/directory'
import { ABLE } from './able.ts'
import type { KeyUserKind } from './key-user.ts'

/** What a ticket is about, as far as it decides who serves it. */
export interface Subject {
  readonly unitId: string
  readonly moduleCode: string | null
  readonly kind: KeyUserKind
}

const SERVES = `
  k.ended_at is null and k.kind = $3
  and (k.tier <> 'L1' or k.unit_id = $1)
  and (k.module_code is null or k.module_code = $2)`

const MEMBERS = {
  name: 'members of tier',
  text: `select distinct p.id, p.email
           from key_user k join person p on p.id = k.person_id and ${ABLE}
          where ${SERVES} and k.tier = $4
          order by p.id`,
  reads: ['key_user', 'person'],
}

/** The people who serve a subject on a tier and can do so now, in a stable order; empty when the register has a gap. */
export async function membersOfTier(
  tx: EntityManager,
  { unitId, moduleCode, kind }: Subject,
  tier: SupportTier,
): Promise<Pick<Person, 'id' | 'email'>[]> {
  return ask(tx, MEMBERS, [unitId, moduleCode, kind, tier])
}

/** The tiers on which a person serves a subject and can do so now, lowest first. */
export async function tiersOfPerson(
  tx: EntityManager,
  { unitId, moduleCode, kind }: Subject,
  personId: string,
): Promise<SupportTier[]> {
  const rows: { tier: SupportTier }[] = await tx.query(
    `select distinct k.tier from key_user k join person p on p.id = k.person_id and ${ABLE}
      where ${SERVES} and k.person_id = $4 order by k.tier`,
    [unitId, moduleCode, kind, personId],
  )
  return rows.map(({ tier }) => tier)
}
