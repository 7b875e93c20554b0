import { durationParts, nominalSeconds } from './duration.ts'
import {
  Target,
  TimeOfDay,
  valueSchemas,
  type Bilingual,
  type Parameter,
  type ParameterType,
} from './parameter.ts'
import { unitInChinese } from './unit-in-chinese.ts'
import { Compile, type Validator } from 'typebox/compile'
import Value from 'typebox/value'

/** One thing wrong with a value: where (RFC 6901 pointer into the value, '' = the value itself) and what. */
export interface Fault {
  readonly pointer: string
  readonly detail: Bilingual
}

/** Everything wrong with `value` as a value of `parameter`; empty when it may be set. */
export function valueFaults(parameter: Parameter, value: unknown): readonly Fault[] {
  switch (parameter.type) {
    case 'integer':
      if (!Number.isSafeInteger(value)) return fault('', 'must be a whole number', '必须是整数')
      return numberFaults(Number(value), parameter)
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value))
        return fault('', 'must be a number', '必须是数字')
      return numberFaults(value, parameter)
    case 'duration':
      return lengthFaults('', value, parameter.bounds, 'exact')
    case 'period':
      return lengthFaults('', value, parameter.bounds, 'calendar')
    case 'time-of-day':
      return Value.Check(TimeOfDay, value)
        ? []
        : fault('', 'must be a time of day, 00:00 to 23:59', '必须是 00:00 至 23:59 的时刻')
    case 'choice': {
      const { options } = parameter.bounds
      if (typeof value === 'string' && options.includes(value)) return []
      return fault(
        '',
        `must be one of ${options.join(', ')}`,
        `必须是下列之一：${options.join('、')}`,
      )
    }
    case 'string-list':
      return listFaults(value, parameter)
    case 'target':
      return targetFaults(value, parameter.bounds)
  }
}

/**
 * Whether `value` has the form of the parameter's values, whatever the bounds. Stored values are asked this and not
 * `valueFaults`, so that a release with tighter bounds still reads what was set under the wider ones.
 */
export function hasForm(parameter: Parameter, value: unknown): boolean {
  if (!formOf(parameter.type).Check(value)) return false
  return parameter.type !== 'choice' || valueFaults(parameter, value).length === 0
}

const compiled = new Map<ParameterType, Validator>()

/** Compiled once: each decision reads several values, and to walk a schema costs ten times as much. */
function formOf(type: ParameterType): Validator {
  const known = compiled.get(type)
  if (known !== undefined) return known
  const validator: Validator = Compile(valueSchemas[type])
  compiled.set(type, validator)
  return validator
}

type Bounds<T extends Parameter['type']> = Extract<Parameter, { type: T }>['bounds']

function fault(pointer: string, en: string, zh: string): readonly Fault[] {
  return [{ pointer, detail: { en, 'zh-CN': zh } }]
}

function numberFaults(
  value: number,
  { bounds: { minimum, maximum }, unit }: Extract<Parameter, { type: 'integer' | 'number' }>,
): readonly Fault[] {
  if (value >= minimum && value <= maximum) return []
  return fault(
    '',
    `must be ${minimum} to ${maximum} ${unit}`,
    `必须为 ${minimum} 至 ${maximum} ${unitInChinese(unit)}`,
  )
}

function lengthFaults(
  pointer: string,
  value: unknown,
  { minimum, maximum }: Bounds<'duration'>,
  kind: 'exact' | 'calendar',
): readonly Fault[] {
  const parts = typeof value === 'string' ? durationParts(value) : undefined
  if (!parts)
    return fault(
      pointer,
      'must be an ISO 8601 duration such as PT15M or P90D',
      '必须是 ISO 8601 时长，例如 PT15M 或 P90D',
    )
  if (kind === 'exact' && (parts.years > 0 || parts.months > 0))
    return fault(
      pointer,
      'must be an exact duration, without years and months',
      '必须是精确时长，不得含年或月',
    )
  const seconds = nominalSeconds(parts)
  if (seconds >= boundSeconds(minimum) && seconds <= boundSeconds(maximum)) return []
  return fault(pointer, `must be ${minimum} to ${maximum}`, `必须为 ${minimum} 至 ${maximum}`)
}

function boundSeconds(bound: string): number {
  const parts = durationParts(bound)
  if (!parts) throw new RangeError(`Bound "${bound}" is not an ISO 8601 duration`)
  return nominalSeconds(parts)
}

function listFaults(
  value: unknown,
  { bounds, unit }: Extract<Parameter, { type: 'string-list' }>,
): readonly Fault[] {
  const { pattern, minItems, maxItems, required = [] } = bounds
  if (!Array.isArray(value) || value.length < minItems || value.length > maxItems)
    return fault(
      '',
      `must be a list of ${minItems} to ${maxItems} items`,
      `必须是 ${minItems} 至 ${maxItems} 项的列表`,
    )
  const lacking = required.filter((item) => !value.includes(item))
  if (lacking.length > 0)
    return fault('', `must hold ${lacking.join(', ')}`, `必须包含 ${lacking.join('、')}`)
  const form = new RegExp(pattern)
  return value.flatMap((item: unknown, index): readonly Fault[] => {
    if (typeof item !== 'string' || !form.test(item))
      return fault(`/${index}`, `must be ${unit}`, `必须是${unitInChinese(unit)}`)
    return value.indexOf(item) === index ? [] : fault(`/${index}`, 'occurs twice', '重复出现')
  })
}

function targetFaults(value: unknown, bounds: Bounds<'target'>): readonly Fault[] {
  if (!Value.Check(Target, value))
    return fault(
      '',
      'must be { clock: "continuous" or "working", within: duration } or { clock: "working", workingDays: whole number from 1 }',
      '必须是 { clock: "continuous" 或 "working", within: 时长 }，或 { clock: "working", workingDays: 从 1 起的整数 }',
    )
  if (bounds.roundTheClock === true && value.clock === 'working')
    return fault('/clock', 'runs round the clock: continuous', '全天候计时，必须是 continuous')
  if ('within' in value) return lengthFaults('/within', value.within, bounds, 'exact')
  if (value.workingDays <= bounds.maximumWorkingDays) return []
  if (bounds.maximumWorkingDays === 0)
    return fault('/workingDays', 'is not counted in working days', '不按工作日计算')
  return fault(
    '/workingDays',
    `must be 1 to ${bounds.maximumWorkingDays} working days`,
    `必须为 1 至 ${bounds.maximumWorkingDays} 个工作日`,
  )
}
