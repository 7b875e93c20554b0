import { said } from '@erp-steward/contracts/bilingual'
import { isInstant } from '@erp-steward/contracts/calendar-text'
import { Problem } from '@erp-steward/contracts/problem'
import {
  place,
  placeOf,
  named,
  type Attribute,
  type Place,
  type ResourceType,
} from './attribute.ts'

export const comparisons = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const
export type Comparison = (typeof comparisons)[number]

/** A filter whose attributes are those of a resource, ready to be compared. Source: RFC 7644, 3.4.2.2. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly of: readonly [Filter, Filter] }
  | { readonly kind: 'not'; readonly of: Filter }
  | { readonly kind: 'present'; readonly at: Place }
  | {
      readonly kind: 'compare'
      readonly at: Place
      readonly comparison: Comparison
      readonly value: string | boolean | null
    }
  /** Of one value of an attribute that has several, all at once. */
  | { readonly kind: 'within'; readonly at: Place; readonly of: Filter }

/** Longest filter, in characters, and deepest nesting: what recurses over one must not run out of stack. */
export const LONGEST_FILTER = 4_000
const DEEPEST = 32

/**
 * Reads a filter of resources of a type.
 *
 * @throws Problem `scim-filter-refused` for what is no filter, for attributes that there are not, and for comparisons that
 *   the type of an attribute does not allow
 */
export function parseFilter(text: string, type: ResourceType): Filter {
  return parse(text, (path) => placeOf(type, path))
}

/**
 * Reads the filter in a value path, `emails[<text>]`: its attributes are those of one value.
 *
 * @throws Problem `scim-filter-refused`
 */
export function parseValueFilter(text: string, { urn, attribute }: Place): Filter {
  return parse(text, (path) => subPlace(urn, attribute, path))
}

function subPlace(urn: string | null, attribute: Attribute, path: string): Place | null {
  const sub = named(attribute.subAttributes ?? [], path)
  return sub === undefined ? null : place(urn, attribute, sub)
}

type Find = (path: string) => Place | null

function parse(text: string, find: Find): Filter {
  if (text.length > LONGEST_FILTER)
    throw refused(
      `A filter has at most ${String(LONGEST_FILTER)} characters.`,
      `筛选条件最多 ${String(LONGEST_FILTER)} 个字符。`,
    )
  const reader = new Reader(text)
  const filter = either(reader, find, 0)
  reader.take(/ */y)
  if (!reader.isAtEnd()) throw reader.stuck()
  return filter
}

function either(reader: Reader, find: Find, depth: number): Filter {
  if (depth > DEEPEST)
    throw refused(
      `A filter is nested at most ${String(DEEPEST)} deep.`,
      `筛选条件最多嵌套 ${String(DEEPEST)} 层。`,
    )
  let left = both(reader, find, depth)
  while (reader.take(/ +or +/iy) !== null)
    left = { kind: 'or', of: [left, both(reader, find, depth)] }
  return left
}

function both(reader: Reader, find: Find, depth: number): Filter {
  let left = single(reader, find, depth)
  while (reader.take(/ +and +/iy) !== null)
    left = { kind: 'and', of: [left, single(reader, find, depth)] }
  return left
}

function single(reader: Reader, find: Find, depth: number): Filter {
  const opening = reader.take(/ *(?:not *)?\( */iy)
  if (opening !== null) {
    const inner = either(reader, find, depth + 1)
    reader.expect(/ *\)/y)
    return /not/i.test(opening) ? { kind: 'not', of: inner } : inner
  }
  const path = reader.expect(PATH).trim()
  const at = find(path)
  if (at === null)
    throw refused(`There is no attribute ${path} to filter by.`, `没有可供筛选的属性 ${path}。`)
  if (reader.take(/\[/y) !== null) {
    if (at.sub !== null || at.attribute.subAttributes === undefined) throw reader.stuck()
    const { urn, attribute } = at
    const of = either(reader, (inner) => subPlace(urn, attribute, inner), depth + 1)
    reader.expect(/ *\]/y)
    return { kind: 'within', at, of }
  }
  const operator = reader.expect(/ +(?:pr|eq|ne|co|sw|ew|gt|ge|lt|le)(?![A-Za-z])/iy)
  const name = operator.trim().toLowerCase()
  if (name === 'pr') return { kind: 'present', at }
  const literal = reader.expect(/ +(?:"(?:[^"\\\p{Cc}]|\\.)*"|true|false|null|-?\d[\d.eE+-]*)/uy)
  const comparison = comparisons.find((each) => each === name) ?? 'eq'
  return comparable(valueOf(at), comparison, literal.trim())
}

const PATH = / *(?:urn:[A-Za-z0-9:._-]+:)?[A-Za-z][A-Za-z0-9_-]*(?:\.\$?[A-Za-z][A-Za-z0-9_-]*)?/iy

/** An attribute with several parts is compared and sorted by its `value`, if it has one. */
export function valueOf(at: Place): Place {
  if (at.sub !== null || at.attribute.subAttributes === undefined) return at
  return subPlace(at.urn, at.attribute, 'value') ?? at
}

const ORDERED: readonly Comparison[] = ['gt', 'ge', 'lt', 'le']
const PARTS: readonly Comparison[] = ['co', 'sw', 'ew']

function comparable(at: Place, comparison: Comparison, literal: string): Filter {
  const { type } = at.sub ?? at.attribute
  const value = literalOf(literal)
  const fits =
    (value === null && (comparison === 'eq' || comparison === 'ne')) ||
    (type === 'boolean' && typeof value === 'boolean' && !isOneOf(comparison, ORDERED, PARTS)) ||
    (type === 'dateTime' &&
      typeof value === 'string' &&
      isInstant(value) &&
      !isOneOf(comparison, PARTS)) ||
    ((type === 'string' || type === 'reference') && typeof value === 'string')
  if (!fits)
    throw refused(
      `${at.key} is a ${type}: ${comparison} ${literal} does not compare with it.`,
      `${at.key} 的类型为 ${type}，不能与 ${comparison} ${literal} 比较。`,
    )
  return { kind: 'compare', at, comparison, value: typeof value === 'number' ? null : value }
}

function literalOf(literal: string): string | boolean | number | null {
  try {
    return JSON.parse(literal) as string | boolean | number | null
  } catch {
    throw refused(`${literal} is no value of JSON.`, `${literal} 不是 JSON 的值。`)
  }
}

const isOneOf = (comparison: Comparison, ...lists: (readonly Comparison[])[]) =>
  lists.some((list) => list.includes(comparison))

/** A text that is read from left to right. */
class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** What the sticky pattern takes from here, `null` without a step where it takes nothing. */
  take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at
    const [taken] = pattern.exec(this.#text) ?? []
    if (taken === undefined) return null
    this.#at += taken.length
    return taken
  }

  expect(pattern: RegExp): string {
    const taken = this.take(pattern)
    if (taken === null) throw this.stuck()
    return taken
  }

  isAtEnd(): boolean {
    return this.#at === this.#text.length
  }

  stuck(): Problem {
    const at = String(this.#at + 1)
    return refused(
      `The filter cannot be read from character ${at} on.`,
      `筛选条件自第 ${at} 个字符起无法识别。`,
    )
  }
}

function refused(english: string, chinese: string): Problem {
  return new Problem('scim-filter-refused', said(english, chinese))
}
