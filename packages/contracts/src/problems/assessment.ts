import { problem, type ProblemDefinition } from './problem-definition.ts'

/** Refusals of assessment. */
export const assessmentProblems = {
  'observations-refused': problem(
    422,
    'Nothing was recorded because observations were refused',
    '存在被拒绝的记录,未登记任何数据',
    'Correct the members listed in `errors` and send the whole list again.',
  ),
  'observation-not-found': problem(
    404,
    'The observation does not exist',
    '考核事实不存在',
    'Check the id.',
  ),
  'observation-state': problem(
    409,
    'The observation is not in a state for this',
    '考核事实当前状态不允许此操作',
    'Read the observation and see its standing and its correction.',
  ),
  'entry-counts-refused': problem(
    422,
    'Nothing was counted because counts were refused',
    '存在被拒绝的录入数,未登记任何数据',
    'Correct the members listed in `errors` and send the whole batch again.',
  ),
  'batch-exists': problem(
    409,
    'The batch was sent before with other content',
    '该批次已以其他内容提交',
    'Send a correction as a batch with an id of its own.',
  ),
  'time-node-not-found': problem(
    404,
    'The time node does not exist',
    '时间节点不存在',
    'Check the id.',
  ),
  'time-node-refused': problem(
    422,
    'The time node is not usable',
    '时间节点不符合规定',
    'Correct the members listed in `errors`.',
  ),
  'time-node-state': problem(
    409,
    'The time node is not in a state for this',
    '时间节点当前状态不允许此操作',
    'Read the time node and see its state.',
  ),
  'month-refused': problem(
    422,
    'The month has not begun',
    '该月份尚未开始',
    'Choose the current month for a preview, or one that is over.',
  ),
  'weights-refused': problem(
    409,
    'The weights of the indicators do not add up to 100',
    '各项指标权重之和不为 100',
    'Set the four parameters assessment.weights.* so that they add up to 100.',
  ),
  'sheet-not-found': problem(
    404,
    'The score sheet does not exist',
    '考核表不存在',
    'Check the id.',
  ),
  'sheet-state': problem(
    409,
    'The score sheet is not in a state for this',
    '考核表当前状态不允许此操作',
    'Read the sheets of the month and use the newest revision.',
  ),
  'score-not-found': problem(404, 'The score does not exist', '考核得分不存在', 'Check the id.'),
  'appeal-not-found': problem(404, 'The appeal does not exist', '申诉不存在', 'Check the id.'),
  'appeal-exists': problem(
    409,
    'There is an appeal against this fact already',
    '该事实已有申诉',
    'Read the appeal; its decision is final.',
  ),
  'appeal-too-late': problem(
    409,
    'The time for an appeal is over',
    '申诉期限已过',
    'Turn to the operations authority outside the product.',
  ),
  'appeal-decided': problem(409, 'The appeal has been decided', '申诉已裁定', 'Read the appeal.'),
  'not-concerned': problem(
    403,
    'The matter concerns somebody else',
    '非当事人不得办理',
    'Let the person or department concerned act.',
  ),
  'control-not-recordable': problem(
    409,
    'A record of a person cannot prove this clause',
    '该条款不能由人员记录证明',
    'Record clauses of mode P or W; the others are proven by facts or set no duty.',
  ),
  'control-observation-refused': problem(
    422,
    'The observation cannot be recorded',
    '观察时间不符合要求',
    'State when it was seen: not in the future, within three months, later than the last observation.',
  ),
  'control-validity-refused': problem(
    422,
    'The end of validity cannot be used',
    '有效期不符合要求',
    'Choose an end after now and at most thirteen months after the observation.',
  ),
} as const satisfies Record<string, ProblemDefinition>
