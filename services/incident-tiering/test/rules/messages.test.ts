import { expect, test } from '@jest/globals'
import { messageOf } from '../../src/notifications/rules/message.ts'
import { MAX_ATTEMPTS, pauseAfter } from '../../src/notifications/rules/retry.ts'

test.each([
  [1, 15_000],
  [2, 30_000],
  [8, 1_920_000],
  [9, 3_600_000],
  [MAX_ATTEMPTS, null],
  [MAX_ATTEMPTS + 1, null],
])('after failed try %i the pause is %p ms', (attempt, pauseMs) => {
  expect(pauseAfter(attempt)).toBe(pauseMs)
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
