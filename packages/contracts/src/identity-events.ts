import { Type } from 'typebox'
import { defineEvent } from './event.ts'
import { Code, Instant, nullable, Uuid } from './values.ts'

/** A unit was created or changed; carries its whole state. */
export const UnitChanged = defineEvent({
  type: 'identity.directory.unit-changed.v1',
  summary: 'A unit was created or changed.',
  clauses: ['A-1.2'],
  payload: Type.Object({
    unitId: Uuid,
    code: Code,
    name: Type.String(),
    kind: Type.Enum([
      'HEADQUARTERS',
      'USER_UNIT',
      'OM_PROVIDER',
      'INFORMATION_COMPANY',
      'SUPPLIER',
    ]),
    active: Type.Boolean(),
  }),
})

export const DepartmentChanged = defineEvent({
  type: 'identity.directory.department-changed.v1',
  summary: 'A department was created or changed.',
  clauses: ['A-1.2'],
  payload: Type.Object({
    departmentId: Uuid,
    unitId: Uuid,
    code: Code,
    name: Type.String(),
    active: Type.Boolean(),
  }),
})

export const PositionChanged = defineEvent({
  type: 'identity.directory.position-changed.v1',
  summary: 'A position was created or its roles were changed.',
  clauses: ['A-2.1.2'],
  payload: Type.Object({
    positionId: Uuid,
    code: Code,
    name: Type.String(),
    roles: Type.Array(Type.String()),
    active: Type.Boolean(),
  }),
})

export const ModuleChanged = defineEvent({
  type: 'identity.directory.module-changed.v1',
  summary: 'An EBS module was registered or changed.',
  clauses: ['B-6.0'],
  payload: Type.Object({ code: Code, name: Type.String(), active: Type.Boolean() }),
})

export const PersonChanged = defineEvent({
  type: 'identity.directory.person-changed.v1',
  summary: 'A person joined, moved, changed or left.',
  clauses: ['A-1.2', 'A-2.1.3'],
  payload: Type.Object({
    personId: Uuid,
    employeeNumber: Type.String(),
    name: Type.String(),
    unitId: Uuid,
    departmentId: Uuid,
    positionId: Uuid,
    email: nullable(Type.String()),
    active: Type.Boolean(),
    leftOn: nullable(Type.String({ format: 'date' })),
  }),
})

/** The account's tokens issued before `epoch` are void. Pushed to every gateway, which refuses them from then on. */
export const AccountRevoked = defineEvent({
  type: 'identity.account.revoked.v1',
  summary: 'Every token of the account issued before the epoch is void.',
  clauses: ['A-2.1.4', 'A-2.2.6'],
  payload: Type.Object({
    accountId: Uuid,
    /** Tokens whose `epoch` claim is smaller are refused. */
    epoch: Type.Integer({ minimum: 1 }),
    reason: Type.String(),
    revokedAt: Instant,
  }),
})

/** One session ended; its tokens are void though the account lives on. */
export const SessionEnded = defineEvent({
  type: 'identity.account.session-ended.v1',
  summary: 'A session ended: by logout, idleness, age, eviction or reuse of a refresh token.',
  clauses: ['A-2.2.6', 'A-2.2.7'],
  payload: Type.Object({
    accountId: Uuid,
    sessionId: Uuid,
    reason: Type.String(),
    endedAt: Instant,
  }),
})
