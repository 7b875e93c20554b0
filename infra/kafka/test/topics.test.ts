import { expect, test } from '@jest/globals'
import { readTopics } from '../src/topics.ts'

test('every topic is versioned, shared by six consumers and readable for thirty days', () => {
  const topics = readTopics()
  expect(topics.map(({ topic }) => topic)).toContain('identity.account.v1')
  for (const { topic, ...rest } of topics) {
    expect(topic).toMatch(/\.v1$/)
    expect(rest).toEqual({ partitions: 6, retentionDays: 30 })
  }
})
