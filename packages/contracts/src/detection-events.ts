import { Type } from 'typebox'
import { defineEvent } from './event.ts'
import { Instant, nullable, Uuid } from './values.ts'

/** `lending`: signs that others use the account; `theft`: somebody reported it stolen or at risk. */
export const caseKinds = ['lending', 'theft'] as const

const caseKind = Type.Enum([...caseKinds])

/** The case and the account that it is about. */
const about = {
  caseId: Uuid,
  kind: caseKind,
  accountId: Uuid,
  /** `null` for an administrator that is not named yet. */
  personId: nullable(Uuid),
}

export const AccountCaseOpened = defineEvent({
  type: 'identity.security.account-case-opened.v1',
  summary: 'An account was reported stolen, or looks as if others used it: a case to be decided.',
  clauses: ['A-2.1.6', 'A-2.1.7', 'A-2.2.2', 'A-4.3.5'],
  payload: Type.Object({
    ...about,
    /** Where it is looked into: the unit of the person, else of who reported it, else headquarters; `null` before any. */
    unitId: nullable(Uuid),
    /** How likely it is, from 1 to 100; `null` for a report. */
    score: nullable(Type.Integer({ minimum: 1, maximum: 100 })),
    /** What the reporter said; `null` where the product found it. */
    reason: nullable(Type.String()),
    /** Whether it shut the account, which otherwise was shut before or may not be. */
    frozen: Type.Boolean(),
    openedAt: Instant,
  }),
})

export const AccountCaseJoined = defineEvent({
  type: 'identity.security.account-case-joined.v1',
  summary: 'An open case got another report or another sign.',
  clauses: ['A-2.1.6', 'A-2.1.7', 'A-4.3.5'],
  payload: Type.Object({
    ...about,
    score: nullable(Type.Integer({ minimum: 1, maximum: 100 })),
    reason: nullable(Type.String()),
    frozen: Type.Boolean(),
    joinedAt: Instant,
  }),
})

/** What was looked at of the account in the ledger; `null` for a case that needs no look back. */
const Review = Type.Object({
  /** The last sign-in that was known to be good. */
  since: Instant,
  records: Type.Integer({ minimum: 0 }),
  /** SHA-256 over the hashes of those records, in their order. */
  digest: Type.String({ pattern: '^[0-9a-f]{64}$' }),
})

export const AccountCaseDecided = defineEvent({
  type: 'identity.security.account-case-decided.v1',
  summary: 'A person decided a case of theft or lending; only then is the account released.',
  clauses: ['A-2.1.6', 'A-2.1.8', 'A-2.2.2', 'A-4.3.5', 'A-6.1.4'],
  payload: Type.Object({
    ...about,
    unitId: nullable(Uuid),
    decision: Type.Enum(['confirmed', 'dismissed']),
    reason: Type.String(),
    score: nullable(Type.Integer({ minimum: 1, maximum: 100 })),
    /** Whether passwords, second factor and known devices of the account were made void. */
    credentialsVoided: Type.Boolean(),
    reviewed: nullable(Review),
    openedAt: Instant,
    decidedAt: Instant,
  }),
})

export const SharingSuspected = defineEvent({
  type: 'identity.security.sharing-suspected.v1',
  summary: 'A rule found a sign that others use an account; enough of them open a case.',
  clauses: ['A-2.1.6', 'A-2.2.2'],
  payload: Type.Object({
    signalId: Uuid,
    accountId: Uuid,
    /** Which rule, for example `parallel-use`. */
    rule: Type.String(),
    score: Type.Integer({ minimum: 1, maximum: 100 }),
    /** Ids of the events that prove it. */
    evidence: Type.Array(Uuid),
    /** The other accounts in it. */
    otherAccountIds: Type.Array(Uuid),
    /** Versions of the parameters that judged it, by key. */
    parameterVersions: Type.Record(Type.String(), Type.Integer({ minimum: 0 })),
    at: Instant,
  }),
})

export const NetworkListed = defineEvent({
  type: 'identity.security.network-listed.v1',
  summary: 'Two people said where a network is, or that many people come from one address of it.',
  clauses: ['A-2.1.6'],
  payload: Type.Object({
    networkId: Uuid,
    code: Type.String(),
    cidr: Type.String(),
    /** Many people come from one address of it: what they share is no sign. */
    isShared: Type.Boolean(),
    latitude: nullable(Type.Number()),
    longitude: nullable(Type.Number()),
    active: Type.Boolean(),
    approvedBy: Type.String(),
    listedAt: Instant,
  }),
})

export const AbsenceRecorded = defineEvent({
  type: 'identity.directory.absence-recorded.v1',
  summary: 'Somebody is on leave or travels for a time, or came back before its end.',
  clauses: ['A-2.1.6'],
  payload: Type.Object({
    absenceId: Uuid,
    personId: Uuid,
    kind: Type.Enum(['leave', 'travel']),
    startsAt: Instant,
    endsAt: Instant,
    recordedAt: Instant,
  }),
})

/** Stated every hour: that nobody was found proves something only while somebody looked. */
export const AccountsWatched = defineEvent({
  type: 'identity.security.accounts-watched.v1',
  summary: 'What was looked at for signs of sharing, and which cases wait.',
  clauses: ['A-2.1.6', 'A-2.1.7', 'A-2.1.8', 'A-2.2.2'],
  payload: Type.Object({
    /** Sign-ins of the last day. */
    signIns: Type.Integer({ minimum: 0 }),
    /** Signs that the last day showed. */
    signals: Type.Integer({ minimum: 0 }),
    openCases: Type.Integer({ minimum: 0 }),
    /** Accounts that were reported stolen, are not decided about, and can be used. */
    unshutThefts: Type.Integer({ minimum: 0 }),
    /** Cases that nobody has decided for a week. */
    waitingLong: Type.Integer({ minimum: 0 }),
    watchedAt: Instant,
  }),
})
