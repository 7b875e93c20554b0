import type { WordsByBeginning } from '../event-words.ts'

/** Members of observations, time nodes, scores, appeals and controls. */
export const assessmentWords: WordsByBeginning = {
  'assessment.observation.recorded': {
    severity: 'How grave it is; null: the kind has no degrees.',
    personId: 'Whom it counts for or against; null: the department as a whole.',
    departmentId: 'The department that it counts for or against; null: no department.',
    reference: 'The document or case that it was seen at.',
    occurredAt: 'When it happened.',
  },
  'assessment.observation.corrected': {
    dueAt: 'By when it had to be corrected; null: the calendar gave no date.',
    correctedAt: 'When the error was corrected.',
    withinTarget: 'Whether in time; null: the calendar gave no date to be measured by.',
    confirmed:
      'Whether somebody who is not measured by it said so; false: the word of the unit concerned.',
  },
  'assessment.observation.voided': {
    originId: 'The data error or time node that it followed from; null: none.',
  },
  'assessment.observation.entries-counted': {
    batchId: 'The count, as it was told.',
    moduleCode: 'The module that the entries were made in; null: all.',
    persons: 'People who were counted.',
    entries: 'Entries that they made.',
    countedAt: 'When it was told.',
  },
  'assessment.time-node.': {
    nodeId: 'The step with its time.',
    code: 'Code of the step.',
    dueAt: 'The time by which it has to be finished.',
    claimedAt: 'When the unit said so.',
    confirmBy: 'By when it is confirmed or refused: two weeks after it is due.',
    personId: 'Who has to finish it; null: nobody by name.',
  },
  'assessment.score.': {
    sheetId: 'The sheet of a month.',
    revision: 'Which computation of the month it is, from 1.',
    digest:
      'SHA-256 of the facts that it was computed from and of the result, in hexadecimal digits.',
    appealsUntil:
      'First instant at which no appeal is taken any more; null: the holidays are not known yet.',
    publishedAt: 'When it was made known.',
  },
  'assessment.score.computed': {
    subjects: 'People, departments and units that have a score.',
    deductions: 'Deductions in it.',
    measured: 'People of whom the month has a fact; the others have no score.',
    measuredAccuracy: 'People whose entries were counted.',
    measuredTimeliness: 'Steps that were finished by the word of others, or missed.',
    cutOffAt: 'Facts recorded up to then count.',
    computedAt: 'When it was computed.',
  },
  'assessment.appeal.': {
    appealId: 'The appeal.',
    observationId: 'The fact that is objected to.',
    appellantPersonId: 'Who objected.',
    outcome: 'Whether the fact stands, or counts no longer.',
    deciderPersonId: 'Who decided.',
  },
  'assessment.control.': {
    clauseId: 'The clause, `A-2.1.4`.',
    recordId: 'The record of evidence.',
    confirmerPersonId: 'Who confirmed it.',
  },
  'assessment.control.state-changed': {
    from: 'The state until then; null: none was known.',
  },
  'assessment.control.recorded': {
    personId: 'Who recorded it; null: an account without a person.',
    statement: 'What was seen.',
    reference: 'Where the evidence is kept; null: nowhere else.',
    observedAt: 'When it was seen.',
    validUntil: 'First instant at which it proves nothing any more.',
  },
}
