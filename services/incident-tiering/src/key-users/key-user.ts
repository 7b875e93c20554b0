import type { SupportTier } from '@erp-steward/contracts/values'
import { EntitySchema } from 'typeorm'

/** `MODULE`: knows a module; `IT`: supports hardware and network. Source: B-4.1.1, B-4.1.6. */
export type KeyUserKind = 'MODULE' | 'IT'

/**
 * A person's duty on a tier. L1 serves one unit, L2 the whole company (B-4.2.1), L3 is a member of the information
 * company, the O&M provider or a supplier (B-4.3.1). `moduleCode` is `null` for IT and for an L3 that takes any module.
 */
export interface KeyUser {
  id: string
  personId: string
  tier: SupportTier
  kind: KeyUserKind
  unitId: string | null
  moduleCode: string | null
  /** The person who nominated, or those who can act through the client that did; `null` in old rows. */
  nominatedBy: string[] | null
  /** The units these were of then; `null` in old rows. */
  nominatedIn: string[] | null
  validFrom: Date
  endedAt: Date | null
  endedReason: string | null
  version: number
}

export const KeyUserEntity = new EntitySchema<KeyUser>({
  name: 'KeyUser',
  tableName: 'key_user',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'key_user_pkey' },
    personId: { type: 'uuid', name: 'person_id' },
    tier: { type: 'text' },
    kind: { type: 'text' },
    unitId: { type: 'uuid', name: 'unit_id', nullable: true },
    moduleCode: { type: 'text', name: 'module_code', nullable: true },
    nominatedBy: { type: 'uuid', name: 'nominated_by', array: true, nullable: true },
    nominatedIn: { type: 'uuid', name: 'nominated_in', array: true, nullable: true },
    validFrom: { type: 'timestamptz', name: 'valid_from' },
    endedAt: { type: 'timestamptz', name: 'ended_at', nullable: true },
    endedReason: { type: 'text', name: 'ended_reason', nullable: true },
    version: { type: 'integer' },
  },
  checks: [
    { name: 'key_user_tier_check', expression: `tier in ('L1', 'L2', 'L3')` },
    { name: 'key_user_kind_check', expression: `kind in ('MODULE', 'IT')` },
    { name: 'key_user_unit_check', expression: `(tier = 'L1') = (unit_id is not null)` },
    {
      name: 'key_user_module_check',
      expression: `case when kind = 'IT' then module_code is null when tier = 'L3' then true else module_code is not null end`,
    },
  ],
  indices: [
    {
      name: 'key_user_duty_key',
      columns: ['personId', 'tier', 'kind', 'unitId', 'moduleCode'],
      unique: true,
      where: '(ended_at IS NULL)',
    },
  ],
})
