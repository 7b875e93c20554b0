import { Type } from 'typebox'
import { defineEvent } from './event.ts'
import { Instant, nullable, Uuid } from './values.ts'

/** A parameter of the regulations got a new version. */
export const ParameterVersionSet = defineEvent({
  type: 'parameter.version.set.v1',
  summary: 'A parameter of the regulations got a new version, for one unit or the company.',
  clauses: ['A-4.1.2'],
  payload: Type.Object({
    key: Type.String(),
    unitId: nullable(Uuid),
    version: Type.Integer({ minimum: 1 }),
    value: Type.Unknown(),
    validFrom: Instant,
    reason: Type.String(),
  }),
})

/** A refusal is evidence too: nothing changed, but that somebody tried must be provable. */
export const AccessRefused = defineEvent({
  type: 'audit.access.refused.v1',
  summary: 'An operation was refused for lack of permission or because a rule forbids it.',
  clauses: ['A-4.2.4', 'A-4.3.3'],
  payload: Type.Object({
    operation: Type.String(),
    code: Type.String(),
    sourceIp: nullable(Type.String()),
    refusedAt: Instant,
  }),
})

/** A parked event was handled by a person. */
export const DeadLetterHandled = defineEvent({
  type: 'audit.access.dead-letter-handled.v1',
  summary: 'A parked event was replayed or discarded by a person.',
  clauses: [],
  payload: Type.Object({
    service: Type.String(),
    eventId: Uuid,
    eventType: Type.String(),
    decision: Type.Enum(['replayed', 'discarded']),
    reason: Type.String(),
  }),
})

/**
 * Said every hour by each service, through its jobs, its outbox and the bus: whoever no longer hears it knows that facts
 * of that service may be missing, and that their absence proves nothing.
 */
export const ServiceAlive = defineEvent({
  type: 'audit.access.service-alive.v1',
  summary: 'A service runs and its facts get through.',
  clauses: ['B-5.6'],
  payload: Type.Object({ service: Type.String(), saidAt: Instant }),
})
