import { Type, type Static } from 'typebox'
import { defineEvent } from './event.ts'
import { AccountStanding, Code, Instant, nullable, SealedText, Uuid } from './values.ts'

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

/** Versions of the parameters that a decision used, by key. */
const ParameterVersions = Type.Record(Type.String(), Type.Integer({ minimum: 0 }))

export const SignedIn = defineEvent({
  type: 'audit.access.signed-in.v1',
  summary: 'A person opened a session.',
  clauses: ['A-2.2.1', 'A-4.3.4'],
  payload: Type.Object({
    accountId: Uuid,
    sessionId: Uuid,
    sourceIp: Type.String(),
    userAgent: nullable(Type.String()),
    /** The session can only change the password. */
    mustChangePassword: Type.Boolean(),
    /** It was opened by a password that others issued. */
    initialPassword: Type.Boolean(),
    signedInAt: Instant,
  }),
})

/** Also for names that nobody has; the name itself is left out, people type passwords there by mistake. */
export const LoginFailed = defineEvent({
  type: 'identity.security.login-failed.v1',
  summary: 'Somebody tried to sign in and was refused.',
  clauses: ['A-2.2.2', 'A-4.2.4'],
  payload: Type.Object({
    accountId: nullable(Uuid),
    sourceIp: Type.String(),
    /** Failures inside the window, this one included. */
    failures: Type.Integer({ minimum: 1 }),
    failedAt: Instant,
  }),
})

export const SignInLocked = defineEvent({
  type: 'identity.security.locked.v1',
  summary: 'Failed attempts locked the account, for a time or until the security administrator.',
  clauses: ['A-2.2.2', 'A-4.2.4'],
  payload: Type.Object({
    accountId: nullable(Uuid),
    /** `null`: until the security administrator unlocks. */
    until: nullable(Instant),
    parameterVersions: ParameterVersions,
    lockedAt: Instant,
  }),
})

export const AccountUnlocked = defineEvent({
  type: 'identity.account.unlocked.v1',
  summary: 'The security administrator ended a lock.',
  clauses: ['A-2.2.2'],
  payload: Type.Object({ accountId: Uuid, reason: Type.String(), unlockedAt: Instant }),
})

export const InitialPasswordIssued = defineEvent({
  type: 'identity.security.initial-password-issued.v1',
  summary: 'An account got an initial password that must be changed.',
  clauses: ['A-2.2.3'],
  payload: Type.Object({ accountId: Uuid, issuedAt: Instant, expiresAt: Instant }),
})

/**
 * Each step by which an account gets a password that others issue: a case that the audit administrator can follow. The
 * person hears of it at once, so that a reset that nobody asked for is noticed.
 */
export const CredentialReset = defineEvent({
  type: 'identity.security.credential-reset.v1',
  summary: 'A step in which others issue a password for an account, or confirm who chose the next.',
  clauses: ['A-2.1.1', 'A-2.2.3'],
  payload: Type.Object({
    resetId: Uuid,
    accountId: Uuid,
    personId: nullable(Uuid),
    /** `null` for the account of a person. */
    administratorRole: nullable(Type.String()),
    step: Type.Enum([
      'first-half-issued',
      'second-half-issued',
      'issued-at-host',
      'password-chosen',
      'identity-confirmed',
    ]),
    /** Until then the account may not approve; `null` where no cooling time runs. */
    coolingUntil: nullable(Instant),
    at: Instant,
  }),
})

export const PasswordChanged = defineEvent({
  type: 'identity.security.password-changed.v1',
  summary: 'A person changed the password of the own account.',
  clauses: ['A-2.1.5', 'A-2.2.3', 'A-2.2.4', 'A-2.2.5'],
  payload: Type.Object({
    accountId: Uuid,
    /** Whether an initial password was replaced. */
    replacedInitial: Type.Boolean(),
    /** The rules it was taken under: characters, and how many of upper, lower, digit, special. */
    minLength: Type.Integer({ minimum: 0 }),
    classes: Type.Integer({ minimum: 0, maximum: 4 }),
    parameterVersions: ParameterVersions,
    changedAt: Instant,
  }),
})

/**
 * Stated every hour: what the rules for passwords and sessions forbid, counted as it is now. Anything but zero is a fault of
 * the product or of somebody at its tables.
 */
export const SignInRulesChecked = defineEvent({
  type: 'identity.security.sign-in-rules-checked.v1',
  summary: 'Passwords and sessions were counted that the rules forbid.',
  clauses: ['A-2.2.3', 'A-2.2.4', 'A-2.2.5', 'A-2.2.7'],
  payload: Type.Object({
    /** Sessions that an initial password opened and that outlive it. */
    sessionsPastInitial: Type.Integer({ minimum: 0 }),
    /** Chosen passwords in force, taken under rules without letters, digits and special characters. */
    withoutClasses: Type.Integer({ minimum: 0 }),
    /** Chosen passwords in force, taken under rules for less than 8 characters. */
    tooShort: Type.Integer({ minimum: 0 }),
    /** Sessions that are open minutes after their limits. */
    sessionsPastLimit: Type.Integer({ minimum: 0 }),
    checkedAt: Instant,
  }),
})

export const RefreshReused = defineEvent({
  type: 'identity.security.refresh-reused.v1',
  summary: 'A refresh token was presented a second time; its session was ended.',
  clauses: ['A-2.1.6', 'A-2.2.2'],
  payload: Type.Object({
    accountId: Uuid,
    sessionId: Uuid,
    sourceIp: Type.String(),
    detectedAt: Instant,
  }),
})

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

export const ClientSecretIssued = defineEvent({
  type: 'identity.security.client-secret-issued.v1',
  summary: 'A machine got a new secret; the one before is void.',
  clauses: ['A-4.2.4'],
  payload: Type.Object({ clientId: Uuid, replaced: Type.Boolean(), issuedAt: Instant }),
})

export const SigningKeyRotated = defineEvent({
  type: 'identity.security.signing-key-rotated.v1',
  summary:
    'Tokens are signed with a new key; the one before is published until its last token ends.',
  clauses: ['A-4.3.1'],
  payload: Type.Object({
    keyId: Uuid,
    previousKeyId: nullable(Uuid),
    reason: Type.String(),
    rotatedAt: Instant,
  }),
})

export const LedgerAnchored = defineEvent({
  type: 'audit.access.ledger-anchored.v1',
  summary: 'The head of the audit ledger was fixed for the day.',
  clauses: ['A-4.3.4'],
  payload: Type.Object({
    day: Type.String({ format: 'date' }),
    seq: Type.Integer({ minimum: 0 }),
    /** SHA-256 in lower-case hex. */
    hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    anchoredAt: Instant,
  }),
})

/** The end of the ledger at a moment, signed with a key that is not in the database of the ledger. */
export const SignedHead = Type.Object({
  /** Number of the last record that the signature covers, and with it all before. */
  seq: Type.Integer({ minimum: 1 }),
  /** SHA-256 of that record in lower-case hex. */
  hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  signedAt: Instant,
  /** Which key signed: the first 16 hex digits of the SHA-256 of the raw public key. */
  keyId: Type.String({ pattern: '^[0-9a-f]{16}$' }),
  /** Ed25519 (RFC 8032) in base64url, over the text that docs/guides/operate.md gives. */
  signature: Type.String({ pattern: '^[A-Za-z0-9_-]{86}$' }),
})
export type SignedHead = Static<typeof SignedHead>

export const LedgerHeadSigned = defineEvent({
  type: 'audit.access.ledger-head-signed.v1',
  summary: 'The head of the audit ledger was signed, for witnesses outside its database.',
  clauses: ['A-4.3.4'],
  payload: SignedHead,
})

/** What is signed of a verification, so that it can be shown to somebody who cannot ask the ledger. */
export const VerificationReceipt = Type.Object({
  state: Type.Enum(['intact', 'broken', 'unproven']),
  /** The chain was computed anew, and is sound, up to this record; 0: not even the first. */
  seq: Type.Integer({ minimum: 0 }),
  /** SHA-256 of that record in lower-case hex; zeros for 0. */
  hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  /** When the first record was made; `null` for an empty ledger. */
  since: nullable(Instant),
  /** The newest signed head that a witness outside the database holds and that agrees; 0: none. */
  vouchedSeq: Type.Integer({ minimum: 0 }),
  signedAt: Instant,
  keyId: Type.String({ pattern: '^[0-9a-f]{16}$' }),
  /** Ed25519 (RFC 8032) in base64url, over the text that docs/guides/operate.md gives. */
  signature: Type.String({ pattern: '^[A-Za-z0-9_-]{86}$' }),
})
export type VerificationReceipt = Static<typeof VerificationReceipt>

/** What a verification may find of a witness. */
export const WitnessState = Type.Enum([
  'agrees',
  'disagrees',
  'behind',
  'unreachable',
  'not-set-up',
])

/** Who keeps signed heads of the ledger: the ledger's own table, a file, another service. */
export const Witness = Type.Enum(['signature', 'file', 'assessment'])

export const LedgerVerified = defineEvent({
  type: 'audit.access.ledger-verified.v1',
  summary: 'The audit ledger was checked record by record, and against its witnesses.',
  clauses: ['A-4.3.4'],
  payload: Type.Object({
    checked: Type.Integer({ minimum: 0 }),
    intact: Type.Boolean(),
    fault: nullable(Type.Object({ seq: Type.Integer(), what: Type.String() })),
    verifiedAt: Instant,
    /** `unproven`: the chain is sound in itself, but a witness could not be asked. Absent before there were witnesses. */
    state: Type.Optional(Type.Enum(['intact', 'broken', 'unproven'])),
    witnesses: Type.Optional(
      Type.Array(Type.Object({ witness: Witness, state: WitnessState }), { maxItems: 3 }),
    ),
    /** Absent before there were receipts, and when a lost head was stated without a verification. */
    receipt: Type.Optional(VerificationReceipt),
  }),
})

export const LedgerExported = defineEvent({
  type: 'audit.access.ledger-exported.v1',
  summary: 'Somebody began to read a copy of the audit ledger, or of a part of it.',
  clauses: ['A-4.3.4'],
  payload: Type.Object({
    format: Type.Enum(['ndjson', 'csv']),
    /** Records after this number up to `through`; both count from 1. */
    after: Type.Integer({ minimum: 0 }),
    through: Type.Integer({ minimum: 0 }),
    /** What was asked for, as the filter of the list; a user name is named by its account, as `actor`. */
    filter: Type.Record(Type.String(), Type.String()),
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

/** As `accountFact`. */
const taskFact = {
  taskId: Uuid,
  accountId: Uuid,
  userName: Type.String(),
  kind: Type.String(),
}

export const ProvisioningQueued = defineEvent({
  type: 'identity.provisioning.queued.v1',
  summary: 'A call in EBS was queued for the middleware.',
  clauses: ['A-2.1.1', 'A-2.1.4'],
  payload: Type.Object({
    ...taskFact,
    procedure: Type.String(),
    queuedAt: Instant,
    /** By when it must be done and read back; `null` where nothing ends by it. */
    dueAt: nullable(Instant),
  }),
})

export const ProvisioningDone = defineEvent({
  type: 'identity.provisioning.done.v1',
  summary: 'The call was made and what was read back from EBS is what was asked.',
  clauses: ['A-2.1.1', 'A-2.1.4'],
  payload: Type.Object({
    ...taskFact,
    /** Members that name a person are sealed. */
    readBack: Type.Record(Type.String(), nullable(Type.String())),
    doneAt: Instant,
  }),
})

export const ProvisioningFailed = defineEvent({
  type: 'identity.provisioning.failed.v1',
  summary: 'A call in EBS failed for the last time and waits for a person.',
  clauses: ['A-2.1.4'],
  payload: Type.Object({
    ...taskFact,
    code: Type.String(),
    /** What EBS said; it may name the user. */
    message: SealedText,
    attempts: Type.Integer({ minimum: 0 }),
    failedAt: Instant,
  }),
})

export const ProvisioningDrift = defineEvent({
  type: 'identity.provisioning.drift.v1',
  summary: 'What was read back from EBS is not what was asked.',
  clauses: ['A-2.1.4', 'A-4.3.3'],
  payload: Type.Object({
    ...taskFact,
    expected: Type.Record(Type.String(), nullable(Type.String())),
    readBack: Type.Record(Type.String(), nullable(Type.String())),
    foundAt: Instant,
  }),
})

export const ProvisioningSuperseded = defineEvent({
  type: 'identity.provisioning.superseded.v1',
  summary:
    'A call that no longer makes sense was taken out of the queue, by a leave or by a person.',
  clauses: ['A-2.1.4'],
  payload: Type.Object({ ...taskFact, reason: Type.String(), supersededAt: Instant }),
})
