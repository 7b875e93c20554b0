import { OWNERS, type Parameter, type ParameterType, type Target } from './parameter.ts'

type Key = `${keyof typeof OWNERS}.${string}`
type Text = readonly [title: string, description: string]
type Of<T extends ParameterType> = Extract<Parameter, { type: T }>
type Interval<Limit> = readonly [minimum: Limit, maximum: Limit]

/** What every row of the parameter tables states; titles and descriptions as pairs. */
interface Row<Value> {
  readonly default: Value
  readonly clauses: readonly string[]
  readonly source: string
  readonly zh: Text
  readonly en: Text
}

function describe<const K extends Key>(key: K, { clauses, source, zh, en }: Row<unknown>) {
  const [owner] = key.split('.', 1)
  if (!isOwner(owner)) throw new RangeError(`Parameter ${key} has no owner`)
  return {
    key,
    service: OWNERS[owner],
    source,
    title: { 'zh-CN': zh[0], en: en[0] },
    description: { 'zh-CN': zh[1], en: en[1] },
    clauses: [...clauses],
  }
}

function isOwner(word: string | undefined): word is keyof typeof OWNERS {
  return word !== undefined && Object.hasOwn(OWNERS, word)
}

/** Whole number in `unit`, bounds inclusive. */
export function integer<const K extends Key>(
  key: K,
  row: Row<number> & { unit: string; bounds: Interval<number> },
): Of<'integer'> & { key: K } {
  const [minimum, maximum] = row.bounds
  return {
    ...describe(key, row),
    type: 'integer',
    unit: row.unit,
    bounds: { minimum, maximum },
    default: row.default,
  }
}

/** Number in `unit`, bounds inclusive. */
export function number<const K extends Key>(
  key: K,
  row: Row<number> & { unit: string; bounds: Interval<number> },
): Of<'number'> & { key: K } {
  const [minimum, maximum] = row.bounds
  return {
    ...describe(key, row),
    type: 'number',
    unit: row.unit,
    bounds: { minimum, maximum },
    default: row.default,
  }
}

/** Exact length of time, bounds inclusive. */
export function duration<const K extends Key>(
  key: K,
  row: Row<string> & { bounds: Interval<string> },
): Of<'duration'> & { key: K } {
  const [minimum, maximum] = row.bounds
  return {
    ...describe(key, row),
    type: 'duration',
    unit: 'ISO 8601 duration',
    bounds: { minimum, maximum },
    default: row.default,
  }
}

/** Calendar period, bounds inclusive. */
export function period<const K extends Key>(
  key: K,
  row: Row<string> & { bounds: Interval<string> },
): Of<'period'> & { key: K } {
  const [minimum, maximum] = row.bounds
  return {
    ...describe(key, row),
    type: 'period',
    unit: 'ISO 8601 period',
    bounds: { minimum, maximum },
    default: row.default,
  }
}

/** Time of day; any of the day may be set. */
export function timeOfDay<const K extends Key>(
  key: K,
  row: Row<string>,
): Of<'time-of-day'> & { key: K } {
  return {
    ...describe(key, row),
    type: 'time-of-day',
    unit: 'HH:MM',
    bounds: { minimum: '00:00', maximum: '23:59' },
    default: row.default,
  }
}

/** One of `options`; the value's type is their union. */
export function choice<const K extends Key, const Option extends string>(
  key: K,
  row: Row<NoInfer<Option>> & { options: readonly Option[] },
): Omit<Of<'choice'>, 'default'> & { key: K; default: Option } {
  return {
    ...describe(key, row),
    type: 'choice',
    unit: 'one of the options',
    bounds: { options: [...row.options] },
    default: row.default,
  }
}

/** List of at most `maxItems` distinct strings of the form that `unit` describes and `pattern` checks, with all `required`. */
export function stringList<const K extends Key>(
  key: K,
  row: Row<readonly string[]> & {
    unit: string
    pattern: string
    minItems: number
    maxItems: number
    required?: readonly string[]
  },
): Of<'string-list'> & { key: K } {
  const { unit, pattern, minItems, maxItems, required } = row
  return {
    ...describe(key, row),
    type: 'string-list',
    unit,
    bounds: {
      pattern,
      minItems,
      maxItems,
      ...(required !== undefined && { required: [...required] }),
    },
    default: [...row.default],
  }
}

/** Nothing that must be done "in time" takes longer than a quarter of a year, which has about 60 working days. */
const LONGEST = { maximum: 'P90D', maximumWorkingDays: 60 } as const

/** Clock target; bounds inclusive, by default from one second to a quarter of a year. */
export function target<const K extends Key>(
  key: K,
  row: Row<Target> & {
    minimum?: string
    maximum?: string
    maximumWorkingDays?: number
    roundTheClock?: true
  },
): Of<'target'> & { key: K } {
  return {
    ...describe(key, row),
    type: 'target',
    unit: 'clock target',
    bounds: {
      minimum: row.minimum ?? 'PT1S',
      maximum: row.maximum ?? LONGEST.maximum,
      maximumWorkingDays: row.maximumWorkingDays ?? LONGEST.maximumWorkingDays,
      ...(row.roundTheClock === true && { roundTheClock: true }),
    },
    default: row.default,
  }
}
