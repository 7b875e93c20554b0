import { expect, test } from '@jest/globals'
import { messageOf } from '../../src/notifications/rules/message.ts'
import { pauseAfter } from '../../src/notifications/rules/retry.ts'

test.each([
  [1, 'mail', 15_000],
  [2, 'mail', 30_000],
  [8, 'mail', 1_920_000],
  [9, 'mail', 3_600_000],
  [10, 'mail', null],
  [11, 'mail', null],
  [10, 'webhook', 3_600_000],
  [31, 'webhook', 3_600_000],
  [32, 'webhook', null],
] as const)('after failed try %i of a %s the pause is %p ms', (attempt, channel, pauseMs) => {
  expect(pauseAfter(attempt, channel)).toBe(pauseMs)
})

test('a call is tried for a day, a mail for two hours', () => {
  const hours = (channel: 'mail' | 'webhook') => {
    let sum = 0
    for (let attempt = 1; ; attempt += 1) {
      const pauseMs = pauseAfter(attempt, channel)
      if (pauseMs === null) return sum / 3_600_000
      sum += pauseMs
    }
  }
  expect([hours('mail') > 2, hours('webhook') >= 24, hours('webhook') < 25]).toEqual([
    true,
    true,
    true,
  ])
})

const ticket = {
  id: '0195f2a0-0000-7000-8000-000000000001',
  number: 'T-0000007',
  title: 'GL is slow',
  description: 'Posting takes minutes.',
  category: 'fault' as const,
  priority: 'P2' as const,
  unitId: '0195f2a0-0000-7000-8000-000000000002',
  moduleCode: 'GL',
  kind: 'MODULE' as const,
  state: 'open' as const,
  tier: 'L1' as const,
  toAllTiers: false,
  ownerPersonId: null,
  reporterPersonId: null,
  reporter: 'someone',
  alertEpisodeId: null,
  alertLevel: null,
  alertEndedAt: null,
  findingId: null,
  openedAt: new Date(0),
  acknowledgedAt: null,
  resolvedAt: null,
  resolvedByPersonId: null,
  accountCaseId: null,
  resolution: null,
  userSilentAt: null,
  closedAt: null,
  version: 1,
}

test('a message says what, which ticket, how grave and on which tier, in Chinese and English', () => {
  expect(messageOf(ticket, 'opened', 'L1', null)).toEqual({
    subject: '[P2] T-0000007 新工单 / New ticket (L1): GL is slow',
    body: [
      '新工单 / New ticket (L1)',
      'T-0000007 GL is slow',
      '优先级 / Priority: P2',
      '模块 / Module: GL',
      '',
      'Posting takes minutes.',
    ].join('\n'),
  })
})

test('a message to the reporter carries the note in place of the description and names no tier', () => {
  const { subject, body } = messageOf(
    { ...ticket, moduleCode: null },
    'progress-noted',
    null,
    'Index rebuilt.',
  )
  expect(subject).toBe('[P2] T-0000007 工单处理进度 / Ticket progress: GL is slow')
  expect(body.split('\n')).toEqual([
    '工单处理进度 / Ticket progress',
    'T-0000007 GL is slow',
    '优先级 / Priority: P2',
    '',
    'Index rebuilt.',
  ])
})
