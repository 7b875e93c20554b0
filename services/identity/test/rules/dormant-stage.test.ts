import { describe, expect, test } from '@jest/globals'
import {
  dormantStage,
  NOTICE_MS,
  type DormantAccount,
} from '../../src/account-findings/rules/dormant-stage.ts'

const DAY = 86_400_000
const LIMITS = { warnMs: 60 * DAY, lockMs: 90 * DAY, endMs: 180 * DAY }
const LAST = new Date('2026-01-01T00:00:00Z')
const at = (days: number, ms = 0) => new Date(LAST.getTime() + days * DAY + ms)
const unused: DormantAccount = { lastUseAt: LAST, stage: null, stageAt: null, isShut: false }
const warned = (days: number): DormantAccount => ({ ...unused, stage: 'warned', stageAt: at(days) })
const locked = (days: number): DormantAccount => ({
  ...unused,
  ...{ stage: 'locked', stageAt: at(days), isShut: true },
})

describe('[A-2.1.4] the step that is due for an account that nobody uses', () => {
  test.each<[string, DormantAccount, Date, string | null]>([
    ['none before the first limit', unused, at(60, -1), null],
    ['a warning at it', unused, at(60), 'warned'],
    ['a warning only, however late it is found', unused, at(400), 'warned'],
    ['none between', warned(60), at(90, -1), null],
    ['the lock at the second limit', warned(60), at(90), 'locked'],
    ['no lock within seven days of the warning', warned(89), at(96, -1), null],
    ['the lock seven days after it', warned(89), at(96), 'locked'],
    ['none before the third limit', locked(90), at(180, -1), null],
    ['the end at it', locked(90), at(180), 'ended'],
    ['no end within seven days of the lock', locked(179), at(186, -1), null],
    ['the end of what was shut for another reason', { ...unused, isShut: true }, at(180), 'ended'],
    ['no warning of what is shut', { ...unused, isShut: true }, at(100), null],
  ])('%s', (_what, account, now, step) => {
    expect(dormantStage(account, LIMITS, now)).toBe(step)
  })

  test('limits closer to each other than the notice keep their distance', () => {
    const close = { warnMs: DAY, lockMs: 2 * DAY, endMs: 3 * DAY }
    expect(NOTICE_MS).toBeGreaterThan(DAY)
    expect(dormantStage(warned(1), close, at(2))).toBe('locked')
    expect(dormantStage(locked(2), close, at(3))).toBe('ended')
  })
})
