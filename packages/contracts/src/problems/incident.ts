import { said } from '../bilingual.ts'
import { problem, type ProblemDefinition } from './problem-definition.ts'

/** Refusals of incident tiering but for changes: tickets, key users, calendars and webhooks. */
export const incidentProblems = {
  'ticket-not-found': problem(
    404,
    said('The ticket does not exist', '工单不存在'),
    said('Check the id.', '请核对 ID。'),
  ),
  'ticket-state': problem(
    409,
    said('The ticket is not in a state for this', '工单当前状态不允许此操作'),
    said('Read the ticket and see its state.', '请查看该工单的当前状态。'),
  ),
  'not-ticket-owner': problem(
    403,
    said('Only the owner of the ticket may do this', '只有当前处理人可以办理'),
    said('Let the owner act, or wait for the timer.', '请由当前处理人办理，或等待时限到期。'),
  ),
  'not-ticket-reporter': problem(
    403,
    said('Only the reporter may confirm', '只有报告人可以确认'),
    said('Let the reporter confirm.', '请由报告人确认。'),
  ),
  'not-on-tier': problem(
    403,
    said('You do not serve the tier that holds the ticket', '不属于当前支持层级'),
    said('Let a key user of the tier act.', '请由该支持层级的关键用户办理。'),
  ),
  'tier-exhausted': problem(
    409,
    said('There is no further tier', '没有更高支持层级'),
    said('Tier 3 keeps the ticket.', '该工单由三级支持继续处理。'),
  ),
  'key-user-exists': problem(
    409,
    said('The person already holds this key-user duty', '该人员已是此模块关键用户'),
    said('Nothing to do.', '无需办理。'),
  ),
  'key-user-not-able': problem(
    422,
    said('The person cannot do this key-user duty', '该人员不能履行此关键用户职责'),
    said(
      'Name somebody of the unit, with an active account that may work tickets, and a mail address.',
      '请指定本单位人员，其账号须处于启用状态、有权处理工单，并已登记邮箱。',
    ),
  ),
  'person-unreachable': problem(
    422,
    said('The person cannot be reached', '该人员无法联系'),
    said('Have a mail address recorded for the person first.', '请先为该人员登记邮箱。'),
  ),
  'last-key-user': problem(
    409,
    said('The last key user cannot be removed without a successor', '必须先指定接任的关键用户'),
    said('Nominate a successor first.', '请先提名接任人。'),
  ),
  'calendar-refused': problem(
    422,
    said('The calendar is not usable', '工作日历不符合规定'),
    said('Correct the members listed in `errors`.', '请更正 `errors` 中列出的各项。'),
    ['errors'],
  ),
  'holiday-year-not-found': problem(
    404,
    said('The public holidays of that year are not loaded', '该年度节假日安排尚未载入'),
    said(
      'Load them: `PUT /v1/holiday-years/{year}`.',
      '请先录入：`PUT /v1/holiday-years/{year}`。',
    ),
  ),
  'webhook-refused': problem(
    422,
    said('The webhook address is not allowed', '回调地址不允许'),
    said('Use an address of a listed outbound target.', '请使用出站目标清单中的地址。'),
  ),
  'notification-not-found': problem(
    404,
    said('The notification does not exist', '通知不存在'),
    said('Check the id.', '请核对 ID。'),
  ),
  'notification-delivered': problem(
    409,
    said('The notification is delivered', '通知已送达'),
    said('Nothing is left to do.', '无需再办理。'),
  ),
} as const satisfies Record<string, ProblemDefinition>
