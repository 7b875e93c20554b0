import { PersonalDataKeys, PersonalIndexKey } from '@erp-steward/service-kit/personal-data'
import { SealingKeys } from '@erp-steward/service-kit/seal'
import { Type, type Static } from 'typebox'

/** What identity reads from its environment beyond what every service needs. */
export const IdentityConfig = Type.Object({
  SEALING_KEYS: SealingKeys,
  PERSONAL_DATA_KEYS: PersonalDataKeys,
  PERSONAL_INDEX_KEY: PersonalIndexKey,
})
export type IdentityConfig = Static<typeof IdentityConfig>
