const IN_CHINESE: Readonly<Record<string, string>> = {
  'ISO 8601 duration': 'ISO 8601 时长',
  'ISO 8601 period': 'ISO 8601 周期',
  'a node "code day HH:MM", the day WD1 to WD15 (working day) or D1 to D31 (calendar day)':
    '节点“代码 日 HH:MM”，其中日为 WD1 至 WD15（工作日）或 D1 至 D31（自然日）',
  'a weekly window such as "TUE 20:00-24:00" or "SAT 20:00-SUN 06:00"':
    '每周时间窗口，例如“TUE 20:00-24:00”或“SAT 20:00-SUN 06:00”',
  'a word of 2 to 40 characters without spaces': '2 至 40 个字符、不含空格的词',
  accounts: '个账号',
  attempts: '次尝试',
  'breaches in a row': '次连续超限',
  'calendar days': '个自然日',
  'character classes': '类字符',
  characters: '个字符',
  'clock target': '计时目标',
  days: '天',
  'failed logins': '次登录失败',
  'locks per day': '次锁定（每天）',
  'kilometres per hour': '公里/小时',
  milliseconds: '毫秒',
  minutes: '分钟',
  'name, email, phone, employee-number or birthday':
    '下列之一：name、email、phone、employee-number、birthday',
  'one of the options': '选项之一',
  passwords: '个密码',
  percent: '%',
  'percent of service hours': '%（占服务时间）',
  points: '分',
  'points of 100': '分（满分 100 分）',
  records: '条记录',
  seconds: '秒',
  'sessions per account': '个会话（每个账号）',
  'sign-ins': '次登录',
  weeks: '周',
  'working day of the month': '（当月第几个工作日）',
  'working days': '个工作日',
}

/** Units that are written the same in both languages. */
const SAME = ['HH:MM']

/**
 * A unit of the parameters in Chinese, good for the end of a sentence.
 *
 * @throws RangeError for a unit that has no Chinese
 */
export function unitInChinese(unit: string): string {
  const chinese = SAME.includes(unit) ? unit : IN_CHINESE[unit]
  if (chinese === undefined) throw new RangeError(`the unit "${unit}" has no Chinese`)
  return chinese
}
