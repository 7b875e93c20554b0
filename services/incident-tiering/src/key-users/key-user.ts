import {
  about,
  Code,
  Id,
  InstantOut,
  nullable,
  SupportTier,
  Uuid,
  Version,
} from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'

export const KeyUserKind = Type.Enum(['MODULE', 'IT'], {
  title: 'KeyUserKind',
  description:
    '`MODULE`: knows a module; `IT`: supports hardware and network. Source: B-4.1.1, B-4.1.6.',
})
export type KeyUserKind = Static<typeof KeyUserKind>

/**
 * A person's duty on a tier. L1 serves one unit, L2 the whole company (B-4.2.1), L3 is a member of the information
 * company, the O&M provider or a supplier (B-4.3.1).
 */
export const KeyUserView = Type.Object(
  {
    id: Id,
    personId: about(Uuid, 'Who holds the duty.'),
    tier: SupportTier,
    kind: KeyUserKind,
    unitId: nullable(Uuid, 'The unit that an L1 serves; L2 and L3 serve every unit.'),
    moduleCode: nullable(Code, 'Null for IT and for an L3 that takes any module.'),
    validFrom: about(InstantOut, 'Since when.'),
    endedAt: nullable(InstantOut, 'When the duty ended; null while it is held.'),
    endedReason: nullable(
      Type.String(),
      'Why it ended: as said, or that the person left, moved or lost the account.',
    ),
    version: Version,
  },
  { title: 'KeyUser' },
)

export const KeyUserEntity = entityOf(KeyUserView, {
  table: 'key_user',
  kept: {
    /** The person who nominated, or those who can act through the client that did; `null` in old rows. */
    nominatedBy: nullable(Type.Array(Uuid)),
    /** The units these were of then; `null` in old rows. */
    nominatedIn: nullable(Type.Array(Uuid)),
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
export type KeyUser = RowOf<typeof KeyUserEntity>
