import { about, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { EntitySchema } from 'typeorm'
import { Type, type Static } from 'typebox'

const member = (description: string, maxLength: number) =>
  Type.Optional(Type.String({ minLength: 1, maxLength, description }))

export const PublicJwk = Type.Object(
  {
    kty: Type.Enum(['EC', 'OKP', 'RSA'], { description: 'Kind of key.' }),
    crv: member('Curve: P-256, P-384 or Ed25519.', 20),
    x: member('Of a curve.', 200),
    y: member('Of a curve.', 200),
    n: member('Modulus of RSA, of 2048 bits and more.', 2_000),
    e: member('Exponent of RSA.', 20),
  },
  {
    title: 'PublicJwk',
    description: 'A public key (RFC 7517), without members that say nothing of the key itself.',
    additionalProperties: false,
  },
)
export type PublicJwk = Static<typeof PublicJwk>

/** A key by which a machine proves who it is (`private_key_jwt`), as administrators see it. */
export const ClientKeyView = Type.Object(
  {
    clientId: about(Uuid, 'The machine.'),
    thumbprint: Type.String({ description: 'SHA-256 thumbprint of the key (RFC 7638).' }),
    jwk: PublicJwk,
    askedBy: Type.String({ description: 'Account that had it registered.' }),
    askedAt: about(InstantOut, 'When it was registered.'),
    confirmedAt: nullable(
      InstantOut,
      'Since when it is good; null: another person of another role has to confirm it.',
    ),
    endedAt: nullable(InstantOut, 'When it was ended; null: it was not.'),
  },
  { title: 'ClientKey' },
)

export interface ClientKey extends Static<typeof ClientKeyView> {
  askedByPerson: string | null
  askedRole: string
}

export const ClientKeyEntity = new EntitySchema<ClientKey>({
  name: 'ClientKey',
  tableName: 'client_key',
  columns: {
    clientId: {
      type: 'uuid',
      name: 'client_id',
      primary: true,
      primaryKeyConstraintName: 'client_key_pkey',
    },
    thumbprint: { type: 'text', primary: true, primaryKeyConstraintName: 'client_key_pkey' },
    jwk: { type: 'json' },
    askedBy: { type: 'text', name: 'asked_by' },
    askedByPerson: { type: 'uuid', name: 'asked_by_person', nullable: true },
    askedRole: { type: 'text', name: 'asked_role' },
    askedAt: { type: 'timestamptz', name: 'asked_at' },
    confirmedAt: { type: 'timestamptz', name: 'confirmed_at', nullable: true },
    endedAt: { type: 'timestamptz', name: 'ended_at', nullable: true },
  },
  foreignKeys: [
    {
      name: 'client_key_client_id_fkey',
      target: 'Client',
      columnNames: ['client_id'],
      referencedColumnNames: ['id'],
    },
  ],
})

/** An assertion that was presented, until it has run out: it is good once. */
export interface ClientAssertion {
  clientId: string
  /** SHA-256 of its `jti`. */
  jtiDigest: Buffer
  expiresAt: Date
}

export const ClientAssertionEntity = new EntitySchema<ClientAssertion>({
  name: 'ClientAssertion',
  tableName: 'client_assertion',
  columns: {
    clientId: {
      type: 'uuid',
      name: 'client_id',
      primary: true,
      primaryKeyConstraintName: 'client_assertion_pkey',
    },
    jtiDigest: {
      type: 'bytea',
      name: 'jti_digest',
      primary: true,
      primaryKeyConstraintName: 'client_assertion_pkey',
    },
    expiresAt: { type: 'timestamptz', name: 'expires_at' },
  },
  foreignKeys: [
    {
      name: 'client_assertion_client_id_fkey',
      target: 'Client',
      columnNames: ['client_id'],
      referencedColumnNames: ['id'],
    },
  ],
  indices: [{ name: 'client_assertion_by_end', columns: ['expiresAt'] }],
})
