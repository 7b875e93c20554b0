import type { WordsByBeginning } from '../event-words.ts'

/** Members of what every service states: parameters, proposals, waits, refusals, and of the ledger. */
export const platformWords: WordsByBeginning = {
  'parameter.version.set': {
    key: 'Key of the parameter.',
    unitId: 'The unit that it holds for; null: for the company.',
    value: 'The value, as the parameter has it.',
  },
  'audit.proposal.': {
    kind: 'What kind of change, for example `parameter.set`.',
    subject: 'What would be changed: one proposal at a time for each subject of a kind.',
    proposedByPersonId: 'Who proposed it; null: an account that names no person.',
    reason: 'Why; null: nothing was said.',
  },
  'audit.proposal.made': {
    body: 'The change as it was proposed.',
    concernedPersonIds: 'Who is measured by it or gains from it, and so may not decide.',
    concernedUnitIds: 'Units that it is about, whose people may not decide.',
    expiresAt: 'First instant at which it can no longer be decided.',
  },
  'audit.proposal.decided': {
    decidedByPersonId: 'Who decided; null: an account that names no person, or nobody in time.',
  },
  'audit.wait.': {
    kind: 'What waits, for example `parameter.set` or `appeal.decide`.',
    subject: 'Id of what waits.',
    permission: 'Who decides holds this permission.',
    unitIds: 'Units that it is about.',
    expiresAt: 'First instant at which it can no longer be decided; null: it waits without end.',
    because: 'Whether somebody can decide it, or it waits no longer.',
    isDecidable: 'Whether anybody can decide it.',
    warnedAt: 'When that was said.',
  },
  'audit.access.refused': {
    operation: 'The `operationId` that was refused.',
    code: 'Code of the problem that was answered.',
  },
  'audit.access.dead-letter-handled': {
    eventId: 'The event that could not be handled.',
    eventType: 'Its type.',
  },
  'audit.access.service-alive': { saidAt: 'When the service said so.' },
  'audit.access.signed-in': {
    mustChangePassword: 'Whether the session can only change the password.',
    initialPassword: 'Whether it was opened by a password that others issued.',
    amr: 'By what it was opened (RFC 8176): `pwd` a password, `otp` a code of an authenticator app, `mfa` more than one thing.',
    passwordOf:
      'Whether the password was one of the account, or of the directory of the company; absent from older facts.',
    signedInAt: 'When the session was opened.',
  },
  'audit.access.ledger-anchored': {
    day: 'The Chinese date that it was fixed for.',
    seq: 'Number of the last record; 0: the ledger was empty.',
    anchoredAt: 'When it was fixed.',
  },
  'audit.access.ledger-verified': {
    checked: 'Records that were computed anew.',
    intact: 'Whether the chain and all its witnesses agree.',
    fault: 'The first fault of the chain; null: none.',
    'fault.seq': 'Number of the first record that is wrong.',
    'fault.what': 'What is wrong with it.',
    verifiedAt: 'When it was checked.',
    state:
      '`unproven`: sound in itself, but a witness could not be asked; absent from older facts.',
    witnesses: 'What each witness says; absent from older facts.',
    receipt:
      'The outcome, signed; absent from older facts, and where a lost head was stated without a check.',
  },
  'audit.access.ledger-exported': {
    format: 'The form of the copy.',
    after: 'The copy has the records after this number.',
    through: 'The last record of the copy, counted from 1.',
    filter:
      'What was asked for, as the filter of the list; a user name is named by its account, as `actor`.',
  },
}
