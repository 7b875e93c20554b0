import { said, type Bilingual } from './bilingual.ts'
import type { Permission } from './permissions.ts'

/** `critical`: what the regulations demand does not happen, or facts are lost; `warning`: it will come to that. */
export const severities = ['critical', 'warning'] as const
export type Severity = (typeof severities)[number]

/** What mends a matter: an operation as the OpenAPI document names it; `{id}` is what it is about. */
interface Mending {
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly path: string
}

const mending = (method: Mending['method'], path: string): Mending => ({ method, path })

/**
 * The operations that mend what wants a human, by operationId; `{service}` in an id or a path is the service that tells
 * of it. Where no operation mends it, the one that shows it.
 */
export const mendings = {
  readHealth: mending('GET', '/health'),
  'replay{Service}DeadLetter': mending('POST', '/v1/dead-letters/{service}/{id}/replay'),
  'approve{Service}Proposal': mending('POST', '/v1/proposals/{service}/{id}/approve'),
  'list{Service}ProposalAlarms': mending('GET', '/v1/proposals/{service}/alarms'),
  replayEventWebhook: mending('POST', '/v1/event-webhooks/{id}/replays'),
  readAuditTask: mending('GET', '/v1/audit/tasks/{id}'),
  requestAccountChange: mending('POST', '/v1/account-changes'),
  unlockAccount: mending('POST', '/v1/accounts/{id}/unlock'),
  retryProvisioningTask: mending('POST', '/v1/provisioning-tasks/{id}/retry'),
  readAccountFinding: mending('GET', '/v1/account-findings/{id}'),
  readEbsFinding: mending('GET', '/v1/ebs-findings/{id}'),
  openEbsUpload: mending('POST', '/v1/ebs-uploads'),
  listSodViolations: mending('GET', '/v1/sod/violations'),
  listClientKeys: mending('GET', '/v1/clients/{id}/keys'),
  readAccountCase: mending('GET', '/v1/account-cases/{id}'),
  readProvisioningTask: mending('GET', '/v1/provisioning-tasks/{id}'),
  acknowledgeTicket: mending('POST', '/v1/tickets/{id}/acknowledge'),
  noteTicketProgress: mending('POST', '/v1/tickets/{id}/notes'),
  resolveTicket: mending('POST', '/v1/tickets/{id}/resolve'),
  reportTicketRootCause: mending('POST', '/v1/tickets/{id}/root-cause'),
  readAlert: mending('GET', '/v1/alerts/{id}'),
  issueSourceToken: mending('POST', '/v1/sources/{id}/token'),
  readSource: mending('GET', '/v1/sources/{id}'),
  registerSource: mending('POST', '/v1/sources'),
  readThreshold: mending('GET', '/v1/thresholds/{id}'),
  signInspectionRound: mending('POST', '/v1/inspections/rounds/{id}/sign-off'),
  setInspectionRoster: mending('PUT', '/v1/inspections/rosters/{id}'),
  loadHolidayYear: mending('PUT', '/v1/holiday-years/{id}'),
  resendNotification: mending('POST', '/v1/notifications/{id}/resend'),
  nominateKeyUser: mending('POST', '/v1/key-users'),
  nameSuperiors: mending('PUT', '/v1/superiors/{id}'),
  fileChangePapers: mending('POST', '/v1/changes/{id}/papers'),
  approveChange: mending('POST', '/v1/changes/{id}/approve'),
  reviewChange: mending('POST', '/v1/changes/{id}/review'),
  readDeparture: mending('GET', '/v1/departures/{id}'),
  movePerson: mending('POST', '/v1/persons/{id}/move'),
  retryPersonPlan: mending('POST', '/v1/person-plans/{id}/retry'),
  correctDataError: mending('POST', '/v1/observations/{id}/correct'),
  completeTimeNode: mending('POST', '/v1/time-nodes/{id}/complete'),
  readControl: mending('GET', '/v1/controls/{id}'),
  recordControl: mending('POST', '/v1/controls/{id}/records'),
  requestBackupRun: mending('POST', '/v1/backup-runs'),
  readBackupCopy: mending('GET', '/v1/backup-copies/{id}'),
} as const satisfies Record<string, Mending>
export type MendingId = keyof typeof mendings

/** A kind of matter that wants a human. */
export interface AttentionProfile {
  /** Of a matter that says nothing else of itself. */
  readonly severity: Severity
  /** Who may read what it is about; nobody else is told of it. */
  readonly read: Permission
  readonly title: Bilingual
  /** What to do. */
  readonly remedy: Bilingual
}

/**
 * Everything that wants a human, the worst first: of two matters of one severity the kind that stands above comes first,
 * of one kind the older. Each has an alert of the same name in `infra/prometheus/alerts.yml`.
 */
export const attentionKinds = {
  'service-silent': {
    severity: 'critical',
    read: 'attention.read',
    title: said('A service does not answer', '服务无应答'),
    remedy: said(
      'Look at its log and its database; what it would tell is missing from this list.',
      '请检查该服务的日志与数据库；其事项暂不在本清单中。',
    ),
  },
  'dead-letter': {
    severity: 'critical',
    read: 'dead-letter.read',
    title: said('A service could not take a fact', '有事件未能处理（死信）'),
    remedy: said(
      'Mend the cause that the dead letter names, then replay it.',
      '请先排除死信中所述原因，再重放该事件。',
    ),
  },
  'event-unsent': {
    severity: 'critical',
    read: 'dead-letter.read',
    title: said('Facts of a service do not leave it', '服务的事件未能发出'),
    remedy: said(
      'Look at the bus and at `relay interrupted` in the log of the service; nothing is lost.',
      '请检查消息总线及该服务日志中的 relay interrupted；数据不会丢失。',
    ),
  },
  'disk-ending': {
    severity: 'warning',
    read: 'attention.read',
    title: said('The disk of the data folder fills up', '数据目录所在磁盘空间不足'),
    remedy: said(
      'Make room or move the data folder to a larger disk.',
      '请清理空间，或将数据目录迁移到更大的磁盘。',
    ),
  },
  'certificate-ending': {
    severity: 'warning',
    read: 'attention.read',
    title: said('The certificate of the gateway ends', '网关证书即将到期'),
    remedy: said(
      'Put a new certificate in TLS_CERT_FILE and restart the gateway.',
      '请更换 TLS_CERT_FILE 指定的证书，并重启网关。',
    ),
  },
  'ebs-task-failed': {
    severity: 'critical',
    read: 'provisioning.read',
    title: said('A task in EBS has failed for good', 'EBS 任务执行失败'),
    remedy: said(
      'Mend the cause in EBS, then retry the task, or drop it when a person has done it there.',
      '请在 EBS 中排除原因后重试；如已由人工完成，可放弃该任务。',
    ),
  },
  'account-case-open': {
    severity: 'warning',
    read: 'account-case.read',
    title: said('A case of theft or lending is open', '账号盗用或转借事项未结'),
    remedy: said(
      'Read the case, look at what the account did, and decide it; shut the account if it is not shut.',
      '请查看该事项及账号的操作记录并作出决定；账号尚未冻结的，请先冻结。',
    ),
  },
  'sign-in-held': {
    severity: 'warning',
    read: 'account.unlock',
    title: said(
      'Failed sign-ins locked an account until somebody unlocks it',
      '账号因多次登录失败已锁定，须人工解锁',
    ),
    remedy: said(
      'Read `GET /v1/accounts/sign-in-locks`: ask the owner who tried, then unlock, or freeze the account.',
      '请查看 `GET /v1/accounts/sign-in-locks`，向本人核实是谁在尝试登录，再解锁或冻结该账号。',
    ),
  },
  'ebs-drift': {
    severity: 'warning',
    read: 'reconciliation.read',
    title: said('EBS holds something else than was approved', 'EBS 与已批准的账号权限不一致'),
    remedy: said(
      'Read the difference and decide it: end it in EBS, restore what is missing, have it approved, or leave it alone for a time.',
      '请查看该差异并作出处理：在 EBS 中收回、补齐缺失、报批认领，或限期搁置。',
    ),
  },
  'account-astray': {
    severity: 'warning',
    read: 'account-finding.read',
    title: said(
      'An account belongs to nobody who is here, or its name tells of nobody',
      '账号无在职归属人，或用户名不指向个人',
    ),
    remedy: said(
      'End the account or give it to a person; what must stay is accepted for a time, with a reason.',
      '请停用该账号或明确归属人；确需保留的，请说明理由限期接受。',
    ),
  },
  'ticket-overdue': {
    severity: 'warning',
    read: 'ticket.read',
    title: said('A ticket is past a deadline', '工单已超时限'),
    remedy: said(
      'Do what the deadline is about, or escalate the ticket.',
      '请完成已超时的环节，或升级该工单。',
    ),
  },
  'alert-firing': {
    severity: 'warning',
    read: 'alert.read',
    title: said('An alert is firing', '告警触发中'),
    remedy: said(
      'Take its ticket and mend the cause; it ends by itself when the value is good again.',
      '请接手对应工单并排除原因；指标恢复后告警自动解除。',
    ),
  },
  'control-broken': {
    severity: 'critical',
    read: 'control.read',
    title: said('A clause is broken', '条款被违反'),
    remedy: said(
      'The control lists its open breaches; mend those.',
      '该控制项列有未消除的违反，请逐项消除。',
    ),
  },
  'backup-overdue': {
    severity: 'critical',
    read: 'backup.read',
    title: said('The newest good backup of a target is too old', '备份对象的最新有效备份已超期'),
    remedy: said(
      'See why its last runs failed, then ask for a run.',
      '请查明最近备份失败的原因，再发起一次备份。',
    ),
  },
  'source-silent': {
    severity: 'warning',
    read: 'source.read',
    title: said('A source of metrics is silent', '监控数据源停止上报'),
    remedy: said(
      'Mend the sender; one that never sent needs its token.',
      '请检修发送端；从未上报的数据源需先签发令牌。',
    ),
  },
  'calendar-year-missing': {
    severity: 'warning',
    read: 'calendar.read',
    title: said('The public holidays of a year are missing', '缺少某年法定节假日安排'),
    remedy: said(
      "Load the year once the State Council's paper is out.",
      '国务院办公厅通知发布后，请录入该年度安排。',
    ),
  },
  'wait-undecidable': {
    severity: 'warning',
    read: 'proposal.read',
    title: said('Nobody can decide what waits', '待决事项无人有权决定'),
    remedy: said(
      'Give somebody who has no part in it the right, or ask anew through another person.',
      '请授权与此事无关的人员，或由他人重新提出。',
    ),
  },
  'wait-ending': {
    severity: 'warning',
    read: 'proposal.read',
    title: said('What waits ends undecided soon', '待决事项即将到期'),
    remedy: said('Decide it before its end.', '请在到期前作出决定。'),
  },
  'notification-undelivered': {
    severity: 'warning',
    read: 'notification.read',
    title: said('A message did not reach its receiver', '通知未送达'),
    remedy: said(
      'Mend the address or the mail server, then send it again.',
      '请修正地址或邮件服务器后重新发送。',
    ),
  },
  'inspection-overdue': {
    severity: 'warning',
    read: 'inspection.read',
    title: said('A daily inspection is overdue', '日常巡检逾期'),
    remedy: said('Fill the round and sign it.', '请完成巡检并签字。'),
  },
  'inspection-uncovered': {
    severity: 'warning',
    read: 'inspection.read',
    title: said('Nobody is able to inspect a unit', '单位无可用巡检人员'),
    remedy: said('Put an inspector and a deputy on its roster.', '请为该单位安排巡检人与替补人。'),
  },
  'data-error-overdue': {
    severity: 'warning',
    read: 'observation.read',
    title: said('A data error is not corrected in time', '数据错误逾期未更正'),
    remedy: said(
      'Correct it in EBS, then say when that was done.',
      '请在 EBS 中更正，并登记更正时间。',
    ),
  },
  'time-node-missed': {
    severity: 'warning',
    read: 'time-node.read',
    title: said('A time node was missed', '时间节点逾期未完成'),
    remedy: said('Finish the step, then say when that was done.', '请完成该步骤，并登记完成时间。'),
  },
  'person-plan-failed': {
    severity: 'warning',
    read: 'person.manage',
    title: said('A planned joiner or mover was refused', '预定入职或调动未能生效'),
    remedy: said(
      'Mend the cause that the plan names and retry it, or withdraw it when it is done otherwise.',
      '请排除计划中所述原因后重试；如已另行办理，请撤回该计划。',
    ),
  },
  'ebs-task-waiting': {
    severity: 'warning',
    read: 'provisioning.read',
    title: said('A task in EBS waits for too long', 'EBS 任务等待过久'),
    remedy: said(
      'See that the middleware runs, signs in and leases tasks.',
      '请确认中间件正在运行、能够登录并领取任务。',
    ),
  },
  'sod-violated': {
    severity: 'warning',
    read: 'sod.read',
    title: said('Somebody holds incompatible duties', '有人持有不相容职责'),
    remedy: said(
      'End one of the grants that carry them, or have an exception with an end granted.',
      '请终止其中一项授权，或申请有截止日期的例外。',
    ),
  },
  'client-key-waiting': {
    severity: 'warning',
    read: 'client.read',
    title: said('A key of a program is not confirmed', '程序公钥登记后未确认'),
    remedy: said(
      'Confirm it in another role than who registered it, or end it: nobody may have meant it.',
      '请由其他角色的人员确认；如非本意登记，请将其停用。',
    ),
  },
  'audit-overdue': {
    severity: 'warning',
    read: 'audit-task.read',
    title: said('An audit of the ledger is not signed in time', '安全审计逾期未签署'),
    remedy: said('Judge what it drew and sign its report.', '请完成样本判定并签署审计报告。'),
  },
  'ebs-upload-silent': {
    severity: 'warning',
    read: 'reconciliation.read',
    title: said('Nobody compares EBS with the register', 'EBS 对账数据未按期上传'),
    remedy: said(
      'See that the middleware uploads what EBS holds; until then nobody knows what was granted there by hand.',
      '请确认中间件按期上传 EBS 现有账号与权限；在此之前无从发现在 EBS 中直接授予的权限。',
    ),
  },
  'departure-untold': {
    severity: 'warning',
    read: 'departure.read',
    title: said('A department did not tell that somebody left it', '部门未按时通知离职或岗位变动'),
    remedy: said(
      'Have the head of the unit tell of it now, if late, and see why nobody did.',
      '请该单位负责人补报（计为迟报），并查明未通知的原因。',
    ),
  },
  'move-unconfirmed': {
    severity: 'warning',
    read: 'departure.read',
    title: said(
      'A move that a department told of is not in the register',
      '部门已通知的岗位变动尚未登记',
    ),
    remedy: said(
      'Move the person in the register; until then the rights of the old place go on.',
      '请在人员登记中办理调动；在此之前原岗位权限仍然有效。',
    ),
  },
  'key-user-gap': {
    severity: 'warning',
    read: 'key-user.read',
    title: said('A tier has no key user', '支持层级缺少关键用户'),
    remedy: said('Nominate one.', '请提名关键用户。'),
  },
  'superior-gap': {
    severity: 'warning',
    read: 'key-user.read',
    title: said('A step above a P1 has nobody to call', 'P1 上报层级无人可通知'),
    remedy: said('Name somebody who is here and has an address.', '请指定在岗且有联系地址的人员。'),
  },
  'change-debt-overdue': {
    severity: 'warning',
    read: 'change.read',
    title: said('What an emergency change owes is overdue', '紧急变更补办逾期'),
    remedy: said(
      'Make it up: file the papers, have it approved or review it.',
      '请补办手续：补交材料、补批或复核。',
    ),
  },
  'control-stale': {
    severity: 'warning',
    read: 'control.read',
    title: said('Nothing fresh proves a clause', '条款缺少有效证据'),
    remedy: said(
      'The control says which proof is missing; where a person must see it, record it.',
      '该控制项说明缺少何种证据；须人工查验的，请登记。',
    ),
  },
  'backup-copy-overdue': {
    severity: 'warning',
    read: 'backup.read',
    title: said('A copy has not arrived at its site', '异地副本逾期未到'),
    remedy: said(
      'See that the agent of the site runs and reaches its store.',
      '请确认该站点代理正在运行并可访问存储。',
    ),
  },
  'threshold-unfed': {
    severity: 'warning',
    read: 'threshold.read',
    title: said('A threshold judges nothing', '阈值无数据可判'),
    remedy: said(
      'Register a source that sends its metric, or mend the sender.',
      '请登记上报该指标的数据源，或检修发送端。',
    ),
  },
} as const satisfies Record<string, AttentionProfile>
export type AttentionKind = keyof typeof attentionKinds

/** A kind of matter as a name, in the order of the list. */
export const attentionKindNames = Object.keys(attentionKinds) as AttentionKind[]
