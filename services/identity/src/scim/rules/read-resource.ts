import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { isPresent } from './matches.ts'
import { named, namespacesOf, type Attribute, type Json, type ResourceType } from './attribute.ts'

/**
 * A resource as a client sent it, with the names and the types of its schemas. What no client writes, and what the schemas do
 * not know, is left out; what is empty is as if not sent. Source: RFC 7644, 3.3 and 3.5.1.
 *
 * @throws Problem `malformed-request` for what is no resource, `scim-value-refused` for a value of another type
 */
export function readResource(type: ResourceType, body: unknown): Json {
  if (!isObject(body)) throw notResource()
  const schemas = memberOf(body, 'schemas')
  if (schemas !== undefined && !namesSchema(schemas, type.schema.id)) throw notResource()
  const resource: Record<string, unknown> = {}
  for (const { urn, attributes } of namespacesOf(type)) {
    if (urn === null) {
      Object.assign(resource, readMembers(attributes, body, type.schema.id))
      continue
    }
    const part = memberOf(body, urn)
    if (part === undefined || part === null) continue
    if (!isObject(part)) throw refusedValue(urn, 'complex')
    resource[urn] = readMembers(attributes, part, urn)
  }
  return resource
}

/**
 * The value of an attribute, with the names and types of its schema; undefined for none.
 *
 * @throws Problem `scim-value-refused`
 */
export function readValue(attribute: Attribute, value: unknown, name: string): unknown {
  if (!isPresent(value)) return undefined
  if (attribute.multiValued !== true) {
    // Some clients put the one value of an attribute into a list.
    if (Array.isArray(value)) throw refusedValue(name, attribute.type)
    return readOne(attribute, value, name)
  }
  const values = Array.isArray(value) ? (value as unknown[]) : [value]
  return values.map((each) => readOne(attribute, each, name))
}

function readOne(attribute: Attribute, value: unknown, name: string): unknown {
  const { type, subAttributes } = attribute
  if (subAttributes !== undefined) {
    if (isObject(value)) return readMembers(subAttributes, value, name)
    // A bare text is the value of one whose parts are a value and what is said of it.
    const part = named(subAttributes, 'value')
    if (typeof value !== 'string' || part === undefined) throw refusedValue(name, type)
    return { [part.name]: value }
  }
  if (type === 'boolean') return readBoolean(value, name)
  if (typeof value !== 'string') throw refusedValue(name, type)
  return value
}

/** Entra ID sends `"True"` and `"False"`. */
function readBoolean(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value
  const text = typeof value === 'string' ? value.toLowerCase() : ''
  if (text !== 'true' && text !== 'false') throw refusedValue(name, 'boolean')
  return text === 'true'
}

function readMembers(attributes: readonly Attribute[], from: Json, at: string): Json {
  const members = Object.entries(from).flatMap(([name, sent]) => {
    const attribute = named(attributes, name)
    if (attribute === undefined || attribute.mutability === 'readOnly') return []
    const value = readValue(attribute, sent, `${at}:${attribute.name}`)
    return value === undefined ? [] : [[attribute.name, value] as const]
  })
  if (new Set(members.map(([name]) => name)).size < members.length)
    throw new Problem(
      'malformed-request',
      said(`${at} has a member twice.`, `${at} 中有成员重复。`),
    )
  return Object.fromEntries(members)
}

function memberOf(object: Json, name: string): unknown {
  const found = Object.keys(object).find((each) => each.toLowerCase() === name.toLowerCase())
  return found === undefined ? undefined : object[found]
}

const namesSchema = (schemas: unknown, id: string) =>
  Array.isArray(schemas) &&
  schemas.some((each) => typeof each === 'string' && each.toLowerCase() === id.toLowerCase())

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const notResource = () =>
  new Problem(
    'malformed-request',
    said('The body is no resource of this kind.', '请求正文不是此类资源。'),
  )

const refusedValue = (name: string, type: string) =>
  new Problem('scim-value-refused', said(`${name} is a ${type}.`, `${name} 的类型应为 ${type}。`))
