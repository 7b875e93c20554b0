import { Type, type Static, type TProperties, type TSchema } from 'typebox'
import { ClauseId } from './clause.ts'

/** A text of the product in both languages. */
export const Bilingual = Type.Object({ 'zh-CN': Type.String(), en: Type.String() })
export type Bilingual = Static<typeof Bilingual>

/** Exact ISO 8601 duration without years and months, such as "PT15M" or "P90D"; a day is 24 hours. */
export const Duration = Type.String({ pattern: '^P[0-9TWDHMS]+$', maxLength: 40 })

/** ISO 8601 duration that may hold years and months, such as "P3M"; counted on the calendar. */
export const Period = Type.String({ pattern: '^P[0-9TYMWDHS]+$', maxLength: 40 })

/** Wall-clock time of the unit's calendar, "00:00" to "23:59". */
export const TimeOfDay = Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$' })

/**
 * What a clock must reach: `within` of continuous time, `within` of working time, or n standard working days' length
 * of working time, as packages/work-calendar counts them.
 */
export const Target = Type.Union([
  Type.Object(
    { clock: Type.Literal('continuous'), within: Duration },
    { additionalProperties: false },
  ),
  Type.Object(
    { clock: Type.Literal('working'), within: Duration },
    { additionalProperties: false },
  ),
  Type.Object(
    { clock: Type.Literal('working'), workingDays: Type.Integer({ minimum: 1 }) },
    { additionalProperties: false },
  ),
])
export type Target = Readonly<Static<typeof Target>>

/** Service that acts on a parameter, by the first segment of the key. */
export const OWNERS = {
  identity: 'identity',
  gateway: 'gateway',
  incident: 'incident-tiering',
  monitoring: 'monitoring-ingest',
  backup: 'backup-orchestration',
  assessment: 'assessment',
} as const

const common = {
  key: Type.String({
    pattern: '^[a-z]+(\\.[a-z0-9_]+)+$',
    description: 'Dotted lower snake case.',
  }),
  service: Type.Union([
    Type.Literal('identity'),
    Type.Literal('gateway'),
    Type.Literal('incident-tiering'),
    Type.Literal('monitoring-ingest'),
    Type.Literal('backup-orchestration'),
    Type.Literal('assessment'),
  ]),
  source: Type.String({ description: 'Section and sources in docs/regulation/defaults.md.' }),
  title: Bilingual,
  description: Bilingual,
  clauses: Type.Array(ClauseId, {
    minItems: 1,
    description: 'Clauses that the value makes testable.',
  }),
}
const definition = <Own extends TProperties>(own: Own) => Type.Object({ ...common, ...own })

/** Whole number; bounds inclusive. */
export const IntegerParameter = definition({
  type: Type.Literal('integer'),
  unit: Type.String(),
  bounds: Type.Object({ minimum: Type.Integer(), maximum: Type.Integer() }),
  default: Type.Integer(),
})
/** Number with fraction; bounds inclusive. */
export const NumberParameter = definition({
  type: Type.Literal('number'),
  unit: Type.String(),
  bounds: Type.Object({ minimum: Type.Number(), maximum: Type.Number() }),
  default: Type.Number(),
})
/** Exact length of time; bounds inclusive. */
export const DurationParameter = definition({
  type: Type.Literal('duration'),
  unit: Type.Literal('ISO 8601 duration'),
  bounds: Type.Object({ minimum: Duration, maximum: Duration }),
  default: Duration,
})
/** Calendar period; bounds inclusive, compared with a month as 30 and a year as 365 days. */
export const PeriodParameter = definition({
  type: Type.Literal('period'),
  unit: Type.Literal('ISO 8601 period'),
  bounds: Type.Object({ minimum: Period, maximum: Period }),
  default: Period,
})
/** Time of day in the calendar of the unit. */
export const TimeOfDayParameter = definition({
  type: Type.Literal('time-of-day'),
  unit: Type.Literal('HH:MM'),
  bounds: Type.Object({ minimum: TimeOfDay, maximum: TimeOfDay }),
  default: TimeOfDay,
})
/** One of a closed list of words. */
export const ChoiceParameter = definition({
  type: Type.Literal('choice'),
  unit: Type.Literal('one of the options'),
  bounds: Type.Object({ options: Type.Array(Type.String(), { minItems: 2 }) }),
  default: Type.String(),
})
/** List of distinct strings, each matching the pattern. */
export const StringListParameter = definition({
  type: Type.Literal('string-list'),
  unit: Type.String({ description: 'Form of one item, in words.' }),
  bounds: Type.Object({
    pattern: Type.String(),
    minItems: Type.Integer({ minimum: 0 }),
    maxItems: Type.Integer({ minimum: 1 }),
    /** Items that no list may lack: without them the clause would be switched off. */
    required: Type.Optional(Type.Array(Type.String(), { minItems: 1 })),
  }),
  default: Type.Array(Type.String()),
})
/** Clock target; bounds inclusive, `maximum` for `within`, `maximumWorkingDays` for whole days. */
export const TargetParameter = definition({
  type: Type.Literal('target'),
  unit: Type.Literal('clock target'),
  bounds: Type.Object({
    minimum: Duration,
    maximum: Duration,
    maximumWorkingDays: Type.Integer({ minimum: 0, description: '0: not in working days.' }),
    /** Whether nights and holidays count in any case. */
    roundTheClock: Type.Optional(Type.Boolean()),
  }),
  default: Target,
})

/** A word without a number in the regulations, made testable: what it is, what it may be, what is shipped. */
export const Parameter = Type.Union([
  IntegerParameter,
  NumberParameter,
  DurationParameter,
  PeriodParameter,
  TimeOfDayParameter,
  ChoiceParameter,
  StringListParameter,
  TargetParameter,
])
export type Parameter = Readonly<Static<typeof Parameter>>
export type ParameterType = Parameter['type']

/** Form of the values of each type, without the bounds of one parameter. */
export const valueSchemas = {
  integer: Type.Integer(),
  number: Type.Number(),
  duration: Duration,
  period: Period,
  'time-of-day': TimeOfDay,
  choice: Type.String(),
  'string-list': Type.Array(Type.String()),
  target: Target,
} as const satisfies Record<ParameterType, TSchema>
