import { problem, type ProblemDefinition } from './problem-definition.ts'

/** Refusals of incident tiering but for changes: tickets, key users, calendars and webhooks. */
export const incidentProblems = {
  'ticket-not-found': problem(404, 'The ticket does not exist', '工单不存在', 'Check the id.'),
  'ticket-state': problem(
    409,
    'The ticket is not in a state for this',
    '工单当前状态不允许此操作',
    'Read the ticket and see its state.',
  ),
  'not-ticket-owner': problem(
    403,
    'Only the owner of the ticket may do this',
    '只有当前处理人可以办理',
    'Let the owner act, or wait for the timer.',
  ),
  'not-ticket-reporter': problem(
    403,
    'Only the reporter may confirm',
    '只有报告人可以确认',
    'Let the reporter confirm.',
  ),
  'not-on-tier': problem(
    403,
    'You do not serve the tier that holds the ticket',
    '不属于当前支持层级',
    'Let a key user of the tier act.',
  ),
  'tier-exhausted': problem(
    409,
    'There is no further tier',
    '没有更高支持层级',
    'Tier 3 keeps the ticket.',
  ),
  'key-user-exists': problem(
    409,
    'The person already holds this key-user duty',
    '该人员已是此模块关键用户',
    'Nothing to do.',
  ),
  'key-user-not-able': problem(
    422,
    'The person cannot do this key-user duty',
    '该人员不能履行此关键用户职责',
    'Name somebody of the unit, with an active account that may work tickets, and a mail address.',
  ),
  'person-unreachable': problem(
    422,
    'The person cannot be reached',
    '该人员无法联系',
    'Have a mail address recorded for the person first.',
  ),
  'last-key-user': problem(
    409,
    'The last key user cannot be removed without a successor',
    '必须先指定接任的关键用户',
    'Nominate a successor first.',
  ),
  'calendar-refused': problem(
    422,
    'The calendar is not usable',
    '工作日历不符合规定',
    'Correct the members listed in `errors`.',
    ['errors'],
  ),
  'holiday-year-not-found': problem(
    404,
    'The public holidays of that year are not loaded',
    '该年度节假日安排尚未载入',
    'Load them: `PUT /v1/holiday-years/{year}`.',
  ),
  'webhook-refused': problem(
    422,
    'The webhook address is not allowed',
    '回调地址不允许',
    'Use an address of a listed outbound target.',
  ),
  'notification-not-found': problem(
    404,
    'The notification does not exist',
    '通知不存在',
    'Check the id.',
  ),
  'notification-delivered': problem(
    409,
    'The notification is delivered',
    '通知已送达',
    'Nothing is left to do.',
  ),
} as const satisfies Record<string, ProblemDefinition>
