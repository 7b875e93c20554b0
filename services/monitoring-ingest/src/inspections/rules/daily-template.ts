import type { Bilingual } from '@erp-steward/regulation/parameter'
import type { ParameterKey, ParameterValue } from '@erp-steward/regulation/parameters'
import type { Matcher } from '../../metrics/rules/matchers.ts'

/** Keys of parameters that are numbers. */
type NumberKey = {
  [Key in ParameterKey]: ParameterValue<Key> extends number ? Key : never
}[ParameterKey]

/** A limit: a parameter, or a number where the regulations leave nothing to set. */
export type Limit = NumberKey | number | null

/** How an item is filled from samples: the worst of the unit's newest values decides. */
export interface Measure {
  readonly metric: string
  readonly matchers: readonly Matcher[]
  readonly comparison: 'above' | 'below'
  readonly warning: Limit
  readonly critical: Limit
}

/** One item of the daily inspection; without a measure a person looks and enters what is seen. */
export interface TemplateItem {
  readonly code: string
  readonly title: Bilingual
  readonly measure: Measure | null
}

type Title = readonly [zh: string, en: string]

function byHand(code: string, [zh, en]: Title): TemplateItem {
  return { code, title: { 'zh-CN': zh, en }, measure: null }
}

function measured(
  code: string,
  [zh, en]: Title,
  metric: string,
  limits: {
    readonly above?: readonly [warning: Limit, critical: Limit]
    readonly below?: readonly [warning: Limit, critical: Limit]
    readonly page?: string
  },
): TemplateItem {
  const { above, below = [null, null], page } = limits
  const [warning, critical] = above ?? below
  const matchers: Matcher[] = page === undefined ? [] : [{ label: 'page', op: '=', value: page }]
  const comparison = above === undefined ? 'below' : 'above'
  return {
    code,
    title: { 'zh-CN': zh, en },
    measure: { metric, matchers, comparison, warning, critical },
  }
}

const PAGE_TIME = [
  'monitoring.threshold.page_time.warning',
  'monitoring.threshold.page_time.critical',
] as const

/** One that is not up is down: 1 is up, anything less is not. */
const UP = { below: [null, 0] } as const

/** The daily inspection. Source: defaults 2.6 (sources S38 to S44), A-3.1.2. */
export const dailyTemplate: readonly TemplateItem[] = [
  measured(
    'db.instance',
    ['数据库实例、监听与归档模式', 'Database instance, listener, archive mode'],
    'erp_db_up',
    UP,
  ),
  measured('db.tablespace', ['表空间使用率', 'Tablespace use'], 'erp_tablespace_used_percent', {
    above: ['monitoring.threshold.tablespace.warning', 'monitoring.threshold.tablespace.critical'],
  }),
  measured('db.archive_dest', ['归档区使用率', 'Archive area use'], 'erp_archive_used_percent', {
    above: ['monitoring.threshold.archive.warning', 'monitoring.threshold.archive.critical'],
  }),
  byHand('db.alert_log', ['告警日志中的 ORA 错误', 'ORA errors in the alert log']),
  byHand('db.sessions', ['活动会话、阻塞与等待事件', 'Active sessions, blockers, wait events']),
  measured(
    'db.backup_last',
    ['最近一次备份的时间(小时)', 'Age of the last good backup in hours'],
    'erp_backup_age_hours',
    {
      above: [null, 26],
    },
  ),
  measured(
    'db.dataguard_lag',
    ['备库应用延迟(分钟)', 'Standby apply lag in minutes'],
    'erp_standby_lag_minutes',
    {
      above: [
        'monitoring.threshold.standby_lag.warning',
        'monitoring.threshold.standby_lag.critical',
      ],
    },
  ),
  measured('ebs.icm', ['内部并发管理器', 'Internal concurrent manager'], 'erp_icm_up', UP),
  measured(
    'ebs.cm_processes',
    ['并发管理器缺少的进程数', 'Missing processes of concurrent managers'],
    'erp_cm_processes_missing',
    {
      above: [1, null],
    },
  ),
  measured(
    'ebs.requests_pending',
    ['待处理并发请求数', 'Pending concurrent requests'],
    'erp_requests_pending',
    {
      above: [101, null],
    },
  ),
  measured(
    'ebs.requests_error',
    ['出错并发请求占比', 'Share of concurrent requests in error'],
    'erp_requests_error_percent',
    {
      above: [5, null],
    },
  ),
  byHand('ebs.requests_longrun', ['运行时间超长的并发请求', 'Long-running concurrent requests']),
  measured(
    'ebs.workflow_mailer',
    ['工作流邮件通知组件', 'Workflow notification mailer'],
    'erp_workflow_mailer_up',
    UP,
  ),
  byHand('ebs.workflow_background', ['延迟或卡住的工作流', 'Deferred or stuck workflow items']),
  measured(
    'ebs.login_page',
    ['登录页面响应时间(秒)', 'Login page time in seconds'],
    'erp_page_seconds',
    {
      above: PAGE_TIME,
      page: 'login',
    },
  ),
  measured('ebs.forms', ['Forms 页面响应时间(秒)', 'Forms time in seconds'], 'erp_page_seconds', {
    above: PAGE_TIME,
    page: 'forms',
  }),
  measured(
    'ebs.oacore',
    ['OACore 页面响应时间(秒)', 'OACore page time in seconds'],
    'erp_page_seconds',
    {
      above: PAGE_TIME,
      page: 'oacore',
    },
  ),
  measured('ebs.opp', ['输出后处理器', 'Output post processor'], 'erp_opp_up', UP),
  measured('os.cpu', ['CPU 使用率', 'CPU use'], 'erp_cpu_used_percent', {
    above: ['monitoring.threshold.cpu.warning', 'monitoring.threshold.cpu.critical'],
  }),
  measured('os.memory', ['内存使用率', 'Memory use'], 'erp_memory_used_percent', {
    above: ['monitoring.threshold.memory.warning', 'monitoring.threshold.memory.critical'],
  }),
  measured('os.disk', ['磁盘空间使用率', 'Disk space use'], 'erp_disk_used_percent', {
    above: ['monitoring.threshold.disk.warning', 'monitoring.threshold.disk.critical'],
  }),
  measured(
    'os.diskio_latency',
    ['磁盘读写延迟(毫秒)', 'Disk latency in milliseconds'],
    'erp_disk_latency_milliseconds',
    {
      above: [
        'monitoring.threshold.disk_latency.warning',
        'monitoring.threshold.disk_latency.critical',
      ],
    },
  ),
  measured('os.diskio_busy', ['磁盘繁忙率', 'Disk busy share'], 'erp_disk_busy_percent', {
    above: ['monitoring.threshold.disk_busy.warning', 'monitoring.threshold.disk_busy.critical'],
  }),
  byHand('os.swap', ['交换空间使用', 'Swap use']),
  measured(
    'net.link_loss',
    ['到各单位链路丢包率', 'Packet loss to each unit'],
    'erp_link_loss_percent',
    {
      above: [
        'monitoring.threshold.network_loss.warning',
        'monitoring.threshold.network_loss.critical',
      ],
    },
  ),
  measured(
    'net.link_delay',
    ['到各单位链路延迟(毫秒)', 'Delay to each unit in milliseconds'],
    'erp_link_delay_milliseconds',
    {
      above: [
        'monitoring.threshold.network_delay.warning',
        'monitoring.threshold.network_delay.critical',
      ],
    },
  ),
  byHand('sec.failed_logins', ['登录失败情况', 'Failed logins']),
]

const byCode = new Map(dailyTemplate.map((item) => [item.code, item]))

/** The item of the template; `undefined` when a later release dropped it. */
export function templateItem(code: string): TemplateItem | undefined {
  return byCode.get(code)
}
