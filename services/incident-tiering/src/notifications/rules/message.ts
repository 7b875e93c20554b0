import type { SupportTier } from '@erp-steward/contracts/values'
import type { CoverageGap } from '../../key-users/coverage-gaps.ts'
import type { SuperiorStep } from '../../tickets/rules/clocks-of-priority.ts'
import type { Ticket } from '../../tickets/ticket.ts'

/** What monitoring states because nobody answers for it. */
export type WatchFailure = 'inspection-uncovered' | 'alert-untaken' | 'alert-untold'

/** Why people are written to. */
export type Occasion =
  | 'opened'
  | 'escalated'
  | 'priority-raised'
  | 'alert-raised'
  | 'released'
  | 'clock-breached'
  | 'progress-noted'
  | 'resolved'
  | 'confirm-reminder'
  | 'confirm-wanted'
  | 'reassigned'
  | 'nobody-serves'
  | 'handover-due'
  | SuperiorStep
  | 'key-user-gaps'
  | 'superior-gaps'
  | 'stage-unfilled'
  | 'executor-lost'
  | 'undecidable'
  | 'running-out'
  | 'delivery-failed'
  | 'credential-reset'
  | 'account-dormant'
  | 'administrator-reset'
  | 'account-shut'
  | 'account-reported'
  | 'second-factor'
  | WatchFailure

const HEADLINE: Readonly<Record<Occasion, { readonly zh: string; readonly en: string }>> = {
  opened: { zh: '新工单', en: 'New ticket' },
  escalated: { zh: '工单已升级', en: 'Ticket passed on' },
  'priority-raised': { zh: '工单优先级已提高', en: 'Ticket priority raised' },
  'alert-raised': { zh: '报警级别已升高', en: 'The alert got graver' },
  released: { zh: '工单待重新受理', en: 'Ticket needs a new owner' },
  'clock-breached': { zh: '工单超时', en: 'Ticket overdue' },
  'progress-noted': { zh: '工单处理进度', en: 'Ticket progress' },
  resolved: { zh: '工单已解决，请确认', en: 'Ticket resolved, please confirm' },
  'confirm-reminder': { zh: '提醒：请确认工单是否解决', en: 'Reminder: please confirm the ticket' },
  'confirm-wanted': {
    zh: '用户未答复，请单位确认工单',
    en: 'The user is silent, the unit is asked to confirm',
  },
  reassigned: { zh: '工单已重新分派', en: 'Ticket reassigned' },
  'nobody-serves': { zh: '工单无人可处理', en: 'Nobody serves the ticket' },
  'handover-due': { zh: '重大故障仍未解决，请重新分派', en: 'P1 still unsolved, please reassign' },
  'department-head': {
    zh: '一级故障未恢复，报部门负责人',
    en: 'P1 not restored, to the department head',
  },
  'leading-group': {
    zh: '一级故障未恢复，报领导小组',
    en: 'P1 not restored, to the leading group',
  },
  'top-manager': {
    zh: '一级故障未恢复，报主要负责人',
    en: 'P1 not restored, to the top manager',
  },
  'key-user-gaps': { zh: '关键用户缺位', en: 'Key-user duties that nobody can do' },
  'superior-gaps': { zh: '上报环节无人可达', en: 'A step above a P1 with nobody to call' },
  'stage-unfilled': { zh: '变更审批环节无人可任', en: 'A stage of a change that nobody can give' },
  'executor-lost': {
    zh: '变更实施中，实施人已不能履职',
    en: 'A change is under way and its executor is gone',
  },
  undecidable: { zh: '待决事项无人可决定', en: 'Something waits that nobody can decide' },
  'running-out': { zh: '待决事项即将到期', en: 'Something ends undecided soon' },
  'delivery-failed': { zh: '消息未送达', en: 'A message was not delivered' },
  'credential-reset': {
    zh: '有人为您的账号签发密码',
    en: 'Somebody issues a password for your account',
  },
  'account-dormant': {
    zh: '账号长期未使用',
    en: 'An account is not used',
  },
  'administrator-reset': {
    zh: '有人为管理员账号签发密码',
    en: "Somebody issues a password for an administrator's account",
  },
  'account-shut': { zh: '您的账号已被冻结', en: 'Your account was shut' },
  'account-reported': {
    zh: '有人报告您的账号被盗用或存在风险',
    en: 'Somebody reported that your account is stolen or at risk',
  },
  'second-factor': {
    zh: '您账号的第二验证因素有变更',
    en: 'The second factor of your account has changed',
  },
  'inspection-uncovered': { zh: '无人能够巡检', en: 'Nobody is able to inspect' },
  'alert-untaken': { zh: '报警无人受理', en: 'Nobody took an alert' },
  'alert-untold': { zh: '报警未送达任何人', en: 'Nobody was reached about an alert' },
}

export interface Message {
  readonly subject: string
  readonly body: string
}

/** The text of a message, Chinese first and then English: a mail cannot know its reader's language. */
export function messageOf(
  ticket: Ticket,
  occasion: Occasion,
  tier: SupportTier | null,
  note: string | null,
): Message {
  const { zh, en } = HEADLINE[occasion]
  const where = tier === null ? '' : ` (${tier})`
  return {
    subject: `[${ticket.priority}] ${ticket.number} ${zh} / ${en}${where}: ${ticket.title}`,
    body: [
      `${zh} / ${en}${where}`,
      `${ticket.number} ${ticket.title}`,
      `优先级 / Priority: ${ticket.priority}`,
      ...(ticket.alertLevel === null ? [] : [`报警级别 / Alert level: ${ticket.alertLevel}`]),
      ...(ticket.moduleCode === null ? [] : [`模块 / Module: ${ticket.moduleCode}`]),
      '',
      note ?? ticket.description,
    ].join('\n'),
  }
}

/** Gaps listed in one message; the register has the rest. */
const GAPS_LISTED = 50

/** The text about gaps of the key-user register. */
export function gapsMessage(gaps: readonly CoverageGap[]): Message {
  const { zh, en } = HEADLINE['key-user-gaps']
  return {
    subject: `${zh} / ${en}: ${String(gaps.length)}`,
    body: gaps
      .slice(0, GAPS_LISTED)
      .map(({ tier, unitId, moduleCode }) =>
        [tier, unitId ?? '公司 / company', moduleCode ?? 'IT'].join(' · '),
      )
      .join('\n'),
  }
}

/** The text about steps of the ladder above a P1 on which nobody can be called. */
export function superiorGapsMessage(steps: readonly SuperiorStep[]): Message {
  const { zh, en } = HEADLINE['superior-gaps']
  return { subject: `${zh} / ${en}: ${String(steps.length)}`, body: steps.join('\n') }
}

/** The text about a stage of a change's approval that nobody can give. */
export function stageMessage(number: string, stage: 'unit' | 'company'): Message {
  const { zh, en } = HEADLINE['stage-unfilled']
  const where = { unit: '单位 / unit', company: '公司 / company' }[stage]
  return { subject: `${zh} / ${en}: ${number}`, body: `${zh} / ${en}\n${number} · ${where}` }
}

/** The text about a started change that its executor can no longer end. */
export function executorLostMessage(number: string): Message {
  const { zh, en } = HEADLINE['executor-lost']
  return { subject: `${zh} / ${en}: ${number}`, body: `${zh} / ${en}\n${number}` }
}

/** What waits for another person, in whatever service. */
export interface Waiting {
  readonly service: string
  readonly kind: string
  readonly subject: string
  readonly permission: string
  readonly expiresAt: string | null
}

/** The text about something that nobody can decide, or that ends undecided soon. */
export function waitMessage(
  occasion: 'undecidable' | 'running-out',
  { service, kind, subject, permission, expiresAt }: Waiting,
): Message {
  const { zh, en } = HEADLINE[occasion]
  return {
    subject: `${zh} / ${en}: ${kind}`,
    body: [
      `${zh} / ${en}`,
      `${service} · ${kind} · ${subject}`,
      `所需权限 / Permission: ${permission}`,
      ...(expiresAt === null ? [] : [`到期 / Ends: ${expiresAt}`]),
    ].join('\n'),
  }
}

/** The text about a message that did not reach its receiver. */
export function fallBackMessage(lost: Message, recipient: string, reason: string): Message {
  const { zh, en } = HEADLINE['delivery-failed']
  return {
    subject: `${zh} / ${en}: ${lost.subject}`,
    body: [`${zh} / ${en}: ${recipient} (${reason})`, '', lost.body].join('\n'),
  }
}

/** What a message is about that is about no ticket, so that its reader finds it and can act. */
export interface About {
  readonly type: 'alert' | 'inspection-roster'
  readonly id: string
}

/** Where the gateway shows it. */
function pathOf({ type, id }: About): string {
  return type === 'alert' ? `/v1/alerts/${id}` : `/v1/inspections/rosters/${id}`
}

/** The text about something in a unit that is watched, or should be, and for which nobody answers. */
export function watchFailedMessage(
  failure: WatchFailure,
  unit: string,
  detail: string,
  about: About,
): Message {
  const { zh, en } = HEADLINE[failure]
  return {
    subject: `${zh} / ${en}: ${unit}`,
    body: [
      `${zh} / ${en}`,
      `单位 / Unit: ${unit}`,
      detail,
      `事由 / About: ${about.type} ${about.id}`,
      `查看 / See: ${pathOf(about)}`,
    ].join('\n'),
  }
}

/** What others did towards a password for an account that is not theirs. */
const RESET_STEP = {
  'first-half-issued': { zh: '已签发前一半', en: 'the first half was issued' },
  'second-half-issued': {
    zh: '已签发后一半，新密码生效',
    en: 'the second half was issued, the new password is in force',
  },
  'issued-at-host': {
    zh: '已在服务器上签发，新密码生效',
    en: 'issued at the host, the new password is in force',
  },
}
export type ResetStep = keyof typeof RESET_STEP

/** Whether others took the step; the rest are its owner's, or in the owner's favour. */
export function isResetStep(step: string): step is ResetStep {
  return step in RESET_STEP
}

/** The text to the person for whose account a password is issued. */
export function resetMessage(step: ResetStep, at: string): Message {
  const { zh, en } = HEADLINE['credential-reset']
  return {
    subject: `${zh} / ${en}`,
    body: [
      `${zh} / ${en}`,
      `${RESET_STEP[step].zh} / ${RESET_STEP[step].en}`,
      `时间 / At: ${at}`,
      '',
      '如果不是您要求的，请立即告知安全管理员。',
      'If you did not ask for it, tell the security administrator at once.',
    ].join('\n'),
  }
}

/** What became of an account that nobody uses. */
export type DormantStage = 'warned' | 'locked' | 'ended'

const DORMANT_STAGE: Readonly<Record<DormantStage, { readonly zh: string; readonly en: string }>> =
  {
    warned: { zh: '请登录一次，否则将被锁定', en: 'Sign in once, or it will be locked' },
    locked: {
      zh: '已锁定；如需继续使用，请联系安全管理员',
      en: 'It is locked; to use it again ask the security administrator',
    },
    ended: { zh: '已停用', en: 'It is ended' },
  }

/** The text about an account that nobody uses: to its person, and to those who lead the unit. */
export function dormantMessage(
  stage: DormantStage,
  {
    personId,
    lastUseAt,
    nextAt,
  }: { personId: string | null; lastUseAt: string; nextAt: string | null },
): Message {
  const { zh, en } = HEADLINE['account-dormant']
  return {
    subject: `${zh} / ${en}: ${DORMANT_STAGE[stage].zh} / ${DORMANT_STAGE[stage].en}`,
    body: [
      `${DORMANT_STAGE[stage].zh} / ${DORMANT_STAGE[stage].en}`,
      `人员 / Person: ${personId ?? '-'}`,
      `最近使用 / Last use: ${lastUseAt}`,
      ...(nextAt === null ? [] : [`下一步 / Next step: ${nextAt}`]),
    ].join('\n'),
  }
}

/** What became of the second factor of an account. */
const FACTOR_STEP = {
  'set-up': { zh: '已设置新的身份验证器应用', en: 'another authenticator app was set up' },
  'recovery-code-used': { zh: '已使用一个恢复码', en: 'a recovery code was used' },
  'recovery-codes-renewed': { zh: '恢复码已全部更换', en: 'the recovery codes were replaced' },
  removed: { zh: '已移除', en: 'it was removed' },
  reset: { zh: '已由他人重置', en: 'it was reset by others' },
}
export type FactorStep = keyof typeof FACTOR_STEP

/** Whether the step changed anything; what is only begun does not. */
export function isFactorStep(step: string): step is FactorStep {
  return step in FACTOR_STEP
}

/** The text to the person whose second factor it is. */
export function factorMessage(step: FactorStep, recoveryCodesLeft: number, at: string): Message {
  const { zh, en } = HEADLINE['second-factor']
  return {
    subject: `${zh} / ${en}`,
    body: [
      `${zh} / ${en}`,
      `${FACTOR_STEP[step].zh} / ${FACTOR_STEP[step].en}`,
      `剩余恢复码 / Recovery codes left: ${String(recoveryCodesLeft)}`,
      `时间 / At: ${at}`,
      '',
      '如果不是您本人所为，也不是您要求的，请立即告知安全管理员。',
      'If it was neither you nor what you asked for, tell the security administrator at once.',
    ].join('\n'),
  }
}

/** The text to those above about a password that is issued for an administrator's account. */
export function administratorResetMessage(step: ResetStep, role: string, at: string): Message {
  const { zh, en } = HEADLINE['administrator-reset']
  return {
    subject: `${zh} / ${en}: ${role}`,
    body: [
      `${zh} / ${en}: ${role}`,
      `${RESET_STEP[step].zh} / ${RESET_STEP[step].en}`,
      `时间 / At: ${at}`,
    ].join('\n'),
  }
}

/** The text to the person whose account was shut, or reported and not shut. */
export function accountCaseMessage(
  occasion: 'account-shut' | 'account-reported',
  at: string,
): Message {
  const { zh, en } = HEADLINE[occasion]
  return {
    subject: `${zh} / ${en}`,
    body: [
      `${zh} / ${en}`,
      `时间 / At: ${at}`,
      '',
      '安全管理员查明并作出决定后，账号方可恢复使用；请与其联系。',
      'It can be used again once the security administrator has looked into it and decided; please call.',
    ].join('\n'),
  }
}
