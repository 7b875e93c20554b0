import { expect, test } from '@jest/globals'
import { deviceIn } from '../../src/sessions/rules/device-in.ts'
import { overLimit } from '../../src/sessions/rules/session-limits.ts'

const at = (minute: number) => new Date(Date.UTC(2026, 2, 2, 9, minute))
/** In the order in which they began; the first was refreshed last of the three that are there, `new` comes. */
const open = [
  { name: 'first', refreshedAt: at(30) },
  { name: 'second', refreshedAt: at(10) },
  { name: 'third', refreshedAt: at(20) },
  { name: 'new', refreshedAt: at(40) },
]

test.each([
  ['reject', 3, ['new']],
  ['reject', 1, ['second', 'third', 'new']],
  ['reject', 4, []],
  ['evict-oldest', 3, ['first']],
  ['evict-oldest', 1, ['first', 'second', 'third']],
  ['evict-oldest', 4, []],
  ['evict-idle', 3, ['second']],
  ['evict-idle', 2, ['second', 'third']],
  ['evict-idle', 1, ['second', 'third', 'first']],
  ['evict-idle', 5, []],
] as const)('[A-2.1.6] %s with at most %i open: %j are over', (atLimit, most, over) => {
  expect(overLimit(open, { most, atLimit }).map(({ name }) => name)).toEqual(over)
})

test('[A-2.1.6] of sessions refreshed at one instant the one that began first counts as unused for longer', () => {
  const same = open.map(({ name }) => ({ name, refreshedAt: at(0) }))
  expect(overLimit(same, { most: 3, atLimit: 'evict-idle' })).toEqual([same[0]])
})

const WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)'
test.each([
  [`${WINDOWS} Chrome/128.0.0.0 Safari/537.36 Edg/128.0.0.0`, 'Edge, Windows'],
  [`${WINDOWS} Chrome/128.0.0.0 Safari/537.36`, 'Chrome, Windows'],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
    'Safari, iPhone',
  ],
  [
    'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0',
    'WeChat, Android',
  ],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', 'Firefox, Linux'],
  ['curl/8.9.1', 'curl'],
  ['erp-portal/2.1', null],
  ['', null],
  [null, null],
])('the device in %s is %s', (userAgent, device) => {
  expect(deviceIn(userAgent)).toBe(device)
})
