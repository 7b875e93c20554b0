import { InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { Type } from 'typebox'

/** An appeal on the wire. */
export const AppealView = Type.Object({
  id: Uuid,
  observationId: Uuid,
  month: Type.String(),
  unitId: Uuid,
  appellantPersonId: Uuid,
  reason: Type.String(),
  state: Type.Enum(['filed', 'decided']),
  filedAt: InstantOut,
  outcome: nullable(Type.Enum(['upheld', 'voided'])),
  decisionReason: nullable(Type.String()),
  deciderPersonId: nullable(Uuid),
  decidedAt: nullable(InstantOut),
  version: Type.Integer(),
})
