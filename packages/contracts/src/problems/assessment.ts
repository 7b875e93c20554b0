import { said } from '../bilingual.ts'
import { problem, type ProblemDefinition } from './problem-definition.ts'

/** Refusals of assessment. */
export const assessmentProblems = {
  'observations-refused': problem(
    422,
    said(
      'Nothing was recorded because observations were refused',
      '存在被拒绝的记录，未登记任何数据',
    ),
    said(
      'Correct the members listed in `errors` and send the whole list again.',
      '请更正 `errors` 中列出的各项，并重新提交整份清单。',
    ),
    ['errors'],
  ),
  'observation-not-found': problem(
    404,
    said('The observation does not exist', '考核事实不存在'),
    said('Check the id.', '请核对 ID。'),
  ),
  'observation-state': problem(
    409,
    said('The observation is not in a state for this', '考核事实当前状态不允许此操作'),
    said(
      'Read the observation and see its standing and its correction.',
      '请查看该考核事实的效力及更正情况。',
    ),
  ),
  'entry-counts-refused': problem(
    422,
    said('Nothing was counted because counts were refused', '存在被拒绝的录入数，未登记任何数据'),
    said(
      'Correct the members listed in `errors` and send the whole batch again.',
      '请更正 `errors` 中列出的各项，并重新提交整个批次。',
    ),
    ['errors'],
  ),
  'batch-exists': problem(
    409,
    said('The batch was sent before with other content', '该批次已以其他内容提交'),
    said(
      'Send a correction as a batch with an id of its own.',
      '更正请作为新批次提交，使用新的批次号。',
    ),
  ),
  'time-node-not-found': problem(
    404,
    said('The time node does not exist', '时间节点不存在'),
    said('Check the id.', '请核对 ID。'),
  ),
  'time-node-refused': problem(
    422,
    said('The time node is not usable', '时间节点不符合规定'),
    said('Correct the members listed in `errors`.', '请更正 `errors` 中列出的各项。'),
    ['errors'],
  ),
  'time-node-state': problem(
    409,
    said('The time node is not in a state for this', '时间节点当前状态不允许此操作'),
    said('Read the time node and see its state.', '请查看该时间节点的当前状态。'),
  ),
  'month-refused': problem(
    422,
    said('The month has not begun', '该月份尚未开始'),
    said(
      'Choose the current month for a preview, or one that is over.',
      '预览请选择当月，其他请选择已结束的月份。',
    ),
  ),
  'weights-refused': problem(
    409,
    said('The weights of the indicators do not add up to 100', '各项指标权重之和不为 100'),
    said(
      'Set the four parameters assessment.weights.* so that they add up to 100.',
      '请调整 assessment.weights.* 四个参数，使其合计为 100。',
    ),
    ['unitId', 'sum'],
  ),
  'sheet-not-found': problem(
    404,
    said('The score sheet does not exist', '考核表不存在'),
    said('Check the id.', '请核对 ID。'),
  ),
  'sheet-state': problem(
    409,
    said('The score sheet is not in a state for this', '考核表当前状态不允许此操作'),
    said(
      'Read the sheets of the month and use the newest revision.',
      '请查看该月的考核表，并使用最新修订版。',
    ),
    ['newestId'],
  ),
  'score-not-found': problem(
    404,
    said('The score does not exist', '考核得分不存在'),
    said('Check the id.', '请核对 ID。'),
  ),
  'appeal-not-found': problem(
    404,
    said('The appeal does not exist', '申诉不存在'),
    said('Check the id.', '请核对 ID。'),
  ),
  'appeal-exists': problem(
    409,
    said('There is an appeal against this fact already', '该事实已有申诉'),
    said('Read the appeal; its decision is final.', '请查看该申诉；其裁定为最终裁定。'),
  ),
  'appeal-too-late': problem(
    409,
    said('The time for an appeal is over', '申诉期限已过'),
    said('Turn to the operations authority outside the product.', '请在系统外向运维主管部门反映。'),
  ),
  'appeal-decided': problem(
    409,
    said('The appeal has been decided', '申诉已裁定'),
    said('Read the appeal.', '请查看该申诉。'),
  ),
  'not-concerned': problem(
    403,
    said('The matter concerns somebody else', '非当事人不得办理'),
    said('Let the person or department concerned act.', '请由当事人或当事部门办理。'),
  ),
  'control-not-recordable': problem(
    409,
    said('A record of a person cannot prove this clause', '该条款不能由人员记录证明'),
    said(
      'Record clauses of mode P or W; the others are proven by facts or set no duty.',
      '只有类型为 P 或 W 的条款可由人员记录；其他条款由事实证明，或不设义务。',
    ),
  ),
  'control-observation-refused': problem(
    422,
    said('The observation cannot be recorded', '观察时间不符合要求'),
    said(
      'State when it was seen: not in the future, within three months, later than the last observation.',
      '请填写查验时间：不得晚于当前时间，须在三个月以内，且晚于上一次查验。',
    ),
  ),
  'control-validity-refused': problem(
    422,
    said('The end of validity cannot be used', '有效期不符合要求'),
    said(
      'Choose an end after now and at most thirteen months after the observation.',
      '有效期截止须晚于当前时间，且不超过查验后十三个月。',
    ),
  ),
} as const satisfies Record<string, ProblemDefinition>
