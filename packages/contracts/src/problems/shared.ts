import { problem, type ProblemDefinition } from './problem-definition.ts'

/** Refusals that several services send: directory, parameters, dead letters, proposals, and who may not decide. */
export const sharedProblems = {
  'unit-unknown': problem(
    422,
    'The unit is not known',
    '单位不存在',
    'Create the unit first or use an existing code.',
  ),
  'module-unknown': problem(
    422,
    'The module is not known',
    '模块不存在',
    'Create the module first or use an existing code.',
  ),
  'person-unknown': problem(
    422,
    'The person is not known or has left',
    '人员不存在或已离职',
    'Use a person of the directory who is active.',
  ),
  'clause-unknown': problem(
    422,
    'The clause is not known',
    '条款不存在',
    'Use an id of the clause catalogue.',
  ),
  'parameter-unknown': problem(
    404,
    'The parameter is not known',
    '参数不存在',
    'Use a key of the parameter list.',
  ),
  'parameter-refused': problem(
    422,
    'The value does not fit the parameter',
    '参数取值不符合规定',
    'Correct the members listed in `errors`.',
    ['errors'],
  ),
  'dead-letter-not-parked': problem(
    409,
    'The dead letter is no longer parked',
    '死信已处理',
    'Read the list again.',
  ),
  'dead-letter-failed-again': problem(
    409,
    'The event failed again and stays parked',
    '事件再次处理失败，仍为死信',
    'Look for the cause in the log, mend it and replay; or discard with a reason.',
  ),
  'dead-letter-not-taken': problem(
    409,
    'Nothing takes an event of this type any more',
    '已无订阅处理此类事件',
    'Discard it with a reason.',
  ),
  'same-person': problem(
    409,
    'The same person may not do both',
    '不得由同一人办理',
    'Let another authorised person do it.',
  ),
  'approval-cooling': problem(
    403,
    'You may not approve yet',
    '冷却期内不得审批',
    'Wait until coolingUntil, or have a third person confirm your identity.',
    ['coolingUntil'],
  ),
  concerned: problem(
    403,
    'Who is concerned may not decide',
    '当事人或相关单位不得决定',
    'Let somebody decide who is neither measured by it nor gains from it.',
  ),
  'proposal-pending': problem(
    409,
    'The same change has been proposed and waits for its decision',
    '同一变更已有待定提议',
    'Have the proposal `proposalId` decided or withdrawn first.',
    ['proposalId'],
  ),
  'proposal-decided': problem(
    409,
    'The proposal is no longer open',
    '提议已结束',
    'Read the proposal; propose anew if the change is still wanted.',
  ),
  'proposal-stale': problem(
    409,
    'What the proposal would change has changed since',
    '提议所涉内容已变化',
    'Reject or withdraw the proposal, read the resource and propose anew.',
  ),
  'person-required': problem(
    403,
    'A person must do this',
    '此操作须由本人办理',
    'Sign in with the account of a person; a client cannot answer for this.',
  ),
} as const satisfies Record<string, ProblemDefinition>
