import { describe, expect, test } from '@jest/globals'
import {
  AccountCreated,
  AccountDisabled,
  AccountRolesChanged,
  AdministratorNamed,
  AdministratorRoleFilled,
  AdministratorRoleVacant,
  AdministratorUnnamed,
} from '@erp-steward/contracts/account-events'
import {
  AccountCaseDecided,
  AccountCaseOpened,
  AccountsWatched,
} from '@erp-steward/contracts/detection-events'
import {
  DepartureJudged,
  SensitiveDataInClear,
  SensitiveDataSealed,
} from '@erp-steward/contracts/directory-events'
import { AuditOpened, AuditReportSigned } from '@erp-steward/contracts/audit-events'
import {
  AccessReviewClosed,
  AccessReviewOpened,
  GrantsApplied,
  SodViolationEnded,
  SodViolationFound,
} from '@erp-steward/contracts/grant-events'
import { LedgerVerified } from '@erp-steward/contracts/ledger-events'
import {
  ProvisioningDone,
  ProvisioningDrift,
  ProvisioningFailed,
  ProvisioningQueued,
  ProvisioningSuperseded,
} from '@erp-steward/contracts/provisioning-events'
import {
  DriftClosed,
  DriftFound,
  EbsCompared,
  EbsSilent,
} from '@erp-steward/contracts/reconciliation-events'
import {
  PasswordChanged,
  SessionEnded,
  SignedIn,
  SigningKeyRotated,
  SignInRulesChecked,
} from '@erp-steward/contracts/sign-in-events'
import { AccessRefused } from '@erp-steward/contracts/platform-events'
import { DAY, HOUR, noon, said, stateAfter } from './played.ts'

test('[A-4.2.4] kept: somebody without the right was refused, and it left a trace', () => {
  expect(stateAfter('A-4.2.4', [said(AccessRefused)])).toBe('kept')
})

test('[A-4.2.4] turned: nothing was ever refused', () => {
  expect(stateAfter('A-4.2.4', [said(PasswordChanged)])).toBe('stale')
})

describe('[A-4.3.1] what identifies people', () => {
  const keys = said(SigningKeyRotated, {}, -30 * DAY)
  const sealed = (ms = -HOUR) => said(SensitiveDataSealed, {}, ms)
  const inClear = (ms = -HOUR) => said(SensitiveDataInClear, {}, ms)

  test('[A-4.3.1] kept: keys are rotated, and a search found nothing in clear', () => {
    expect(stateAfter('A-4.3.1', [keys, sealed()])).toBe('kept')
  })

  test('[A-4.3.1] turned: one row lies in clear, though it was sealed before and keys are rotated', () => {
    expect(stateAfter('A-4.3.1', [keys, sealed(-2 * HOUR), inClear()])).toBe('broken')
  })

  test('[A-4.3.1] kept again once it is sealed', () => {
    expect(stateAfter('A-4.3.1', [keys, inClear(-2 * HOUR), sealed()])).toBe('kept')
  })

  test.each([
    ['nobody ever searched', [keys]],
    ['nobody has searched for two days', [keys, sealed(-2 * DAY - HOUR)]],
    ['keys were never rotated', [sealed()]],
    ['no key was rotated for thirteen months', [said(SigningKeyRotated, {}, -400 * DAY), sealed()]],
  ])('[A-4.3.1] turned: %s', (_what, events) => {
    expect(stateAfter('A-4.3.1', events)).not.toBe('kept')
  })
})

describe('[A-4.3.3] reviews of what people hold', () => {
  const closed = (kind: string, ms = -HOUR, reviewId = kind) =>
    said(AccessReviewClosed, { reviewId, kind }, ms)
  const both = [closed('business'), closed('privileged')]
  const opened = (endedBy: number, reviewId = 'r1') =>
    said(
      AccessReviewOpened,
      { reviewId, kind: 'business', endedBy: noon(endedBy).toISOString() },
      -2 * HOUR,
    )

  test('[A-4.3.3] kept: a review of each kind has ended, and another has time', () => {
    expect(stateAfter('A-4.3.3', both)).toBe('kept')
    expect(stateAfter('A-4.3.3', [...both, opened(1)])).toBe('kept')
    expect(stateAfter('A-4.3.3', [...both, opened(-HOUR / 2), closed('business', 0, 'r1')])).toBe(
      'kept',
    )
  })

  test('[A-4.3.3] turned: what nobody certified is not revoked though its time is over, whatever ended before', () => {
    expect(stateAfter('A-4.3.3', [...both, opened(-HOUR / 2)])).toBe('broken')
    expect(stateAfter('A-4.3.3', [...both, opened(-HOUR / 2), closed('business', 0, 'r2')])).toBe(
      'broken',
    )
  })

  test.each([
    ['nothing was ever reviewed', []],
    ['what is privileged was not', [closed('business')]],
    ['only what is privileged was', [closed('privileged')]],
    [
      'the last business review is over four months old',
      [closed('business', -125 * DAY), closed('privileged')],
    ],
    [
      'the last one of what is privileged is over two',
      [closed('business'), closed('privileged', -63 * DAY)],
    ],
  ])('[A-4.3.3] turned: %s', (_what, events) => {
    expect(stateAfter('A-4.3.3', events)).toBe('stale')
  })
})

test('[A-4.3.4] kept: the ledger was verified and found intact', () => {
  expect(stateAfter('A-4.3.4', [said(LedgerVerified, { intact: true, state: 'intact' })])).toBe(
    'kept',
  )
  // Before there were witnesses the outcome had no state.
  expect(stateAfter('A-4.3.4', [said(LedgerVerified, { intact: true })])).toBe('kept')
})

test('[A-4.3.4] turned: the last verification found it broken, until one finds it intact', () => {
  const before = said(LedgerVerified, { intact: true, state: 'intact' }, -2 * HOUR)
  const broken = said(LedgerVerified, { intact: false, state: 'broken' })
  expect(stateAfter('A-4.3.4', [before, broken])).toBe('broken')
  expect(stateAfter('A-4.3.4', [before, said(LedgerVerified, { intact: false })])).toBe('broken')
  const mended = said(LedgerVerified, { intact: true, state: 'intact' }, -HOUR / 2)
  expect(stateAfter('A-4.3.4', [before, broken, mended])).toBe('kept')
})

test('[A-4.3.4] turned: a witness did not answer', () => {
  const before = said(LedgerVerified, { intact: true, state: 'intact' }, -2 * HOUR)
  const unproven = said(LedgerVerified, { intact: false, state: 'unproven' })
  expect(stateAfter('A-4.3.4', [before, unproven])).toBe('at-risk')
})

test('[A-4.3.4] turned: nobody verified it for two days', () => {
  expect(
    stateAfter('A-4.3.4', [said(LedgerVerified, { intact: true, state: 'intact' }, -3 * DAY)]),
  ).toBe('stale')
})

test('[A-4.3.4] turned: an audit is not signed at its time, until it is', () => {
  const verified = said(LedgerVerified, { intact: true, state: 'intact' }, -2 * HOUR)
  const opened = (dueIn: number) =>
    said(AuditOpened, { taskId: 'audit-1', dueAt: noon(dueIn).toISOString() }, -3 * DAY)
  expect(stateAfter('A-4.3.4', [opened(HOUR), verified])).toBe('kept')
  expect(stateAfter('A-4.3.4', [opened(-HOUR), verified])).toBe('broken')
  const signed = said(AuditReportSigned, { taskId: 'audit-1' }, -HOUR / 2)
  expect(stateAfter('A-4.3.4', [opened(-HOUR), verified, signed])).toBe('kept')
  const other = said(AuditReportSigned, { taskId: 'audit-2' }, -HOUR / 2)
  expect(stateAfter('A-4.3.4', [opened(-HOUR), verified, other])).toBe('broken')
})

const ACCOUNT = { accountId: '00000000-0000-4000-8000-00000000000a' }
const TASK = { taskId: '00000000-0000-4000-8000-00000000000b' }
const SESSION = { sessionId: '00000000-0000-4000-8000-00000000000c' }
const made = said(AccountCreated, ACCOUNT, -5 * HOUR)

test('[A-2.1.1] kept: accounts were made, EBS has them, administrators are named and no role is empty', () => {
  const failed = said(ProvisioningFailed, { ...TASK, kind: 'create-user' }, -3 * HOUR)
  expect(stateAfter('A-2.1.1', [made])).toBe('kept')
  expect(stateAfter('A-2.1.1', [made, failed, said(ProvisioningDone, TASK)])).toBe('kept')
  const unnamed = said(AdministratorUnnamed, ACCOUNT, -4 * HOUR)
  expect(stateAfter('A-2.1.1', [made, unnamed, said(AdministratorNamed, ACCOUNT)])).toBe('kept')
  expect(stateAfter('A-2.1.1', [made, unnamed, said(AccountDisabled, ACCOUNT)])).toBe('kept')
  const vacant = said(AdministratorRoleVacant, { role: 'AUDIT_ADMIN' }, -4 * HOUR)
  const filled = said(AdministratorRoleFilled, { role: 'AUDIT_ADMIN' })
  expect(stateAfter('A-2.1.1', [made, vacant, filled])).toBe('kept')
})

test('[A-2.1.1] turned: EBS did not get an account, an administrator is nobody, a role is held by nobody', () => {
  const failed = said(ProvisioningFailed, { ...TASK, kind: 'add-role' })
  expect(stateAfter('A-2.1.1', [made, failed])).toBe('broken')
  expect(stateAfter('A-2.1.1', [made, said(AdministratorUnnamed, ACCOUNT)])).toBe('at-risk')
  const vacant = said(AdministratorRoleVacant, { role: 'AUDIT_ADMIN' })
  const other = said(AdministratorRoleFilled, { role: 'SYSTEM_ADMIN' }, 0)
  expect(stateAfter('A-2.1.1', [made, vacant, other])).toBe('broken')
})

const leaver = said(AccountDisabled, { ...ACCOUNT, leave: null }, -3 * HOUR)
const ending = (hours: number) =>
  said(
    ProvisioningQueued,
    { ...TASK, kind: 'end-date-user', dueAt: noon(hours * HOUR).toISOString() },
    -3 * HOUR,
  )

const GRANTED = said(GrantsApplied, { personId: 'p1', source: 'position' })

test('[A-2.1.2] kept: rights begin by matrix or request, and what was found incompatible is covered or gone', () => {
  expect(stateAfter('A-2.1.2', [GRANTED])).toBe('kept')
  const found = said(SodViolationFound, { violationId: 'v1' }, -HOUR)
  const ended = said(SodViolationEnded, { violationId: 'v1' })
  expect(stateAfter('A-2.1.2', [GRANTED, found, ended])).toBe('kept')
  const drift = said(DriftFound, { findingId: 'f1', kind: 'unapproved-grant' }, -HOUR)
  const closed = said(DriftClosed, { findingId: 'f1', kind: 'unapproved-grant', why: 'gone' })
  expect(stateAfter('A-2.1.2', [GRANTED, drift, closed])).toBe('kept')
  const other = said(DriftFound, { findingId: 'f1', kind: 'reopened' }, -HOUR)
  expect(stateAfter('A-2.1.2', [GRANTED, other])).toBe('kept')
})

test('[A-2.1.2] turned: somebody holds incompatible duties, or has in EBS what nobody approved, or no right ever began', () => {
  const found = (violationId: string) => said(SodViolationFound, { violationId }, -HOUR)
  expect(stateAfter('A-2.1.2', [GRANTED, found('v1')])).toBe('broken')
  const ended = said(SodViolationEnded, { violationId: 'v1' })
  expect(stateAfter('A-2.1.2', [GRANTED, found('v1'), found('v2'), ended])).toBe('broken')
  const drift = said(DriftFound, { findingId: 'f1', kind: 'unapproved-grant' }, -HOUR)
  expect(stateAfter('A-2.1.2', [GRANTED, drift])).toBe('broken')
  expect(stateAfter('A-2.1.2', [])).toBe('stale')
})

test('[A-2.1.3] kept: the department told in time; turned: late, or not at all, until the day turns out to be another', () => {
  const other = said(DepartureJudged, { departureId: 'd1', verdict: 'in-time' }, -3 * HOUR)
  const judged = (verdict: 'in-time' | 'late' | 'missing' | 'withdrawn', at?: number) =>
    said(DepartureJudged, { departureId: 'd2', verdict }, at)
  expect(stateAfter('A-2.1.3', [other])).toBe('kept')
  expect(stateAfter('A-2.1.3', [other, judged('missing', -2 * HOUR)])).toBe('broken')
  expect(stateAfter('A-2.1.3', [other, judged('missing', -2 * HOUR), judged('late', -HOUR)])).toBe(
    'broken',
  )
  for (const mended of ['in-time', 'withdrawn'] as const)
    expect(stateAfter('A-2.1.3', [other, judged('missing', -2 * HOUR), judged(mended)])).toBe(
      'kept',
    )
})

const WATCHED = { unshutThefts: 0, waitingLong: 0 }
const watched = (members: object = {}, ms = -HOUR) =>
  said(AccountsWatched, { ...WATCHED, ...members }, ms)
const opened = (kind: 'lending' | 'theft') =>
  said(AccountCaseOpened, { caseId: 'c1', kind }, -2 * HOUR)
const decided = said(AccountCaseDecided, { caseId: 'c1' })

test('[A-2.1.6] kept: sign-ins are looked at, and each case of lending was decided', () => {
  expect(stateAfter('A-2.1.6', [watched()])).toBe('kept')
  expect(stateAfter('A-2.1.6', [watched(), opened('lending'), decided])).toBe('kept')
  expect(stateAfter('A-2.1.6', [watched(), opened('theft')])).toBe('kept')
})

test('[A-2.1.6] turned: a case of lending waits, or nobody looked for six hours', () => {
  expect(stateAfter('A-2.1.6', [watched(), opened('lending')])).toBe('at-risk')
  expect(stateAfter('A-2.1.6', [watched({}, -7 * HOUR)])).toBe('stale')
  expect(stateAfter('A-2.1.6', [])).toBe('stale')
})

test('[A-2.2.2] kept: sign-ins are looked at, and no case waits', () => {
  expect(stateAfter('A-2.2.2', [watched(), opened('theft'), decided])).toBe('kept')
})

test('[A-2.2.2] turned: a case of either kind waits, or nobody looked', () => {
  expect(stateAfter('A-2.2.2', [watched(), opened('theft')])).toBe('at-risk')
  expect(stateAfter('A-2.2.2', [watched(), opened('lending')])).toBe('at-risk')
  expect(stateAfter('A-2.2.2', [watched({}, -7 * HOUR)])).toBe('stale')
})

test('[A-2.1.7] kept: no account that was reported can be used', () => {
  expect(stateAfter('A-2.1.7', [watched({ unshutThefts: 1 }, -2 * HOUR), watched()])).toBe('kept')
})

test('[A-2.1.7] turned: an account that was reported can be used, or nobody counted', () => {
  expect(stateAfter('A-2.1.7', [watched({}, -2 * HOUR), watched({ unshutThefts: 1 })])).toBe(
    'broken',
  )
  expect(stateAfter('A-2.1.7', [watched({}, -7 * HOUR)])).toBe('stale')
})

test('[A-2.1.8] kept: no case waits for more than a week', () => {
  expect(stateAfter('A-2.1.8', [watched({ waitingLong: 2 }, -2 * HOUR), watched()])).toBe('kept')
})

test('[A-2.1.8] turned: a case has waited for a week, or nobody counted', () => {
  expect(stateAfter('A-2.1.8', [watched({ waitingLong: 1 })])).toBe('broken')
  expect(stateAfter('A-2.1.8', [watched({}, -7 * HOUR)])).toBe('stale')
})

test('[A-2.1.4] kept: the leaver is out, and EBS has the end date read back or still has time', () => {
  expect(stateAfter('A-2.1.4', [leaver, ending(1)])).toBe('kept')
  expect(stateAfter('A-2.1.4', [leaver, ending(-1), said(ProvisioningDone, TASK)])).toBe('kept')
  expect(stateAfter('A-2.1.4', [leaver, ending(-1), said(ProvisioningSuperseded, TASK)])).toBe(
    'kept',
  )
})

test('[A-2.1.4] turned: a comparison finds a leaver open in EBS, until another no longer does; and silence is a risk', () => {
  const open = said(DriftFound, { findingId: 'f1', kind: 'reopened' }, -HOUR)
  expect(stateAfter('A-2.1.4', [leaver, open])).toBe('broken')
  const other = said(DriftFound, { findingId: 'f1', kind: 'unapproved-grant' }, -HOUR)
  expect(stateAfter('A-2.1.4', [leaver, other])).toBe('kept')
  const closed = said(DriftClosed, { findingId: 'f1', kind: 'reopened', why: 'gone' })
  expect(stateAfter('A-2.1.4', [leaver, open, closed])).toBe('kept')
  const silent = said(EbsSilent, {}, -HOUR)
  expect(stateAfter('A-2.1.4', [leaver, silent])).toBe('at-risk')
  expect(stateAfter('A-2.1.4', [leaver, silent, said(EbsCompared)])).toBe('kept')
})

test('[A-2.1.4] turned: the end date still waits at its time, or failed, or reads back another state, or came late', () => {
  expect(stateAfter('A-2.1.4', [leaver, ending(-1)])).toBe('broken')
  // The account disabled and the rights changed here do not stand in for what EBS does not have.
  expect(stateAfter('A-2.1.4', [leaver, ending(-1), said(AccountRolesChanged)])).toBe('broken')
  expect(stateAfter('A-2.1.4', [leaver, said(ProvisioningFailed, TASK)])).toBe('broken')
  expect(stateAfter('A-2.1.4', [leaver, said(ProvisioningDrift, TASK)])).toBe('broken')
  const late = { lagSeconds: 2, targetSeconds: 1, withinTarget: false, parameterVersion: 0 }
  expect(stateAfter('A-2.1.4', [said(AccountDisabled, { ...ACCOUNT, leave: late })])).toBe('broken')
})

const RULES = { sessionsPastInitial: 0, withoutClasses: 0, tooShort: 0, sessionsPastLimit: 0 }
const CHANGED = { ...ACCOUNT, replacedInitial: true, minLength: 8, classes: 4 }

test.each([
  ['A-2.2.4', 'SIGNON_PASSWORD_HARD_TO_GUESS'],
  ['A-2.2.5', 'SIGNON_PASSWORD_LENGTH'],
  ['A-2.2.7', 'ICX_SESSION_TIMEOUT'],
])('[%s] turned: EBS itself is set otherwise (%s), until it no longer is', (id, name) => {
  const known = [said(PasswordChanged, CHANGED), said(SessionEnded, { reason: 'idle' })]
  const found = (option: string) =>
    said(DriftFound, { findingId: 'f1', kind: 'profile-option', name: option }, -HOUR)
  expect(stateAfter(id, [...known, found('AUDITTRAIL:ACTIVATE')])).toBe('kept')
  expect(stateAfter(id, [...known, found(name)])).toBe('broken')
  const closed = said(DriftClosed, { findingId: 'f1', kind: 'profile-option', why: 'gone' })
  expect(stateAfter(id, [...known, found(name), closed])).toBe('kept')
})

describe('[A-2.2.1] people in accounts of their own', () => {
  const own = said(SignedIn, { ...SESSION, initialPassword: false, mustChangePassword: false })
  const counted = (administratorsWithoutFactor: number, ms = -HOUR) =>
    said(SignInRulesChecked, { ...RULES, administratorsWithoutFactor }, ms)

  test('[A-2.2.1] kept: somebody signed in, and every administrator has a second factor', () => {
    expect(stateAfter('A-2.2.1', [own, counted(0)])).toBe('kept')
    expect(stateAfter('A-2.2.1', [own, counted(1, -2 * HOUR), counted(0)])).toBe('kept')
  })

  test('[A-2.2.1] turned: an administrator has none, though others sign in rightly', () => {
    expect(stateAfter('A-2.2.1', [own, counted(0, -2 * HOUR), counted(1)])).toBe('broken')
  })

  test('[A-2.2.1] turned: nobody ever signed in', () => {
    expect(stateAfter('A-2.2.1', [counted(0)])).toBe('stale')
  })
})

test('[A-2.2.3] kept: initial passwords are replaced first, and none outlives its time', () => {
  const changed = said(PasswordChanged, CHANGED)
  const signedIn = said(SignedIn, {
    ...SESSION,
    initialPassword: true,
    mustChangePassword: true,
  })
  expect(stateAfter('A-2.2.3', [signedIn, changed])).toBe('kept')
  const past = said(SignInRulesChecked, { ...RULES, sessionsPastInitial: 1 }, -2 * HOUR)
  expect(stateAfter('A-2.2.3', [changed, past, said(SignInRulesChecked, RULES)])).toBe('kept')
})

test('[A-2.2.3] turned: one opened more than the change, or a session outlives it, or nobody ever replaced one', () => {
  const changed = said(PasswordChanged, CHANGED)
  const more = { ...SESSION, initialPassword: true, mustChangePassword: false }
  expect(stateAfter('A-2.2.3', [changed, said(SignedIn, more)])).toBe('broken')
  const past = said(SignInRulesChecked, { ...RULES, sessionsPastInitial: 1 })
  expect(stateAfter('A-2.2.3', [changed, past])).toBe('broken')
  const own = said(PasswordChanged, { ...CHANGED, replacedInitial: false })
  expect(stateAfter('A-2.2.3', [own])).toBe('stale')
})

test.each([
  ['A-2.2.4', { classes: 0 }, { withoutClasses: 1 }],
  ['A-2.2.5', { minLength: 7 }, { tooShort: 1 }],
])(
  '[%s] kept under the rules, turned by a password of weaker ones, taken or in force',
  (id, weaker, found) => {
    const changed = said(PasswordChanged, CHANGED, -3 * HOUR)
    const weak = said(PasswordChanged, { ...CHANGED, ...weaker }, -2 * HOUR)
    expect(stateAfter(id, [changed])).toBe('kept')
    expect(stateAfter(id, [changed, weak])).toBe('broken')
    expect(stateAfter(id, [weak, said(PasswordChanged, CHANGED)])).toBe('kept')
    const counted = said(SignInRulesChecked, { ...RULES, ...found }, -2 * HOUR)
    expect(stateAfter(id, [changed, counted])).toBe('broken')
    expect(stateAfter(id, [changed, counted, said(SignInRulesChecked, RULES)])).toBe('kept')
    expect(stateAfter(id, [said(SignInRulesChecked, RULES)])).toBe('stale')
  },
)

test('[A-2.2.4] kept: three classes are letters, digits and special characters', () => {
  expect(stateAfter('A-2.2.4', [said(PasswordChanged, { ...CHANGED, classes: 3 })])).toBe('kept')
})

test('[A-2.2.4] turned: two classes are not', () => {
  expect(stateAfter('A-2.2.4', [said(PasswordChanged, { ...CHANGED, classes: 2 })])).toBe('broken')
})

test('[A-2.2.5] kept: longer rules are rules of at least 8', () => {
  expect(stateAfter('A-2.2.5', [said(PasswordChanged, { ...CHANGED, minLength: 14 })])).toBe('kept')
})

test('[A-2.2.5] turned: nobody ever changed a password', () => {
  expect(stateAfter('A-2.2.5', [said(SessionEnded, { reason: 'idle' })])).toBe('stale')
})

test('[A-2.2.6] kept: somebody signed out', () => {
  expect(stateAfter('A-2.2.6', [said(SessionEnded, { reason: 'signed-out' })])).toBe('kept')
})

test('[A-2.2.6] turned: sessions only ended by their limits', () => {
  expect(stateAfter('A-2.2.6', [said(SessionEnded, { reason: 'idle' })])).toBe('stale')
})

test('[A-2.2.7] kept: sessions end, and none is open past its limits', () => {
  const ended = said(SessionEnded, { reason: 'idle' })
  expect(stateAfter('A-2.2.7', [ended, said(SignInRulesChecked, RULES)])).toBe('kept')
})

test('[A-2.2.7] turned: a session outlives its limits, or none ever ended', () => {
  const ended = said(SessionEnded, { reason: 'idle' })
  const open = said(SignInRulesChecked, { ...RULES, sessionsPastLimit: 2 })
  expect(stateAfter('A-2.2.7', [ended, open])).toBe('broken')
  expect(stateAfter('A-2.2.7', [said(SignInRulesChecked, RULES)])).toBe('stale')
})
