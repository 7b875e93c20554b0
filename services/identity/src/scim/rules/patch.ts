import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { namespacesOf, placeOf, type Json, type Place, type ResourceType } from './attribute.ts'
import { LONGEST_FILTER, parseValueFilter, type Filter } from './filter.ts'
import { isPresent, matches, valuesIn } from './matches.ts'
import { isObject, readValue } from './read-resource.ts'

export const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

/** Most operations of one change. */
export const MOST_OPERATIONS = 100

interface Operation {
  readonly op: 'add' | 'replace' | 'remove'
  readonly path: string | null
  readonly value: unknown
}

/** What a path leads to: an attribute or a part of it, of some values only; or a whole extension. */
type Target =
  | { readonly kind: 'extension'; readonly urn: string }
  | { readonly kind: 'attribute'; readonly at: Place; readonly which: Filter | null }

/**
 * A resource after the operations of a change, in their order; the resource itself stays. Source: RFC 7644, 3.5.2.
 *
 * @param resource with the names of its schemas
 * @throws Problem `malformed-request` for what is no change, `scim-path-refused`, `scim-target-missing`, `scim-mutability`,
 *   `scim-value-refused`, `scim-filter-refused`
 */
export function patched(type: ResourceType, resource: Json, body: unknown): Json {
  return operationsIn(body).reduce(
    (before, operation) => applied(type, before, operation),
    resource,
  )
}

function operationsIn(body: unknown): Operation[] {
  const members = Object.entries(isObject(body) ? body : {})
  const operations = members.find(([name]) => name.toLowerCase() === 'operations')?.[1]
  if (!Array.isArray(operations) || operations.length === 0)
    throw malformed('Operations is a list of changes.', 'Operations 应为更改的列表。')
  if (operations.length > MOST_OPERATIONS)
    throw malformed(
      `A change has at most ${String(MOST_OPERATIONS)} operations.`,
      `一次更改最多 ${String(MOST_OPERATIONS)} 个操作。`,
    )
  return operations.map((each: unknown) => {
    const { op, path = null, value } = isObject(each) ? each : {}
    // Entra ID writes `Replace`.
    const verb = typeof op === 'string' ? op.toLowerCase() : ''
    if (verb !== 'add' && verb !== 'replace' && verb !== 'remove')
      throw malformed('op is add, replace or remove.', 'op 应为 add、replace 或 remove。')
    if (path !== null && (typeof path !== 'string' || path.length > LONGEST_FILTER))
      throw malformed(
        `path is a text of at most ${String(LONGEST_FILTER)} characters.`,
        `path 应为文本，最多 ${String(LONGEST_FILTER)} 个字符。`,
      )
    return { op: verb, path, value }
  })
}

function applied(type: ResourceType, resource: Json, { op, path, value }: Operation): Json {
  if (path === null) {
    if (op === 'remove')
      throw new Problem(
        'scim-target-missing',
        said('What is removed has a path.', '删除操作须指明 path。'),
      )
    if (!isObject(value))
      throw refusedValue(
        'A change without a path has a resource as its value.',
        '没有 path 的更改，其值应为资源。',
      )
    return Object.entries(value).reduce(
      (before, [name, each]) => withMember(type, before, op, name, each),
      resource,
    )
  }
  const target = targetOf(type, path)
  if (target.kind === 'attribute') return changedAt(resource, target, op, value)
  const { urn } = target
  if (op === 'remove') return removedAll(type, resource, urn)
  return withMember(type, resource, op, urn, value)
}

/** A member of a change without a path: an attribute, a part of one by a path, or an extension. Others are not kept. */
function withMember(
  type: ResourceType,
  resource: Json,
  op: Operation['op'],
  name: string,
  value: unknown,
): Json {
  const urn = type.extensions.find(({ id }) => id.toLowerCase() === name.toLowerCase())?.id
  if (urn !== undefined) {
    if (!isObject(value)) throw refusedValue(`${urn} is an object.`, `${urn} 应为对象。`)
    return Object.entries(value).reduce((before, [member, each]) => {
      const at = placeOf(type, `${urn}:${member}`)
      return at === null || isReadOnly(at)
        ? before
        : changedAt(before, { kind: 'attribute', at, which: null }, op, each)
    }, resource)
  }
  const at = placeOf(type, name)
  // As in a whole resource: what no client writes, and what is not known, is passed over.
  if (at === null || isReadOnly(at)) return resource
  return changedAt(resource, { kind: 'attribute', at, which: null }, op, value)
}

function removedAll(type: ResourceType, resource: Json, urn: string): Json {
  const { attributes = [] } = namespacesOf(type).find((each) => each.urn === urn) ?? {}
  return attributes
    .filter(({ mutability }) => mutability !== 'readOnly')
    .reduce((before, { name }) => {
      const at = placeOf(type, `${urn}:${name}`)
      if (at === null) return before
      return changedAt(before, { kind: 'attribute', at, which: null }, 'remove', undefined)
    }, resource)
}

function targetOf(type: ResourceType, path: string): Target {
  const [, name = '', filter, sub] =
    /^([^[]*)(?:\[(.*)\](?:\.(\$?[A-Za-z0-9_-]+))?)?$/s.exec(path) ?? []
  const urn = type.extensions.find(({ id }) => id.toLowerCase() === name.toLowerCase())?.id
  if (urn !== undefined && filter === undefined) return { kind: 'extension', urn }
  const at = placeOf(type, sub === undefined ? name : `${name}.${sub}`)
  if (at === null || (filter !== undefined && at.attribute.subAttributes === undefined))
    throw new Problem(
      'scim-path-refused',
      said(`There is no attribute ${path}.`, `没有属性 ${path}。`),
    )
  const which = filter === undefined ? null : parseValueFilter(filter, at)
  return { kind: 'attribute', at, which }
}

const isReadOnly = ({ attribute, sub }: Place) =>
  attribute.mutability === 'readOnly' || sub?.mutability === 'readOnly'

function changedAt(
  resource: Json,
  { at, which }: Extract<Target, { kind: 'attribute' }>,
  op: Operation['op'],
  value: unknown,
): Json {
  const { urn, attribute, sub } = at
  if (isReadOnly(at)) throw immutable(`${at.key} is read only.`, `${at.key} 为只读。`)
  const isEmptied = op === 'remove' || !isPresent(value)
  if (isEmptied && which === null && (sub ?? attribute).required === true)
    throw immutable(`${at.key} is required.`, `${at.key} 不可为空。`)
  const from = (urn === null ? resource : (resource[urn] ?? {})) as Json
  const before = from[attribute.name]
  const after =
    attribute.multiValued === true
      ? changedValues(at, listOf(before), which, op, value)
      : changedValue(at, before, op, value)
  const part = { ...from, [attribute.name]: after }
  return urn === null ? part : { ...resource, [urn]: part }
}

/** The value of an attribute that has one. */
function changedValue(at: Place, before: unknown, op: Operation['op'], value: unknown): unknown {
  const { attribute, sub, key } = at
  if (sub !== null) {
    const own = readValue(sub, op === 'remove' ? undefined : value, key)
    return { ...(Object(before) as Json), [sub.name]: own }
  }
  if (op === 'remove') return undefined
  const own = readValue(attribute, value, key)
  // Parts that are not named stay.
  return attribute.subAttributes !== undefined && isObject(own)
    ? { ...(Object(before) as Json), ...own }
    : own
}

/** The values of an attribute that has several. */
function changedValues(
  at: Place,
  before: readonly Json[],
  which: Filter | null,
  op: Operation['op'],
  value: unknown,
): readonly Json[] {
  const { attribute, sub, key } = at
  if (which === null && sub === null) {
    if (op === 'remove') return []
    const sent = listOf(readValue(attribute, value, key))
    return op === 'replace' ? sent : added(before, sent)
  }
  const isMeant = (each: Json) => which === null || matches(which, valuesIn(each))
  const meant = before.filter(isMeant)
  if (op === 'remove' && sub === null) {
    if (meant.length === 0) throw missing(key)
    return before.filter((each) => !meant.includes(each))
  }
  const part = (each: Json): Json => {
    if (sub !== null)
      return { ...each, [sub.name]: readValue(sub, op === 'remove' ? undefined : value, key) }
    const [own] = listOf(readValue(attribute, value, key))
    return op === 'replace' ? { ...own } : { ...each, ...own }
  }
  if (meant.length === 0) {
    // What is added where nothing fits is made so that it fits: Entra ID adds a first address like this.
    const begun = which === null ? {} : op === 'add' ? madeTo(which) : null
    if (begun === null || op === 'remove') throw missing(key)
    return added(before, [part(begun)])
  }
  const changed = before.map((each) => (meant.includes(each) ? part(each) : each))
  return onePrimary(changed, changed.find((each, index) => each !== before[index]) ?? {})
}

/** A value that fits a filter of equalities; `null` for another filter. */
function madeTo(filter: Filter): Json | null {
  if (filter.kind === 'and') {
    const [left, right] = filter.of.map(madeTo)
    return left === null || right === null || left === undefined || right === undefined
      ? null
      : { ...left, ...right }
  }
  if (filter.kind !== 'compare' || filter.comparison !== 'eq' || filter.at.sub === null) return null
  return { [filter.at.sub.name]: filter.value }
}

/** The values with those sent that are not among them; a new primary one takes the place of another. */
function added(before: readonly Json[], sent: readonly Json[]): readonly Json[] {
  const fresh = sent.filter((each) => !before.some((known) => isSame(known, each)))
  const primary = fresh.find((each) => each.primary === true)
  return onePrimary([...before, ...fresh], primary ?? {})
}

const onePrimary = (values: readonly Json[], primary: Json): readonly Json[] =>
  primary.primary === true
    ? values.map((each) =>
        each === primary || each.primary !== true ? each : { ...each, primary: false },
      )
    : values

function isSame(known: Json, sent: Json): boolean {
  return Object.entries(sent).every(([name, value]) => known[name] === value)
}

const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? (value as Json[]) : [])

const malformed = (english: string, chinese: string) =>
  new Problem('malformed-request', said(english, chinese))

const refusedValue = (english: string, chinese: string) =>
  new Problem('scim-value-refused', said(english, chinese))

const immutable = (english: string, chinese: string) =>
  new Problem('scim-mutability', said(english, chinese))

const missing = (key: string) =>
  new Problem(
    'scim-target-missing',
    said(`No value of ${key} fits the path.`, `${key} 中没有符合该路径的值。`),
  )
