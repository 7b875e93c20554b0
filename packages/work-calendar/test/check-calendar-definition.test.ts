import { expect, test } from '@jest/globals'
import {
  defaultCalendarDefinition,
  officeWeek,
  roundTheClockDefinition,
} from '../src/calendar-definition.ts'
import { checkCalendarDefinition } from '../src/check-calendar-definition.ts'
import { compileCalendar } from '../src/compile-calendar.ts'

const order = 'must start at or after the end of the interval before it'
const minutes = 'must be two whole minutes from 0 to 1440'

function withMonday(monday: unknown) {
  return { ...defaultCalendarDefinition, weekly: { ...officeWeek(), monday } }
}

function withOverrides(overrides: unknown) {
  return { ...defaultCalendarDefinition, overrides }
}

test('the shipped calendars have no faults', () => {
  expect(checkCalendarDefinition(defaultCalendarDefinition)).toEqual([])
  expect(checkCalendarDefinition(roundTheClockDefinition)).toEqual([])
})

test('a definition survives JSON', () => {
  const copy: unknown = JSON.parse(JSON.stringify(defaultCalendarDefinition))
  expect(copy).toEqual(defaultCalendarDefinition)
  expect(checkCalendarDefinition(copy)).toEqual([])
})

test.each([
  ['null', null, '', 'must be an object'],
  ['a list', [], '', 'must be an object'],
  [
    'an unknown member',
    { ...defaultCalendarDefinition, colour: 1 },
    '/colour',
    'is not a known member',
  ],
  [
    'hours in a continuous calendar',
    { ...roundTheClockDefinition, weekly: {} },
    '/weekly',
    'is not a known member',
  ],
  [
    'an empty id',
    { ...defaultCalendarDefinition, id: '' },
    '/id',
    'must be a text that is not empty',
  ],
  [
    'version 0',
    { ...defaultCalendarDefinition, version: 0 },
    '/version',
    'must be a whole number from 1',
  ],
  ['another zone', { ...roundTheClockDefinition, zone: 'UTC' }, '/zone', "must be 'Asia/Shanghai'"],
  [
    'another kind',
    { ...defaultCalendarDefinition, kind: 'odd' },
    '/kind',
    "must be 'working-time' or 'continuous'",
  ],
  [
    'holidays by text',
    { ...defaultCalendarDefinition, holidays: 'yes' },
    '/holidays',
    'must be true or false',
  ],
  [
    'a week that is a list',
    { ...defaultCalendarDefinition, weekly: [] },
    '/weekly',
    'must be an object',
  ],
  [
    'a day that is not in the week',
    { ...defaultCalendarDefinition, weekly: { ...officeWeek(), mon: [] } },
    '/weekly/mon',
    'is not a known member',
  ],
  [
    'hours that are no list',
    withMonday('08:30'),
    '/weekly/monday',
    'must be a list of [start, end) minutes',
  ],
  ['an interval of one number', withMonday([[510]]), '/weekly/monday/0', minutes],
  ['a minute before the day', withMonday([[-1, 10]]), '/weekly/monday/0', minutes],
  ['a minute after the day', withMonday([[0, 1441]]), '/weekly/monday/0', minutes],
  ['half a minute', withMonday([[0.5, 10]]), '/weekly/monday/0', minutes],
  ['an empty interval', withMonday([[10, 10]]), '/weekly/monday/0', 'must end after it starts'],
  [
    'overlapping intervals',
    withMonday([
      [0, 11],
      [10, 20],
    ]),
    '/weekly/monday/1',
    order,
  ],
  [
    'intervals in the wrong order',
    withMonday([
      [30, 40],
      [10, 20],
    ]),
    '/weekly/monday/1',
    order,
  ],
  ['overrides by list', withOverrides([]), '/overrides', 'must be an object'],
  [
    'a date that does not exist',
    withOverrides({ '2026-02-29': 'closed' }),
    '/overrides/2026-02-29',
    'is not a date YYYY-MM-DD',
  ],
  [
    'a date in another form',
    withOverrides({ '2026-1-1': 'closed' }),
    '/overrides/2026-1-1',
    'is not a date YYYY-MM-DD',
  ],
  [
    'an override without intervals',
    withOverrides({ '2026-01-05': [] }),
    '/overrides/2026-01-05',
    "must be 'closed' or have an interval",
  ],
  [
    'an override that is a word',
    withOverrides({ '2026-01-05': 'open' }),
    '/overrides/2026-01-05',
    'must be a list of [start, end) minutes',
  ],
])('%s is one fault', (_title, value, path, message) => {
  const chinese = expect.stringMatching(/\p{Script=Han}/u) as unknown
  expect(checkCalendarDefinition(value)).toEqual([{ path, message, chinese }])
})

test('intervals may touch, and a whole day may be open', () => {
  expect(
    checkCalendarDefinition(
      withMonday([
        [0, 60],
        [60, 1440],
      ]),
    ),
  ).toEqual([])
})

test('all faults are listed, missing members too', () => {
  expect(
    checkCalendarDefinition({ id: 'a', version: 1, zone: 'UTC' }).map(({ path }) => path),
  ).toEqual(['/kind', '/weekly', '/overrides', '/holidays', '/zone'])
})

test('a faulty definition is not compiled, and the error names the faults', () => {
  const faulty = {
    ...defaultCalendarDefinition,
    version: 0,
    overrides: { '2026-02-30': 'closed' as const },
  }
  expect(() => compileCalendar(faulty)).toThrow(
    new RangeError(
      'The calendar definition has faults: /version must be a whole number from 1; /overrides/2026-02-30 is not a date YYYY-MM-DD.',
    ),
  )
})
