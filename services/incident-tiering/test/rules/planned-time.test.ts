import { expect, test } from '@jest/globals'
import { objectionToTime } from '../../src/changes/rules/planned-time.ts'

const planned = {
  plannedStart: new Date('2026-03-10T12:00:00Z'),
  plannedEnd: new Date('2026-03-10T14:00:00Z'),
}

test.each([
  ['2026-03-10T11:59:59.999Z', /^The change is planned to start/, /^该变更计划于 .* 开始。$/],
  ['2026-03-10T14:00:00.000Z', /^The planned time of the change ended/, /^该变更的计划时间已于 /],
])('[A-3.3.2] outside of its planned time, at %s, a change does not start', (at, en, zh) => {
  expect(objectionToTime(planned, new Date(at))).toEqual({
    en: expect.stringMatching(en),
    'zh-CN': expect.stringMatching(zh),
  })
})

test.each(['2026-03-10T12:00:00.000Z', '2026-03-10T13:59:59.999Z'])(
  '[A-3.3.2] in its planned time, at %s, it does',
  (at) => {
    expect(objectionToTime(planned, new Date(at))).toBeNull()
  },
)
