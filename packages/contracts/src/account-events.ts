import { Type } from 'typebox'
import { defineEvent } from './event.ts'
import { Instant, nullable, Uuid } from './values.ts'

/** `userName` is sealed, for companies make it from a name or a number. */
const accountFact = { accountId: Uuid, userName: Type.String(), personId: nullable(Uuid) }

export const AccountCreated = defineEvent({
  type: 'identity.account.created.v1',
  summary: 'An account was created, for a joiner or by an approved change.',
  clauses: ['A-1.2', 'A-2.1.1'],
  payload: Type.Object({
    ...accountFact,
    administratorRole: nullable(Type.String()),
    createdAt: Instant,
  }),
})

/** An administrator account that belongs to nobody: nobody's leave ends it. Stated anew every day until it is named. */
export const AdministratorUnnamed = defineEvent({
  type: 'identity.account.administrator-unnamed.v1',
  summary: 'An administrator account belongs to no person.',
  clauses: ['A-2.1.1'],
  payload: Type.Object({ accountId: Uuid, role: Type.String(), statedAt: Instant }),
})

export const AdministratorNamed = defineEvent({
  type: 'identity.account.administrator-named.v1',
  summary: 'An administrator account was given to the person it belongs to.',
  clauses: ['A-2.1.1'],
  payload: Type.Object({ accountId: Uuid, role: Type.String(), personId: Uuid, namedAt: Instant }),
})

/** The last of a kind left: nothing of that role can be done until another is made. */
export const AdministratorRoleVacant = defineEvent({
  type: 'identity.account.administrator-role-vacant.v1',
  summary: 'A role of the three administrators is held by nobody any more.',
  clauses: ['A-2.1.1'],
  payload: Type.Object({ role: Type.String(), since: Instant }),
})

export const AdministratorRoleFilled = defineEvent({
  type: 'identity.account.administrator-role-filled.v1',
  summary: 'A role of the three administrators is held again.',
  clauses: ['A-2.1.1'],
  payload: Type.Object({ role: Type.String(), since: Instant }),
})

/** For a leaver the time from the leave date to the disabled account is measured against the parameter. */
export const AccountDisabled = defineEvent({
  type: 'identity.account.disabled.v1',
  summary: 'An account was disabled; its tokens are void and its EBS user gets an end date.',
  clauses: ['A-2.1.4'],
  payload: Type.Object({
    ...accountFact,
    reason: Type.String(),
    disabledAt: Instant,
    /** `null` where no leave caused it. */
    leave: nullable(
      Type.Object({
        lagSeconds: Type.Integer({ minimum: 0 }),
        targetSeconds: Type.Integer({ minimum: 0 }),
        withinTarget: Type.Boolean(),
        parameterVersion: Type.Integer({ minimum: 0 }),
      }),
    ),
  }),
})

export const AccountEnabled = defineEvent({
  type: 'identity.account.enabled.v1',
  summary: 'A disabled account may be used again.',
  clauses: ['A-2.1.1'],
  payload: Type.Object({ ...accountFact, enabledAt: Instant }),
})

export const AccountFrozen = defineEvent({
  type: 'identity.account.frozen.v1',
  summary: 'An account was frozen because of a risk.',
  clauses: ['A-2.1.7', 'A-2.1.8'],
  payload: Type.Object({ ...accountFact, reason: Type.String(), frozenAt: Instant }),
})

export const AccountUnfrozen = defineEvent({
  type: 'identity.account.unfrozen.v1',
  summary: 'The security administrator released a frozen account.',
  clauses: ['A-2.1.8'],
  payload: Type.Object({ ...accountFact, reason: Type.String(), unfrozenAt: Instant }),
})

/** What a look over all accounts found. */
const found = { findingId: Uuid, accountId: Uuid, kind: Type.String() }

/** Person and unit are told of each step by mail. */
export const AccountDormant = defineEvent({
  type: 'identity.account.dormant.v1',
  summary: 'An account that nobody uses was warned of, shut or ended.',
  clauses: ['A-2.1.4'],
  payload: Type.Object({
    ...accountFact,
    unitId: nullable(Uuid),
    findingId: Uuid,
    stage: Type.Enum(['warned', 'locked', 'ended']),
    /** Of an account that was never used when it was made. */
    lastUseAt: Instant,
    at: Instant,
    /** When the next step comes unless it is used before; `null`: there is none. */
    nextAt: nullable(Instant),
  }),
})

export const AccountFindingOpened = defineEvent({
  type: 'identity.account.finding-opened.v1',
  summary:
    'An account was found that nobody uses, that belongs to nobody, or whose name tells of no person.',
  clauses: ['A-2.1.4', 'A-2.2.1'],
  payload: Type.Object({
    ...found,
    personId: nullable(Uuid),
    unitId: nullable(Uuid),
    since: Instant,
    foundAt: Instant,
  }),
})

export const AccountFindingAccepted = defineEvent({
  type: 'identity.account.finding-accepted.v1',
  summary: 'What was found of an account is left alone for a time.',
  clauses: ['A-2.2.1'],
  payload: Type.Object({
    ...found,
    until: Instant,
    reason: Type.String(),
    acceptedBy: Type.String(),
    acceptedAt: Instant,
  }),
})

export const AccountFindingClosed = defineEvent({
  type: 'identity.account.finding-closed.v1',
  summary: 'What was found of an account is over: it was used, opened, ended, or is no longer so.',
  clauses: ['A-2.1.4', 'A-2.2.1'],
  payload: Type.Object({
    ...found,
    why: Type.Enum(['used', 'released', 'ended', 'gone']),
    closedAt: Instant,
  }),
})

/** The old set ended before the new one began. */
export const AccountRolesChanged = defineEvent({
  type: 'identity.account.roles-changed.v1',
  summary: 'The holder of an account moved or the roles of the position changed.',
  clauses: ['A-2.1.2', 'A-2.1.4'],
  payload: Type.Object({
    ...accountFact,
    positionId: Uuid,
    roles: Type.Array(Type.String()),
    responsibilitiesEnded: Type.Integer({ minimum: 0 }),
    responsibilitiesAdded: Type.Integer({ minimum: 0 }),
    changedAt: Instant,
  }),
})

export const AccountChangeRequested = defineEvent({
  type: 'identity.account.change-requested.v1',
  summary: 'A system administrator asked for a change of accounts, rights or clients.',
  clauses: ['A-2.1.1', 'A-2.1.2'],
  payload: Type.Object({
    changeId: Uuid,
    kind: Type.String(),
    subjectId: Uuid,
    reason: Type.String(),
    requestedAt: Instant,
  }),
})

export const AccountChangeDecided = defineEvent({
  type: 'identity.account.change-decided.v1',
  summary:
    'A security administrator approved or rejected the change; only approval gives it effect.',
  clauses: ['A-2.1.1', 'A-2.1.2'],
  payload: Type.Object({
    changeId: Uuid,
    kind: Type.String(),
    subjectId: Uuid,
    decision: Type.Enum(['approved', 'rejected']),
    reason: nullable(Type.String()),
    requestedBy: Type.String(),
    decidedAt: Instant,
  }),
})
