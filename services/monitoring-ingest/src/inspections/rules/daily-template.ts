import type { Bilingual } from '@erp-steward/regulation/parameter'
import type { ParameterKey, ParameterValue } from '@erp-steward/regulation/parameters'
import type { Matcher } from '../../metrics/rules/matchers.ts'
import type { Entry, Unit } from './entry.ts'

/** Keys of parameters that are numbers. */
type NumberKey = {
  [Key in ParameterKey]: ParameterValue<Key> extends number ? Key : never
}[ParameterKey]

/** A limit: a parameter, or a number where the regulations leave nothing to set. */
export type Limit = NumberKey | number | null

/** Limits of a number: from the limit up, or from the limit down, it is a finding. */
export interface Limits {
  readonly comparison: 'above' | 'below'
  readonly warning: Limit
  readonly critical: Limit
}

/** The samples that fill an item: the worst of the unit's newest values decides. */
export interface Measure {
  readonly metric: string
  readonly matchers: readonly Matcher[]
}

/** One item of the daily inspection; without a measure, or without samples, a person looks and enters what is seen. */
export interface TemplateItem {
  readonly code: string
  readonly title: Bilingual
  readonly entry: Entry
  readonly limits: Limits | null
  readonly measure: Measure | null
}

type Title = readonly [zh: string, en: string]

interface NumberItem {
  readonly unit: Unit
  readonly above?: readonly [warning: Limit, critical: Limit]
  readonly below?: readonly [warning: Limit, critical: Limit]
  readonly metric?: string
  readonly page?: string
}

function number(
  code: string,
  [zh, en]: Title,
  { unit, above, below, metric, page }: NumberItem,
): TemplateItem {
  const [warning, critical] = above ?? below ?? [null, null]
  const matchers: Matcher[] = page === undefined ? [] : [{ label: 'page', op: '=', value: page }]
  return {
    code,
    title: { 'zh-CN': zh, en },
    entry: { type: 'number', unit },
    limits: { comparison: below === undefined ? 'above' : 'below', warning, critical },
    measure: metric === undefined ? null : { metric, matchers },
  }
}

function words(code: string, [zh, en]: Title, entry: Entry): TemplateItem {
  return { code, title: { 'zh-CN': zh, en }, entry, limits: null, measure: null }
}

const PAGE_TIME = [
  'monitoring.threshold.page_time.warning',
  'monitoring.threshold.page_time.critical',
] as const

/** One that is not up is down: 1 is up, anything less is not. */
const UP = { below: [null, 0] } as const

/** ORA-00600 and its like mean damage or an internal fault. Source: defaults 2.6. */
const ORA_ERRORS: Entry = {
  type: 'choice',
  options: [
    { value: 'none', title: { 'zh-CN': '无新增', en: 'No new ones' }, level: null },
    {
      value: 'other',
      title: { 'zh-CN': '其他 ORA 错误', en: 'Other ORA errors' },
      level: 'warning',
    },
    {
      value: 'grave',
      title: {
        'zh-CN': 'ORA-00600、-07445、-01578、-04031',
        en: 'ORA-00600, -07445, -01578, -04031',
      },
      level: 'critical',
    },
  ],
}

/** The daily inspection. Source: defaults 2.6 (sources S38 to S44), A-3.1.2. */
export const dailyTemplate: readonly TemplateItem[] = [
  number(
    'db.instance',
    ['数据库实例、监听与归档模式', 'Database instance, listener, archive mode'],
    { unit: 'up', metric: 'erp_db_up', ...UP },
  ),
  number('db.tablespace', ['表空间使用率', 'Tablespace use'], {
    unit: 'percent',
    metric: 'erp_tablespace_used_percent',
    above: ['monitoring.threshold.tablespace.warning', 'monitoring.threshold.tablespace.critical'],
  }),
  number('db.archive_dest', ['归档区使用率', 'Archive area use'], {
    unit: 'percent',
    metric: 'erp_archive_used_percent',
    above: ['monitoring.threshold.archive.warning', 'monitoring.threshold.archive.critical'],
  }),
  words('db.alert_log', ['告警日志中的 ORA 错误', 'ORA errors in the alert log'], ORA_ERRORS),
  number(
    'db.sessions',
    ['会话被阻塞的最长时间（分钟）', 'Longest blocking of a session in minutes'],
    { unit: 'minutes', above: [10, null] },
  ),
  number('db.backup_last', ['最近一次备份的时间（小时）', 'Age of the last good backup in hours'], {
    unit: 'hours',
    metric: 'erp_backup_age_hours',
    above: [null, 26],
  }),
  number('db.dataguard_lag', ['备库应用延迟（分钟）', 'Standby apply lag in minutes'], {
    unit: 'minutes',
    metric: 'erp_standby_lag_minutes',
    above: [
      'monitoring.threshold.standby_lag.warning',
      'monitoring.threshold.standby_lag.critical',
    ],
  }),
  number('ebs.icm', ['内部并发管理器', 'Internal concurrent manager'], {
    unit: 'up',
    metric: 'erp_icm_up',
    ...UP,
  }),
  number(
    'ebs.cm_processes',
    ['并发管理器缺少的进程数', 'Missing processes of concurrent managers'],
    { unit: 'count', metric: 'erp_cm_processes_missing', above: [1, null] },
  ),
  number('ebs.requests_pending', ['待处理并发请求数', 'Pending concurrent requests'], {
    unit: 'count',
    metric: 'erp_requests_pending',
    above: [101, null],
  }),
  number('ebs.requests_error', ['出错并发请求占比', 'Share of concurrent requests in error'], {
    unit: 'percent',
    metric: 'erp_requests_error_percent',
    above: [5, null],
  }),
  number(
    'ebs.requests_longrun',
    [
      '运行超过基线三倍的并发请求数',
      'Concurrent requests that run longer than three times their baseline',
    ],
    { unit: 'count', above: [1, null] },
  ),
  number('ebs.workflow_mailer', ['工作流邮件通知组件', 'Workflow notification mailer'], {
    unit: 'up',
    metric: 'erp_workflow_mailer_up',
    ...UP,
  }),
  words('ebs.workflow_background', ['延迟或卡住的工作流', 'Deferred or stuck workflow items'], {
    type: 'text',
  }),
  number('ebs.login_page', ['登录页面响应时间（秒）', 'Login page time in seconds'], {
    unit: 'seconds',
    metric: 'erp_page_seconds',
    above: PAGE_TIME,
    page: 'login',
  }),
  number('ebs.forms', ['Forms 页面响应时间（秒）', 'Forms time in seconds'], {
    unit: 'seconds',
    metric: 'erp_page_seconds',
    above: PAGE_TIME,
    page: 'forms',
  }),
  number('ebs.oacore', ['OACore 页面响应时间（秒）', 'OACore page time in seconds'], {
    unit: 'seconds',
    metric: 'erp_page_seconds',
    above: PAGE_TIME,
    page: 'oacore',
  }),
  number('ebs.opp', ['输出后处理器', 'Output post processor'], {
    unit: 'up',
    metric: 'erp_opp_up',
    ...UP,
  }),
  number('os.cpu', ['CPU 使用率', 'CPU use'], {
    unit: 'percent',
    metric: 'erp_cpu_used_percent',
    above: ['monitoring.threshold.cpu.warning', 'monitoring.threshold.cpu.critical'],
  }),
  number('os.memory', ['内存使用率', 'Memory use'], {
    unit: 'percent',
    metric: 'erp_memory_used_percent',
    above: ['monitoring.threshold.memory.warning', 'monitoring.threshold.memory.critical'],
  }),
  number('os.disk', ['磁盘空间使用率', 'Disk space use'], {
    unit: 'percent',
    metric: 'erp_disk_used_percent',
    above: ['monitoring.threshold.disk.warning', 'monitoring.threshold.disk.critical'],
  }),
  number('os.diskio_latency', ['磁盘读写延迟（毫秒）', 'Disk latency in milliseconds'], {
    unit: 'milliseconds',
    metric: 'erp_disk_latency_milliseconds',
    above: [
      'monitoring.threshold.disk_latency.warning',
      'monitoring.threshold.disk_latency.critical',
    ],
  }),
  number('os.diskio_busy', ['磁盘繁忙率', 'Disk busy share'], {
    unit: 'percent',
    metric: 'erp_disk_busy_percent',
    above: ['monitoring.threshold.disk_busy.warning', 'monitoring.threshold.disk_busy.critical'],
  }),
  number('os.swap', ['交换空间使用率', 'Swap use'], { unit: 'percent' }),
  number('net.link_loss', ['到各单位链路丢包率', 'Packet loss to each unit'], {
    unit: 'percent',
    metric: 'erp_link_loss_percent',
    above: [
      'monitoring.threshold.network_loss.warning',
      'monitoring.threshold.network_loss.critical',
    ],
  }),
  number('net.link_delay', ['到各单位链路延迟（毫秒）', 'Delay to each unit in milliseconds'], {
    unit: 'milliseconds',
    metric: 'erp_link_delay_milliseconds',
    above: [
      'monitoring.threshold.network_delay.warning',
      'monitoring.threshold.network_delay.critical',
    ],
  }),
  number(
    'sec.failed_logins',
    ['单个用户十分钟内的登录失败次数', 'Failed logins of one user within ten minutes'],
    { unit: 'count', above: [5, null] },
  ),
]

const byCode = new Map(dailyTemplate.map((item) => [item.code, item]))

/** The item of the template; `undefined` when a later release dropped it. */
export function templateItem(code: string): TemplateItem | undefined {
  return byCode.get(code)
}
