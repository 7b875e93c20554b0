import { EntitySchema } from 'typeorm'

/** A key pair (ES256) that signs or has signed tokens. */
export interface SigningKey {
  /** Also the `kid` of its tokens. */
  id: string
  publicPem: string
  /** PKCS #8 in PEM, sealed with SEALING_KEYS, bound to the id. */
  sealedPrivate: string
  createdAt: Date
  /** Signs nothing from then on. */
  retiredAt: Date | null
  /** Its last token has ended by then; no verifier needs it any more. */
  publishedUntil: Date | null
}

export const SigningKeyEntity = new EntitySchema<SigningKey>({
  name: 'SigningKey',
  tableName: 'signing_key',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'signing_key_pkey' },
    publicPem: { type: 'text', name: 'public_pem' },
    sealedPrivate: { type: 'text', name: 'sealed_private' },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    retiredAt: { type: 'timestamptz', name: 'retired_at', nullable: true },
    publishedUntil: { type: 'timestamptz', name: 'published_until', nullable: true },
  },
  checks: [
    {
      name: 'signing_key_retired_check',
      expression: '(retired_at is null) = (published_until is null)',
    },
  ],
  // One key signs at a time; the expression is beyond what TypeORM can describe.
  indices: [{ name: 'signing_key_current_key', synchronize: false }],
})
