import { choice, duration, integer } from './define-parameter.ts'

/** Sessions: what the gateway enforces. */
export const gatewayParameters = [
  duration('gateway.session.idle', {
    default: 'PT15M',
    bounds: ['PT1S', 'PT2H'],
    clauses: ['A-2.2.6', 'A-2.2.7'],
    source: 'Defaults 2.9 (source S53d)',
    zh: ['会话空闲时限', '普通用户会话无操作超过此时间即结束。'],
    en: ['Idle limit of a session', 'A session without a request for this long ends.'],
  }),
  duration('gateway.session.admin_idle', {
    default: 'PT10M',
    bounds: ['PT1S', 'PT1H'],
    clauses: ['A-2.2.6', 'A-2.2.7'],
    source: 'Defaults 2.9 (own choice)',
    zh: ['管理员会话空闲时限', '管理员会话无操作超过此时间即结束。'],
    en: ['Idle limit of an administrator session', 'As the idle limit, for administrators.'],
  }),
  duration('gateway.session.absolute', {
    default: 'PT8H',
    bounds: ['PT1S', 'P1D'],
    clauses: ['A-2.2.7'],
    source: 'Defaults 2.9 (own choice)',
    zh: ['会话最长时间', '会话自登录起的最长时间，与是否操作无关。'],
    en: ['Absolute limit of a session', 'A session ends this long after login, used or not.'],
  }),
  integer('gateway.session.concurrent', {
    default: 1,
    // More at once is a shared account.
    bounds: [1, 5],
    unit: 'sessions per account',
    clauses: ['A-2.1.6', 'A-2.2.2'],
    source: 'Defaults 2.9 (own choice)',
    zh: ['并发会话数', '一个账号同时有效的会话数。'],
    en: ['Concurrent sessions', 'How many sessions of one account may be open at the same time.'],
  }),
  choice('gateway.session.at_limit', {
    default: 'evict-oldest',
    options: ['reject', 'evict-oldest', 'evict-idle'],
    clauses: ['A-2.1.6', 'A-2.2.2'],
    source: 'Defaults 2.9 (own choice)',
    zh: [
      '会话数达到上限时',
      'reject：拒绝新的登录；evict-oldest：结束最早开始的会话；evict-idle：结束闲置最久的会话。上限调低后，下一次刷新时按同一规则结束多出的会话。',
    ],
    en: [
      'At the limit of sessions',
      'reject: the new sign-in is refused; evict-oldest: the session that began first ends; evict-idle: the one that is unused for longest ends. After the limit was lowered the next refresh ends what is over it in the same way.',
    ],
  }),
] as const
