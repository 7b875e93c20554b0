import { Type } from 'typebox'
import { defineEvent } from './event.ts'
import { about, AccountStanding, Code, Instant, nullable, SealedText, Uuid } from './values.ts'

/** Version of the row that the event states whole; a copy keeps the highest that it has seen. */
const Version = Type.Integer({ minimum: 1 })

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
    version: Version,
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
    version: Version,
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
    version: Version,
  }),
})

export const ModuleChanged = defineEvent({
  type: 'identity.directory.module-changed.v1',
  summary: 'An EBS module was registered or changed.',
  clauses: ['B-6.0'],
  payload: Type.Object({
    code: Code,
    name: Type.String(),
    active: Type.Boolean(),
    version: Version,
  }),
})

export const PersonChanged = defineEvent({
  type: 'identity.directory.person-changed.v1',
  summary: 'A person joined, moved, changed or left.',
  clauses: ['A-1.2', 'A-2.1.3', 'A-4.3.1'],
  payload: Type.Object({
    personId: Uuid,
    employeeNumber: SealedText,
    name: SealedText,
    unitId: Uuid,
    departmentId: Uuid,
    positionId: Uuid,
    email: nullable(SealedText),
    active: Type.Boolean(),
    leftOn: nullable(Type.String({ format: 'date' })),
    version: Version,
  }),
})

/**
 * What a person may do now: the state of the business account and the roles in force. Stated with every change of either;
 * whoever gives a duty asks the copy of it, and takes the duty back when it ends.
 */
export const StandingChanged = defineEvent({
  type: 'identity.directory.standing-changed.v1',
  summary: 'The account of a person changed its state, or the roles it carries changed.',
  clauses: ['A-2.1.2', 'A-2.1.4'],
  payload: Type.Object({
    personId: Uuid,
    /** `null` while the person has no account. */
    accountId: nullable(Uuid),
    accountStatus: AccountStanding,
    /** Roles in force; rights that wait for an approval are not among them. */
    roles: Type.Array(Type.String()),
    /** Counts the statements about this person, from 1. */
    version: Version,
  }),
})

const sealingFact = {
  /** Id of the key that seals now. */
  keyId: Type.String({ pattern: '^[0-9a-f]{8}$' }),
  checkedAt: Instant,
}

/** Said when the rows were searched and none lies in clear: at every start, after a change of keys, and every day. */
export const SensitiveDataSealed = defineEvent({
  type: 'identity.security.sensitive-data-sealed.v1',
  summary:
    'What identifies people was looked for in the tables and lies sealed under the key in use.',
  clauses: ['A-4.3.1'],
  payload: Type.Object({
    ...sealingFact,
    /** How many people and provisioning tasks there are, all of them sealed. */
    rows: Type.Integer({ minimum: 0 }),
  }),
})

export const SensitiveDataInClear = defineEvent({
  type: 'identity.security.sensitive-data-in-clear.v1',
  summary: 'What identifies people was looked for in the tables and lies in clear somewhere.',
  clauses: ['A-4.3.1'],
  payload: Type.Object({
    ...sealingFact,
    /** How many rows lie in clear, by table. */
    rowsInClear: Type.Record(Type.String(), Type.Integer({ minimum: 1 })),
  }),
})

/** Somebody told that a person will leave or has left; the lag against the leave date counts for the department. */
export const LeaveNoticed = defineEvent({
  type: 'identity.directory.leave-noticed.v1',
  summary: 'Notice was given that a person leaves.',
  clauses: ['A-2.1.3'],
  payload: Type.Object({
    personId: Uuid,
    departmentId: Uuid,
    leaveOn: Type.String({ format: 'date' }),
    kind: Type.String(),
    noticedAt: Instant,
    /** How long after the start of the leave date the notice came, in seconds; 0 when before. */
    lagSeconds: Type.Integer({ minimum: 0 }),
  }),
})

export const LeaveWithdrawn = defineEvent({
  type: 'identity.directory.leave-withdrawn.v1',
  summary: 'The notice that a person leaves was taken back before it took effect.',
  clauses: ['A-2.1.3'],
  payload: Type.Object({ personId: Uuid, leaveOn: Type.String({ format: 'date' }) }),
})

/** The department had its time to tell that somebody leaves it, or told. */
export const DepartureJudged = defineEvent({
  type: 'identity.directory.departure-judged.v1',
  summary:
    'Whether a department told in time that somebody leaves or moves; judged anew when it tells after all, or the day changes.',
  clauses: ['A-2.1.3', 'A-6.1.4'],
  payload: Type.Object({
    departureId: Uuid,
    personId: Uuid,
    kind: Type.Enum(['leave', 'move'], {
      description: 'Whether the person leaves the company or gets another place.',
    }),
    unitId: Uuid,
    departmentId: about(Uuid, 'The department that is left, and had to tell.'),
    effectiveOn: Type.String({ format: 'date', description: 'First day without the old place.' }),
    verdict: Type.Enum(['in-time', 'late', 'missing', 'withdrawn'], {
      description: '`missing`: the time is over and nothing was told; `withdrawn`: nobody leaves.',
    }),
    dueAt: nullable(Instant, 'Until when it had to tell.'),
    lagSeconds: nullable(
      Type.Integer({ minimum: 0 }),
      'From the start of the day to the notice, in seconds; null: there was none.',
    ),
    parameterVersion: Type.Integer({
      minimum: 0,
      description: 'Version of `identity.leaver.notice_due` that it was judged by.',
    }),
  }),
})

/** A joiner or a mover of a later day was planned, taken back, done on the day, or refused on it. */
export const PersonPlanned = defineEvent({
  type: 'identity.directory.person-planned.v1',
  summary:
    'A joiner or mover of a later day was planned (anew after a refusal, too), taken back, done or refused.',
  clauses: ['A-1.2', 'A-2.1.3'],
  payload: Type.Object({
    planId: Uuid,
    kind: Type.Enum(['join', 'move']),
    /** Of a joiner known from the day on. */
    personId: nullable(Uuid),
    unitId: Uuid,
    effectiveOn: Type.String({ format: 'date' }),
    state: Type.Enum(['planned', 'done', 'withdrawn', 'failed']),
    /** Why it was refused. */
    problem: nullable(Type.String()),
  }),
})

/** One import of people ran to its end; what it did to each person is in the facts of that person. */
export const PersonsImported = defineEvent({
  type: 'identity.directory.persons-imported.v1',
  summary: 'A list of people was imported.',
  clauses: ['A-1.2', 'A-2.1.3'],
  payload: Type.Object({
    importId: Uuid,
    mode: Type.Enum(['all-or-none', 'good-rows']),
    created: Type.Integer(),
    moved: Type.Integer(),
    changed: Type.Integer(),
    left: Type.Integer(),
    unchanged: Type.Integer(),
    refused: Type.Integer(),
  }),
})
