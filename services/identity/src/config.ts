import { SealingKeys } from '@erp-steward/service-kit/seal'
import { Type, type Static } from 'typebox'

/** What identity reads from its environment beyond what every service needs. */
export const IdentityConfig = Type.Object({
  SEALING_KEYS: SealingKeys,
})
export type IdentityConfig = Static<typeof IdentityConfig>
