import { Type, type Static } from 'typebox'

/** What identity reads from its environment beyond what every service needs. */
export const IdentityConfig = Type.Object({
  KEY_ENCRYPTION_KEY: Type.String({
    description:
      'Seals the private signing keys in the database (AES-256-GCM): 32 random bytes in base64.',
    pattern: '^[A-Za-z0-9+/]{43}=$',
  }),
})
export type IdentityConfig = Static<typeof IdentityConfig>
