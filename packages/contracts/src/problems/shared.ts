import { said } from '../bilingual.ts'
import { problem, type ProblemDefinition } from './problem-definition.ts'

/** Refusals that several services send: directory, parameters, dead letters, proposals, and who may not decide. */
export const sharedProblems = {
  'unit-unknown': problem(
    422,
    said('The unit is not known', '单位不存在'),
    said(
      'Create the unit first or use an existing code.',
      '请先创建该单位，或使用已有的单位代码。',
    ),
  ),
  'module-unknown': problem(
    422,
    said('The module is not known', '模块不存在'),
    said(
      'Create the module first or use an existing code.',
      '请先创建该模块，或使用已有的模块代码。',
    ),
  ),
  'person-unknown': problem(
    422,
    said('The person is not known or has left', '人员不存在或已离职'),
    said('Use a person of the directory who is active.', '请选用人员目录中的在职人员。'),
  ),
  'clause-unknown': problem(
    422,
    said('The clause is not known', '条款不存在'),
    said('Use an id of the clause catalogue.', '请使用条款目录中的条款编号。'),
  ),
  'parameter-unknown': problem(
    404,
    said('The parameter is not known', '参数不存在'),
    said('Use a key of the parameter list.', '请使用参数清单中的参数键。'),
  ),
  'parameter-refused': problem(
    422,
    said('The value does not fit the parameter', '参数取值不符合规定'),
    said('Correct the members listed in `errors`.', '请更正 `errors` 中列出的各项。'),
    ['errors'],
  ),
  'dead-letter-not-parked': problem(
    409,
    said('The dead letter is no longer parked', '死信已处理'),
    said('Read the list again.', '请重新读取死信列表。'),
  ),
  'dead-letter-failed-again': problem(
    409,
    said('The event failed again and stays parked', '事件再次处理失败，仍为死信'),
    said(
      'Look for the cause in the log, mend it and replay; or discard with a reason.',
      '请在日志中查明原因，排除后重放；或说明理由后丢弃。',
    ),
  ),
  'dead-letter-not-taken': problem(
    409,
    said('Nothing takes an event of this type any more', '已无订阅处理此类事件'),
    said('Discard it with a reason.', '请说明理由后丢弃该死信。'),
  ),
  'same-person': problem(
    409,
    said('The same person may not do both', '不得由同一人办理'),
    said('Let another authorised person do it.', '请由另一名有权限的人员办理。'),
  ),
  'approval-cooling': problem(
    403,
    said('You may not approve yet', '冷却期内不得审批'),
    said(
      'Wait until coolingUntil, or have a third person confirm your identity.',
      '请等到 coolingUntil 之后，或请第三人确认您的身份。',
    ),
    ['coolingUntil'],
  ),
  'second-factor-stale': problem(
    401,
    said('A decision wants a fresh second factor', '审批须重新验证第二因素'),
    said(
      'Send a code to POST /v1/sessions/current/second-factor, refresh the token at POST /v1/tokens/refresh, and send the request again.',
      '请将验证码发送到 POST /v1/sessions/current/second-factor，再用 POST /v1/tokens/refresh 刷新令牌，然后重新发送请求。',
    ),
  ),
  concerned: problem(
    403,
    said('Who is concerned may not decide', '当事人或相关单位不得决定'),
    said(
      'Let somebody decide who is neither measured by it nor gains from it.',
      '请由与此事无考核关系、也无利益关系的人员决定。',
    ),
  ),
  'proposal-pending': problem(
    409,
    said('The same change has been proposed and waits for its decision', '同一变更已有待定提议'),
    said(
      'Have the proposal `proposalId` decided or withdrawn first.',
      '请先对 `proposalId` 所指的提议作出决定，或将其撤回。',
    ),
    ['proposalId'],
  ),
  'proposal-decided': problem(
    409,
    said('The proposal is no longer open', '提议已结束'),
    said(
      'Read the proposal; propose anew if the change is still wanted.',
      '请查看该提议；如仍需变更，请重新提议。',
    ),
  ),
  'proposal-stale': problem(
    409,
    said('What the proposal would change has changed since', '提议所涉内容已变化'),
    said(
      'Reject or withdraw the proposal, read the resource and propose anew.',
      '请驳回或撤回该提议，重新读取该资源后再次提议。',
    ),
  ),
  'person-required': problem(
    403,
    said('A person must do this', '此操作须由本人办理'),
    said(
      'Sign in with the account of a person; a client cannot answer for this.',
      '请以人员账号登录办理；客户端不能承担此责任。',
    ),
  ),
} as const satisfies Record<string, ProblemDefinition>
