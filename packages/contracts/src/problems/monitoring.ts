import { problem, type ProblemDefinition } from './problem-definition.ts'

/** Refusals of monitoring ingest. */
export const monitoringProblems = {
  'samples-refused': problem(
    400,
    'Some samples were refused',
    '部分样本被拒绝',
    'Samples not named in `errors` are kept. Do not send the refused ones again unchanged.',
  ),
  'source-not-found': problem(404, 'The source does not exist', '采集源不存在', 'Check the id.'),
  'source-disabled': problem(
    409,
    'The source is disabled',
    '采集源已停用',
    'Register a new source.',
  ),
  'source-exists': problem(
    409,
    'The unit already has a source of this name',
    '该单位已有同名采集源',
    'Use the existing source or another name.',
  ),
  'matcher-unusable': problem(
    422,
    'A label matcher is not usable',
    '标签匹配条件无效',
    'Write matchers as name="value" or name!="value".',
  ),
  'range-too-wide': problem(
    422,
    'The answer would be too large',
    '查询范围过大',
    'Ask for a shorter time, a longer step or fewer series.',
  ),
  'threshold-not-found': problem(
    404,
    'The threshold does not exist',
    '阈值不存在',
    'Check the id.',
  ),
  'threshold-refused': problem(
    422,
    'The threshold is not usable',
    '阈值不符合规定',
    'Correct the members listed in `errors`.',
  ),
  'threshold-exists': problem(
    409,
    'The unit already has a threshold of this name',
    '该单位已有同名阈值',
    'Change the existing threshold or use another name.',
  ),
  'threshold-withdrawn': problem(
    409,
    'The threshold is withdrawn',
    '阈值已撤销',
    'Create a new threshold.',
  ),
  'alert-not-found': problem(
    404,
    'The alert episode does not exist',
    '告警不存在',
    'Check the id.',
  ),
  'inspection-not-found': problem(
    404,
    'The inspection round or item does not exist',
    '巡检单或巡检项不存在',
    'Check the id and the code of the item.',
  ),
  'inspection-exists': problem(
    409,
    'The unit already has a round for this day',
    '该单位当日已有巡检单',
    'Use the existing round.',
  ),
  'inspection-signed': problem(
    409,
    'The round is signed',
    '巡检单已签字',
    'A signed round is not changed; record the matter in the next round.',
  ),
  'inspection-incomplete': problem(
    409,
    'Items of the round still need a verdict or a note',
    '巡检单尚有未完成的项目',
    'Complete the items listed in `items`.',
  ),
  'inspection-verdict': problem(
    409,
    'The verdict contradicts what is on record',
    '结论与已有记录矛盾',
    'Record the item as abnormal, with a note.',
  ),
  'inspection-note-required': problem(
    422,
    'An abnormal item needs a note',
    '异常项必须填写说明',
    'Say what was found and what is done about it.',
  ),
  'inspection-value-required': problem(
    422,
    'The item needs a value',
    '巡检项必须填写结果',
    'Enter what was seen; there is no measured value.',
  ),
  'inspection-date': problem(
    422,
    'A round cannot be drawn up for this day',
    '不能为该日期生成巡检单',
    'Choose a day of the last seven or tomorrow.',
  ),
  'inspection-not-open': problem(
    409,
    'The day of the round has not begun',
    '巡检日尚未开始',
    'Record and sign on the day itself, from midnight in China on.',
  ),
  'inspection-value-unfit': problem(
    422,
    'The value does not fit the item',
    '填写的结果不符合巡检项的类型',
    'Enter a number in the unit of the item, one of its options, or a text that says something.',
  ),
  'inspection-measured': problem(
    409,
    'The value of the item was measured',
    '该项数值由监控采集,不得改写',
    'Send the measured value or null; a second person may say why it is no finding.',
  ),
  'inspector-unable': problem(
    422,
    'The person is not able to inspect the unit',
    '该人员没有该单位的巡检权限',
    'Name an active person with an active account, a role that inspects, and a range that reaches the unit.',
  ),
  'not-inspector': problem(
    403,
    'Only the inspector or the deputy in turn may sign',
    '只有巡检人或轮到的副岗可以签字',
    'Let the inspector sign, or the deputy once the round has gone to the deputy.',
  ),
} as const satisfies Record<string, ProblemDefinition>
