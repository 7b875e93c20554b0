import type { Attribute, Place } from './attribute.ts'
import type { Comparison, Filter } from './filter.ts'

/** The values that a resource has at a place: none, one, or several where the attribute has several. */
export type ValuesAt = (at: Place) => readonly unknown[]

/** Whether what has these values fits the filter. */
export function matches(filter: Filter, valuesAt: ValuesAt): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.of.every((each) => matches(each, valuesAt))
    case 'or':
      return filter.of.some((each) => matches(each, valuesAt))
    case 'not':
      return !matches(filter.of, valuesAt)
    case 'present':
      return valuesAt(filter.at).some(isPresent)
    case 'within':
      return valuesAt(filter.at).some((value) => matches(filter.of, valuesIn(value)))
    case 'compare':
      return compares(filter, valuesAt(filter.at).filter(isPresent))
  }
}

/** The values of one value of an attribute with parts. */
export const valuesIn =
  (value: unknown): ValuesAt =>
  ({ sub }) =>
    sub === null ? [] : [(Object(value) as Record<string, unknown>)[sub.name]].filter(isPresent)

/** An empty list or text is as none. Source: RFC 7643, 2.5. */
export function isPresent(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false
  return !Array.isArray(value) || value.length > 0
}

function compares(
  { at, comparison, value }: Extract<Filter, { kind: 'compare' }>,
  values: readonly unknown[],
): boolean {
  if (comparison === 'ne')
    return !compares({ kind: 'compare', at, comparison: 'eq', value }, values)
  if (value === null) return values.length === 0
  const attribute = at.sub ?? at.attribute
  const wanted = comparableOf(attribute, value)
  return values.some((each) => COMPARE[comparison](comparableOf(attribute, each), wanted))
}

type Comparable = string | number

/** A value as it is compared: an instant by its time, a text without case and width where they do not matter. */
export function comparableOf({ type, caseExact = false }: Attribute, value: unknown): Comparable {
  if (type === 'dateTime')
    return value instanceof Date ? value.getTime() : Date.parse(String(value))
  if (type === 'boolean') return Number(value)
  return caseExact ? String(value) : plain(String(value))
}

/** Text without case and width, as look-ups by a keyed hash have it. */
export const plain = (text: string) => text.normalize('NFKC').trim().toUpperCase()

const COMPARE: Readonly<
  Record<Exclude<Comparison, 'ne'>, (value: Comparable, wanted: Comparable) => boolean>
> = {
  eq: (value, wanted) => value === wanted,
  co: (value, wanted) => String(value).includes(String(wanted)),
  sw: (value, wanted) => String(value).startsWith(String(wanted)),
  ew: (value, wanted) => String(value).endsWith(String(wanted)),
  gt: (value, wanted) => value > wanted,
  ge: (value, wanted) => value >= wanted,
  lt: (value, wanted) => value < wanted,
  le: (value, wanted) => value <= wanted,
}
