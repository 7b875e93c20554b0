import { Code, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { Type } from 'typebox'
import { copyStates } from './copy.ts'

export const CopyState = Type.Enum([...copyStates])

/** A stored copy on the wire. */
export const CopyView = Type.Object({
  id: Uuid,
  runId: Uuid,
  targetId: Uuid,
  unitId: Uuid,
  role: Type.Enum(['primary', 'offsite']),
  siteCode: Code,
  objectName: Type.String({ description: 'Empty until an agent has taken it.' }),
  state: CopyState,
  storedBytes: nullable(Type.Number()),
  digest: nullable(Type.String()),
  createdAt: InstantOut,
  goodAt: nullable(InstantOut),
  lastVerifiedAt: nullable(InstantOut),
  expiresAt: nullable(InstantOut),
  dueAt: nullable(InstantOut),
  overdueNoticedAt: nullable(InstantOut),
  tries: Type.Integer(),
  finding: nullable(Type.String()),
  foundDigest: nullable(Type.String()),
  endedAt: nullable(InstantOut),
})
