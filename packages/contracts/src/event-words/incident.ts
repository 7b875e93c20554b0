import type { WordsByBeginning } from '../event-words.ts'

/** Members of tickets, key users, calendars, messages and changes. */
export const incidentWords: WordsByBeginning = {
  'incident.ticket.': {
    ticketId: 'The ticket.',
    ownerPersonId: 'Who works on it; null: nobody has taken it.',
    previousOwnerPersonId: 'Who worked on it until then; null: nobody.',
    personIds: 'Whom it reached; empty: there is nobody on the step at all.',
  },
  'incident.ticket.opened': {
    number: 'By which people call it.',
    title: 'What is wrong, in one line.',
    category: 'What kind of matter it is.',
    unitId: 'The unit that has the trouble.',
    tiers: 'The tiers that it goes through, first to last.',
    reporterPersonId: 'Who reported it; null: a script or an alert.',
    acknowledgeDueAt: 'By when somebody has to take it; null: not known yet.',
    restoreDueAt: 'By when service has to be restored; null: not known yet.',
  },
  'incident.ticket.acknowledged': {
    acknowledgedAt: 'When it was taken: the first response.',
    alertLevel:
      'Level that the ticket told of its alert when it was taken; null: no alert; absent from facts of before levels were told.',
  },
  'incident.ticket.escalated': {
    by: 'Who moved it: its owner, the clock of the tier, or that the tier has nobody.',
    analysis: 'What the owner had found; null: it was not the owner.',
    escalatedAt: 'When it moved up.',
  },
  'incident.ticket.progress-noted': {
    note: 'What the reporter was told.',
    notedAt: 'When it was told.',
  },
  'incident.ticket.resolved': {
    resolution: 'What was done.',
    resolvedAt: 'When service was restored, or worked around, by the word of the owner.',
    confirmDueAt: 'By when the reporter is asked to confirm; null: not known yet.',
  },
  'incident.ticket.confirmed': {
    accepted: 'Whether the reporter agrees; false: it is worked on again.',
    confirmedAt: 'When the reporter answered.',
  },
  'incident.ticket.closed': {
    by: 'Whether the reporter confirmed, or nobody answered in time.',
  },
  'incident.ticket.clock-breached': {
    clock: 'Which of its clocks ran out.',
    tier: 'The tier whose clock it was; null: a clock of the whole ticket.',
    dueAt: 'The deadline that passed.',
  },
  'incident.ticket.released': {
    reason: 'Why the owner lost it: gone, or without the right or the duty.',
    releasedAt: 'When it was taken from the owner.',
  },
  'incident.ticket.reassigned': {
    reassignedAt: 'When it was given to the other tier.',
  },
  'incident.ticket.superiors-called': {
    step: 'The step of the ladder that was due.',
    inStead:
      'Whether nobody stands on that step, so that the next one was called and the leaders were told.',
    reached: 'The step whose people were called; null: nobody stands from this step on upwards.',
    calledAt: 'When they were called.',
  },
  'incident.ticket.user-silent': { silentAt: 'When the time to confirm was over.' },
  'incident.ticket.root-cause-reported': {
    report: 'What caused the fault, and what keeps it from coming again.',
    reportedAt: 'When it was reported.',
  },
  'incident.ticket.priority-raised': {
    raisedAt: 'When it was raised.',
  },
  'incident.ticket.alert-ended': { endedAt: 'When the alert recovered.' },
  'incident.ticket.alert-repeated': {
    alertEpisodeId: 'The episode that came again.',
    earlierEpisodeId: 'The episode before, of which people were told.',
    repeatedAt: 'When it came again.',
  },
  'incident.superiors.': { step: 'The step of the ladder above an unrestored P1.' },
  'incident.superiors.named': { personIds: 'Who is called at the step.' },
  'incident.key-user.': {
    keyUserId: 'The duty: who is key user of what.',
    kind: '`MODULE`: knows a module; `IT`: supports hardware and network.',
    unitId: 'The unit whose users are served; null: those of every unit.',
  },
  'incident.key-user.nominated': { personId: 'Who has the duty.' },
  'incident.key-user.removed': { personId: 'Who had the duty.' },
  'incident.notification.': {
    notificationId: 'The message.',
    channel: 'By which way it was sent.',
    occasion: 'Why it was written, for example `opened`, `progress-noted`, `confirm-reminder`.',
    ticketId: 'The ticket that the message is about; null: of none, such as gaps among key users.',
  },
  'incident.notification.delivered': {
    deliveredAt: 'When the receiver had accepted it, not when the try began.',
    personId:
      'Whom it was written to; null: a system, which hands it on to nobody that is known here; absent from older facts.',
    alert: 'The alert that it tells of; null: of none; absent from older facts.',
    'alert.episodeId': 'The episode of the alert.',
  },
  'incident.notification.resent': { resentAt: 'When a person had it tried again.' },
  'incident.notification.fell-back': {
    personIds: 'Who was told instead; empty: there is nobody, so nobody knows.',
    fellBackAt: 'When the others were told.',
  },
  'incident.calendar.changed': { kind: 'Whether there are working times, or the clock runs on.' },
  'incident.calendar.': {
    year: 'The calendar year.',
    holidays: 'Public holidays: names by local date.',
    makeUpDays: 'Days at the weekend that are worked instead: names by local date.',
    neededBy: 'When the first deadline needs the year.',
  },
  'incident.change.': {
    changeId: 'The change.',
    number: 'By which people call it.',
    askId: 'The question to the gate of the backups; null: none was asked or needed.',
    debt: 'What was skipped in the emergency and is owed.',
  },
  'incident.change.submitted': {
    title: 'What is changed, in one line.',
    systemCode: 'The system whose backups the gate asks for; null: no backup is needed.',
    plannedStart: 'From when on it may start; absent: no time was planned.',
    plannedEnd: 'Until when it may start; absent: no time was planned.',
    submittedAt: 'When it was asked for.',
  },
  'incident.change.approved': {
    isComplete: 'Whether nothing but its start is left.',
  },
  'incident.change.rejected': { rejectedAt: 'When the stage was refused.' },
  'incident.change.withdrawn': { withdrawnAt: 'When the requester took it back.' },
  'incident.change.amended': {
    members: 'Names of the members that differ now.',
    voidedApproverPersonIds: 'Whose approvals of the earlier wording are void.',
    amendedAt: 'When it was edited.',
  },
  'incident.change.held': {
    reasons: 'What keeps it from starting, a line each.',
    heldAt: 'When it was kept from starting.',
  },
  'incident.change.started': {
    needsBackup: 'Whether its kind may harm data, or it names a system; absent from older facts.',
    backupRunIds: 'Verified backups that the gate named.',
  },
  'incident.change.finished': {
    outcome: 'Whether it is in use, or was taken back.',
    result: 'What came of it, for people.',
  },
  'incident.change.reviewed': {
    reviewerPersonId: 'Who looked back at it.',
    isSuccessful: 'Whether it did what it was for.',
    findings: 'What was seen.',
    reviewedAt: 'When it was reviewed.',
  },
  'incident.change.papers-filed': {
    confirmation: 'The written confirmation of the emergency.',
    testEvidence: 'What was tested, and where.',
  },
  'incident.change.stage-filled': { filledAt: 'When somebody could give it again.' },
  'incident.change.debt-incurred': { incurredAt: 'When the change was started without it.' },
  'incident.change.debt-settled': { settledAt: 'When it was made up.' },
}
