import type { WordsByBeginning } from '../event-words.ts'

/** Members of backup targets, runs, gates and restores. */
export const backupWords: WordsByBeginning = {
  'backup.': {
    targetId: 'What is backed up.',
    targetCode: 'Code of what is backed up.',
    systemCode: 'Code of the system that it belongs to.',
    unitId: 'The unit that the target belongs to.',
    runId: 'The backup run.',
    copyId: 'The stored copy.',
    siteCode: 'Code of the site where the copy lies.',
    objectName: 'Name of the copy in its store.',
    digest: 'SHA-256 of the stored bytes, in hexadecimal digits.',
    rpo: 'How old the newest good backup may be, as an ISO 8601 duration.',
    number: 'By which people call it.',
    planId: 'The plan of the restore.',
    planDigest: 'SHA-256 of the plan, in hexadecimal digits: exactly what was approved.',
  },
  'backup.target.system-set': { unitId: 'The unit whose system it is.' },
  'backup.target.policy-set': {
    schedule: 'Five fields of cron, read in Asia/Shanghai.',
    primarySite: 'Code of the site where backups are stored.',
    offsiteSite: 'Code of the other site that keeps a copy; null: none.',
  },
  'backup.target.protection-stated': {
    faults: 'Floor and fault, a line each; empty: all is kept.',
    exceptedUntil: 'Until when an exception covers what is below; null: none does.',
  },
  'backup.target.site-confirmed': {
    isOffsite: 'Whether it stands in another building.',
    isEncrypted: 'Whether its medium is encrypted.',
    statedByPersonId: 'Who said so; null: nobody who is known.',
    confirmedByPersonId: 'Who confirmed it.',
  },
  'backup.run.started': {
    reason: 'What began it: the schedule, a time that was missed, or a request.',
    agentId: 'The agent on the host that carries it out.',
    attempt: 'Which try it is, from 1.',
  },
  'backup.run.succeeded': {
    storedBytes: 'Bytes in the store.',
    tool: 'Name and version of the tool that saved it.',
    dataAt: 'The instant of the data: when its reading began.',
  },
  'backup.run.failed': { cause: 'What kind of failure it was.' },
  'backup.run.missed': {
    dueAt: 'When it should have begun.',
    missedRuns:
      'Runs of the schedule that this stands for: after a downtime one fact, not hundreds.',
  },
  'backup.run.rpo-exceeded': {
    newestDataAt: 'The instant of the newest good data; null: there is none.',
  },
  'backup.run.copy-damaged': {
    finding:
      'Where, as precisely as the store tells: a frame and its bytes, or that the object is gone.',
    expectedDigest: 'SHA-256 of what was written, in hexadecimal digits.',
    foundDigest: 'SHA-256 of what is there, in hexadecimal digits; null: nothing could be read.',
  },
  'backup.gate.': {
    askId: 'The question that it answers.',
    reasons: 'Why it is closed, a line each.',
    backupRunIds: 'The good backups that it rests on, one for each target of the system.',
  },
  'backup.gate.answered': {
    isOpen: 'Whether the change may start.',
    reasons: 'Why it may not, a line each; empty when it may.',
    reasonsInChinese: 'The same in Chinese, in the same order; absent from older facts.',
    answeredAt: 'When it was answered.',
    validUntil: 'First instant at which the answer counts as none.',
  },
  'backup.gate.voided': {
    cause: 'What of the ground of the gate was changed.',
    detailInChinese: 'The same in Chinese; absent from older facts.',
    answers: 'Open answers that were still valid.',
    'answers.askId': 'The question.',
    'answers.changeId': 'The change that asked.',
  },
  'backup.restore.planned': { plannedAt: 'When it was planned.' },
  'backup.restore.approved': {
    validUntil: 'First instant at which a plan that was not executed has to be approved again.',
  },
  'backup.restore.approval-voided': { approverPersonId: 'Whose approval counts no longer.' },
  'backup.restore.finished': {
    outcome: 'Whether what came back is what was saved.',
    compared: 'Files or tables that were compared.',
    seconds: 'From the start to the compared result, in whole seconds.',
    withinRto: 'Whether it was as fast as it has to be.',
    receiptDigest: 'SHA-256 of the receipt, in hexadecimal digits.',
  },
}
