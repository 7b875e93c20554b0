import { dayNumberOf } from './calendar-date.ts'
import { weekdays } from './calendar-definition.ts'

/** One thing that is wrong with a calendar definition. */
export interface CalendarFault {
  /** JSON pointer to the faulty member, `` for the whole value. */
  readonly path: string
  readonly message: string
  /** `message` in Chinese; both end a sentence that begins with the member. */
  readonly chinese: string
}

const minutesOfDay = 1440
const identityMembers = ['id', 'version', 'zone', 'kind']
const workingTimeMembers = [...identityMembers, 'weekly', 'overrides', 'holidays']

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function memberFaults(
  value: Record<string, unknown>,
  expected: readonly string[],
  path: string,
): CalendarFault[] {
  const unknown = Object.keys(value).filter((member) => !expected.includes(member))
  const missing = expected.filter((member) => !Object.hasOwn(value, member))
  return [
    ...unknown.map((member) => ({
      path: `${path}/${member}`,
      message: 'is not a known member',
      chinese: '不是已知成员',
    })),
    ...missing.map((member) => ({
      path: `${path}/${member}`,
      message: 'is missing',
      chinese: '缺失',
    })),
  ]
}

function intervalFaults(value: unknown, path: string): CalendarFault[] {
  if (!Array.isArray(value))
    return [
      {
        path,
        message: 'must be a list of [start, end) minutes',
        chinese: '必须是由 [start, end) 分钟区间组成的列表',
      },
    ]
  const faults: CalendarFault[] = []
  let previousEnd = 0
  for (const [index, interval] of (value as unknown[]).entries()) {
    const at = `${path}/${index}`
    const [start, end] = (
      Array.isArray(interval) && interval.length === 2 ? interval : []
    ) as unknown[]
    if (!isMinute(start) || !isMinute(end)) {
      faults.push({
        path: at,
        message: 'must be two whole minutes from 0 to 1440',
        chinese: '必须是 0 至 1440 之间的两个整数分钟',
      })
    } else if (start >= end) {
      faults.push({
        path: at,
        message: 'must end after it starts',
        chinese: '结束时间必须晚于开始时间',
      })
    } else if (start < previousEnd) {
      faults.push({
        path: at,
        message: 'must start at or after the end of the interval before it',
        chinese: '不得早于前一区间的结束时间开始',
      })
    } else {
      previousEnd = end
    }
  }
  return faults
}

function isMinute(value: unknown): value is number {
  return isWholeNumber(value) && value >= 0 && value <= minutesOfDay
}

function isWholeNumber(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

function weeklyFaults(weekly: unknown): CalendarFault[] {
  if (!isObject(weekly))
    return [{ path: '/weekly', message: 'must be an object', chinese: '必须是对象' }]
  return [
    ...memberFaults(weekly, weekdays, '/weekly'),
    ...weekdays
      .filter((day) => Object.hasOwn(weekly, day))
      .flatMap((day) => intervalFaults(weekly[day], `/weekly/${day}`)),
  ]
}

function overrideFaults(overrides: unknown): CalendarFault[] {
  if (!isObject(overrides))
    return [{ path: '/overrides', message: 'must be an object', chinese: '必须是对象' }]
  return Object.entries(overrides).flatMap(([date, day]) => {
    const path = `/overrides/${date}`
    if (dayNumberOf(date) === null)
      return [{ path, message: 'is not a date YYYY-MM-DD', chinese: '不是 YYYY-MM-DD 格式的日期' }]
    if (day === 'closed') return []
    // Two ways to say "closed" would make two equal calendars look different.
    if (Array.isArray(day) && day.length === 0) {
      return [
        {
          path,
          message: "must be 'closed' or have an interval",
          chinese: "必须是 'closed' 或至少包含一个区间",
        },
      ]
    }
    return intervalFaults(day, path)
  })
}

function identityFaults(value: Record<string, unknown>): CalendarFault[] {
  const faults: CalendarFault[] = []
  const { id, version, zone } = value
  if ('id' in value && (typeof id !== 'string' || id === '')) {
    faults.push({
      path: '/id',
      message: 'must be a text that is not empty',
      chinese: '必须是非空文本',
    })
  }
  if ('version' in value && (!isWholeNumber(version) || version < 1)) {
    faults.push({
      path: '/version',
      message: 'must be a whole number from 1',
      chinese: '必须是不小于 1 的整数',
    })
  }
  if ('zone' in value && zone !== 'Asia/Shanghai') {
    faults.push({
      path: '/zone',
      message: "must be 'Asia/Shanghai'",
      chinese: "必须是 'Asia/Shanghai'",
    })
  }
  return faults
}

/**
 * All faults of a value that should be a `CalendarDefinition`, in the order of its members; an empty list means that
 * `compileCalendar` accepts it.
 */
export function checkCalendarDefinition(value: unknown): CalendarFault[] {
  if (!isObject(value)) return [{ path: '', message: 'must be an object', chinese: '必须是对象' }]
  if (value.kind === 'continuous') {
    return [...memberFaults(value, identityMembers, ''), ...identityFaults(value)]
  }
  const faults = [...memberFaults(value, workingTimeMembers, ''), ...identityFaults(value)]
  if ('kind' in value && value.kind !== 'working-time') {
    faults.push({
      path: '/kind',
      message: "must be 'working-time' or 'continuous'",
      chinese: "必须是 'working-time' 或 'continuous'",
    })
  }
  if ('weekly' in value) faults.push(...weeklyFaults(value.weekly))
  if ('overrides' in value) faults.push(...overrideFaults(value.overrides))
  if ('holidays' in value && typeof value.holidays !== 'boolean') {
    faults.push({
      path: '/holidays',
      message: 'must be true or false',
      chinese: '必须是 true 或 false',
    })
  }
  return faults
}
