import { Type } from 'typebox'
import { defineEvent } from './event.ts'
import { Instant, nullable, Uuid } from './values.ts'

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
    /** Why, in the words of the administrator who ended it; absent for every other reason. */
    because: Type.Optional(Type.String()),
    endedAt: Instant,
  }),
})

/** Who knows the password and is refused may be a second person: what looks for lent accounts reads it. */
export const SessionRefused = defineEvent({
  type: 'identity.security.session-refused.v1',
  summary: 'A right password opened no session: as many were open as the account may have.',
  clauses: ['A-2.1.6', 'A-2.2.2'],
  payload: Type.Object({
    accountId: Uuid,
    sourceIp: Type.String(),
    userAgent: nullable(Type.String()),
    /** Sessions that were open. */
    open: Type.Integer({ minimum: 1 }),
    refusedAt: Instant,
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
    /** By what it was opened (RFC 8176): `pwd` a password, `otp` a code of an authenticator app, `mfa` more than one thing. */
    amr: Type.Optional(Type.Array(Type.String())),
    /** Whether the password was one of the account, or of the directory of the company. */
    passwordOf: Type.Optional(Type.Enum(['account', 'directory'])),
    signedInAt: Instant,
  }),
})

/** What was being proved; `totp` is a code of an authenticator app, `recovery` one that stands in for it. Absent: the password. */
const TriedFactor = Type.Optional(Type.Enum(['password', 'totp', 'recovery']))

/** Also for names that nobody has; the name itself is left out, people type passwords there by mistake. */
export const LoginFailed = defineEvent({
  type: 'identity.security.login-failed.v1',
  summary: 'Somebody tried to sign in and was refused.',
  clauses: ['A-2.2.2', 'A-4.2.4'],
  payload: Type.Object({
    accountId: nullable(Uuid),
    factor: TriedFactor,
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
    factor: TriedFactor,
    /** Where: at one place, at one known device, or at every place that the account is not known at. */
    scope: Type.Optional(Type.Enum(['place', 'device', 'elsewhere'])),
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
    /** SHA-256 of the public key that the half was sealed to; absent where somebody read it. */
    sealedTo: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
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

/** Each step of what an account proves besides its password; the person hears of those that change it. */
export const SecondFactorChanged = defineEvent({
  type: 'identity.security.second-factor.v1',
  summary: 'A second factor of an account was set up, used in need, renewed, removed or reset.',
  clauses: ['A-2.2.1'],
  payload: Type.Object({
    accountId: Uuid,
    personId: nullable(Uuid),
    /** `null` for the account of a person. */
    administratorRole: nullable(Type.String()),
    step: Type.Enum([
      'begun',
      'set-up',
      'recovery-code-used',
      'recovery-codes-renewed',
      'removed',
      'reset',
    ]),
    /** Recovery codes that are left. */
    recoveryCodesLeft: Type.Integer({ minimum: 0 }),
    at: Instant,
  }),
})

/**
 * Stated every hour: what the rules for passwords and sessions forbid, counted as it is now. Anything but zero is a fault of
 * the product or of somebody at its tables.
 */
export const SignInRulesChecked = defineEvent({
  type: 'identity.security.sign-in-rules-checked.v1',
  summary: 'Passwords and sessions were counted that the rules forbid.',
  clauses: ['A-2.2.1', 'A-2.2.3', 'A-2.2.4', 'A-2.2.5', 'A-2.2.7'],
  payload: Type.Object({
    /** Active administrators with a password of their own and no second factor, whatever the parameters ask. */
    administratorsWithoutFactor: Type.Optional(Type.Integer({ minimum: 0 })),
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
