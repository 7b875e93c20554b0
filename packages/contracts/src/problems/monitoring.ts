import { said } from '../bilingual.ts'
import { problem, type ProblemDefinition } from './problem-definition.ts'

/** Refusals of monitoring ingest. */
export const monitoringProblems = {
  'samples-refused': problem(
    400,
    said('Some samples were refused', '部分样本被拒绝'),
    said(
      'Samples not named in `errors` are kept. Do not send the refused ones again unchanged.',
      '未列入 `errors` 的样本已保存。被拒绝的样本请勿原样重发。',
    ),
    ['written', 'refused', 'errors'],
  ),
  'source-not-found': problem(
    404,
    said('The source does not exist', '采集源不存在'),
    said('Check the id.', '请核对 ID。'),
  ),
  'source-disabled': problem(
    409,
    said('The source is disabled', '采集源已停用'),
    said('Register a new source.', '请登记新的采集源。'),
  ),
  'source-exists': problem(
    409,
    said('The unit already has a source of this name', '该单位已有同名采集源'),
    said('Use the existing source or another name.', '请使用已有的采集源，或改用其他名称。'),
  ),
  'matcher-unusable': problem(
    422,
    said('A label matcher is not usable', '标签匹配条件无效'),
    said(
      'Write matchers as name="value" or name!="value".',
      '匹配条件请写成 name="value" 或 name!="value"。',
    ),
  ),
  'range-too-wide': problem(
    422,
    said('The answer would be too large', '查询范围过大'),
    said(
      'Ask for a shorter time, a longer step or fewer series.',
      '请缩短查询时间、加大步长或减少序列。',
    ),
  ),
  'threshold-not-found': problem(
    404,
    said('The threshold does not exist', '阈值不存在'),
    said('Check the id.', '请核对 ID。'),
  ),
  'threshold-refused': problem(
    422,
    said('The threshold is not usable', '阈值不符合规定'),
    said('Correct the members listed in `errors`.', '请更正 `errors` 中列出的各项。'),
    ['errors'],
  ),
  'threshold-exists': problem(
    409,
    said('The unit already has a threshold of this name', '该单位已有同名阈值'),
    said('Change the existing threshold or use another name.', '请修改已有阈值，或改用其他名称。'),
  ),
  'threshold-withdrawn': problem(
    409,
    said('The threshold is withdrawn', '阈值已撤销'),
    said('Create a new threshold.', '请新建阈值。'),
  ),
  'alert-not-found': problem(
    404,
    said('The alert episode does not exist', '告警不存在'),
    said('Check the id.', '请核对 ID。'),
  ),
  'inspection-not-found': problem(
    404,
    said('The inspection round or item does not exist', '巡检单或巡检项不存在'),
    said('Check the id and the code of the item.', '请核对 ID 和巡检项代码。'),
  ),
  'inspection-exists': problem(
    409,
    said('The unit already has a round for this day', '该单位当日已有巡检单'),
    said('Use the existing round.', '请使用已有的巡检单。'),
  ),
  'inspection-signed': problem(
    409,
    said('The round is signed', '巡检单已签字'),
    said(
      'A signed round is not changed; record the matter in the next round.',
      '已签字的巡检单不得修改；请记入下一张巡检单。',
    ),
  ),
  'inspection-incomplete': problem(
    409,
    said('Items of the round still need a verdict or a note', '巡检单尚有未完成的项目'),
    said('Complete the items listed in `items`.', '请完成 `items` 中列出的巡检项。'),
    ['items'],
  ),
  'inspection-verdict': problem(
    409,
    said('The verdict contradicts what is on record', '结论与已有记录矛盾'),
    said('Record the item as abnormal, with a note.', '请将该项记为异常，并填写说明。'),
  ),
  'inspection-note-required': problem(
    422,
    said('An abnormal item needs a note', '异常项必须填写说明'),
    said('Say what was found and what is done about it.', '请说明发现的情况及处理措施。'),
  ),
  'inspection-value-required': problem(
    422,
    said('The item needs a value', '巡检项必须填写结果'),
    said(
      'Enter what was seen; there is no measured value.',
      '请填写实际看到的结果；该项没有采集值。',
    ),
  ),
  'inspection-date': problem(
    422,
    said('A round cannot be drawn up for this day', '不能为该日期生成巡检单'),
    said('Choose a day of the last seven or tomorrow.', '请选择最近七日内的日期或明日。'),
  ),
  'inspection-not-open': problem(
    409,
    said('The day of the round has not begun', '巡检日尚未开始'),
    said(
      'Record and sign on the day itself, from midnight in China on.',
      '请在巡检当日（中国时间零点起）填写和签字。',
    ),
  ),
  'inspection-value-unfit': problem(
    422,
    said('The value does not fit the item', '填写的结果不符合巡检项的类型'),
    said(
      'Enter a number in the unit of the item, one of its options, or a text that says something.',
      '请按该项的单位填写数值，或选择其选项之一，或填写有实际内容的文字。',
    ),
  ),
  'inspection-measured': problem(
    409,
    said('The value of the item was measured', '该项数值由监控采集，不得改写'),
    said(
      'Send the measured value or null; a second person may say why it is no finding.',
      '请发送采集值或 null；不构成异常的，可由第二人说明理由。',
    ),
  ),
  'inspector-unable': problem(
    422,
    said('The person is not able to inspect the unit', '该人员没有该单位的巡检权限'),
    said(
      'Name an active person with an active account, a role that inspects, and a range that reaches the unit.',
      '请指定在职人员，其账号须处于启用状态，具有巡检角色，且权限范围覆盖该单位。',
    ),
  ),
  'not-inspector': problem(
    403,
    said('Only the inspector or the deputy in turn may sign', '只有巡检人或轮到的副岗可以签字'),
    said(
      'Let the inspector sign, or the deputy once the round has gone to the deputy.',
      '请由巡检人签字；巡检单转交副岗后，由副岗签字。',
    ),
  ),
} as const satisfies Record<string, ProblemDefinition>
