import { about, InstantOut, nullable, Uuid, Version } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'

export const ClientRole = Type.Enum(
  [
    ...(['MIDDLEWARE', 'SCRIPT', 'MONITORING_AGENT', 'BACKUP_AGENT', 'DELIVERY_AGENT'] as const),
    'PROVISIONING_CLIENT',
    'FRONT_END',
  ],
  {
    title: 'ClientRole',
    description:
      'What a machine may be; each has one role only. `FRONT_END` may do nothing itself: it signs people in.',
  },
)
export type ClientRole = Static<typeof ClientRole>

export const ClientStatus = Type.Enum(['pending', 'active', 'disabled'], {
  title: 'ClientStatus',
  description: '`pending`: until the security administrator has confirmed it; `disabled`: ended.',
})

/** A machine that calls with its own credentials (OAuth 2 client credentials), as callers see it. */
export const ClientView = Type.Object(
  {
    id: about(Uuid, 'Also the `client_id`.'),
    name: Type.String({ description: 'What people call it; no other has it.' }),
    role: ClientRole,
    unitId: nullable(Uuid, 'The unit that it may act for; null: the whole company.'),
    status: ClientStatus,
    redirectUris: Type.Array(Type.String(), {
      description: 'Of a front end: addresses to which a browser is sent with a code.',
    }),
    signOutUris: Type.Array(Type.String(), {
      description: 'Of a front end: addresses to which a browser is sent after signing out.',
    }),
    hasSecret: Type.Boolean({ description: 'Whether both halves of a secret were issued.' }),
    version: Version,
    createdAt: about(InstantOut, 'When it was asked for.'),
    disabledAt: nullable(InstantOut, 'When it was ended; null: it was not.'),
  },
  { title: 'Client' },
)

export const ClientEntity = entityOf(ClientView, {
  table: 'client',
  derived: ['hasSecret'],
  kept: {
    /** SHA-256 of the secret (`digestOfHalves`), which has 256 bits of its own; `null` before the first one is issued. */
    secretHash: nullable(Type.Unsafe<Buffer>({})),
    /** SHA-256 of the first half of the next secret, until the second half is made. */
    halfDigest: nullable(Type.Unsafe<Buffer>({})),
    /** Who has that half: account, person and role. */
    halfBy: nullable(Type.String()),
    halfPerson: nullable(Uuid),
    halfRole: nullable(Type.String()),
    /** Revocation epoch: tokens of a smaller one are void. */
    epoch: Type.Integer(),
  },
  columns: {
    redirectUris: { type: 'text', array: true, default: '{}' },
    signOutUris: { type: 'text', array: true, default: '{}' },
    secretHash: { type: 'bytea' },
    halfDigest: { type: 'bytea' },
    epoch: { default: 0 },
    version: { default: 1 },
  },
  uniques: [{ name: 'client_name_key', columns: ['name'] }],
  checks: [
    {
      name: 'client_role_check',
      expression: `role in ('MIDDLEWARE', 'SCRIPT', 'MONITORING_AGENT', 'BACKUP_AGENT', 'DELIVERY_AGENT',
                        'PROVISIONING_CLIENT', 'FRONT_END')`,
    },
    { name: 'client_status_check', expression: `status in ('pending', 'active', 'disabled')` },
  ],
})
export type Client = RowOf<typeof ClientEntity>
