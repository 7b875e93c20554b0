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
