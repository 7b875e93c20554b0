import { Type } from 'typebox'
import { defineEvent } from './event.ts'
import { Instant, nullable, Uuid } from './values.ts'

export const ClientActivated = defineEvent({
  type: 'identity.account.client-activated.v1',
  summary: 'The security administrator let a machine call.',
  clauses: ['A-4.2.4'],
  payload: Type.Object({
    clientId: Uuid,
    name: Type.String(),
    role: Type.String(),
    unitId: nullable(Uuid),
    activatedAt: Instant,
  }),
})

export const ClientDisabled = defineEvent({
  type: 'identity.account.client-disabled.v1',
  summary: 'A machine may not call any more.',
  clauses: ['A-4.2.4'],
  payload: Type.Object({ clientId: Uuid, reason: Type.String(), disabledAt: Instant }),
})

export const ApiKeyChanged = defineEvent({
  type: 'identity.security.api-key-changed.v1',
  summary: 'A key by which a script calls was asked for, completed by another person, or ended.',
  clauses: ['A-4.2.4'],
  payload: Type.Object({
    clientId: Uuid,
    keyId: Uuid,
    name: Type.String(),
    /** Public part of the key, by which a found one is known. */
    mark: Type.String(),
    step: Type.Enum(['asked', 'issued', 'ended']),
    permissions: Type.Array(Type.String()),
    /** From where it may be used, CIDR. */
    networks: Type.Array(Type.String()),
    expiresAt: Instant,
    /** The key that it takes the place of. */
    replaces: nullable(Uuid),
    at: Instant,
  }),
})

export const ClientKeyChanged = defineEvent({
  type: 'identity.security.client-key-changed.v1',
  summary: 'A public key of a machine was registered, confirmed by another person, or ended.',
  clauses: ['A-4.2.4'],
  payload: Type.Object({
    clientId: Uuid,
    /** SHA-256 thumbprint of the key (RFC 7638). */
    thumbprint: Type.String(),
    step: Type.Enum(['registered', 'confirmed', 'ended']),
    at: Instant,
  }),
})

export const ClientSecretIssued = defineEvent({
  type: 'identity.security.client-secret-issued.v1',
  summary: 'A machine got a new secret; the one before is void.',
  clauses: ['A-4.2.4'],
  payload: Type.Object({ clientId: Uuid, replaced: Type.Boolean(), issuedAt: Instant }),
})
