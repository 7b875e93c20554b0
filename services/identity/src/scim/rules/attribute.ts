/** An attribute as RFC 7643, 7 describes it; what is not said is as it has the defaults. */
export interface Attribute {
  readonly name: string
  readonly type: 'string' | 'boolean' | 'dateTime' | 'reference' | 'complex'
  readonly description: string
  /** Default false. */
  readonly multiValued?: boolean
  readonly required?: boolean
  readonly caseExact?: boolean
  /** Values that it may have, where they are few. */
  readonly canonicalValues?: readonly string[]
  /** Default `readWrite`. */
  readonly mutability?: 'readOnly' | 'readWrite' | 'immutable'
  /** Default `default`. */
  readonly returned?: 'always' | 'default' | 'request'
  /** Default `none`. */
  readonly uniqueness?: 'server'
  readonly referenceTypes?: readonly string[]
  readonly subAttributes?: readonly Attribute[]
}

/** A schema: the URN under which its attributes stand, and these. */
export interface ScimSchema {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly attributes: readonly Attribute[]
}

/** A kind of resource: where it is, its own schema, and those that extend it. */
export interface ResourceType {
  readonly name: 'User' | 'Group'
  readonly endpoint: string
  readonly description: string
  readonly schema: ScimSchema
  readonly extensions: readonly ScimSchema[]
}

/** A resource, or a part of one, as JSON has it. */
export type Json = Readonly<Record<string, unknown>>

/** An attribute at its place. `urn` is `null` for one of the resource's own schema. */
export interface Place {
  readonly urn: string | null
  readonly attribute: Attribute
  readonly sub: Attribute | null
  /** Names it among all attributes of the resource: `name.formatted`, `urn:…:User:organization`. */
  readonly key: string
}

/** What every resource has besides its schema. Source: RFC 7643, 3.1. */
export const commonAttributes: readonly Attribute[] = [
  {
    name: 'id',
    type: 'string',
    description: 'Never changes and is never given to another.',
    caseExact: true,
    mutability: 'readOnly',
    returned: 'always',
    uniqueness: 'server',
  },
  {
    name: 'externalId',
    type: 'string',
    description: 'What the client calls it; each client has its own.',
    caseExact: false,
  },
  {
    name: 'meta',
    type: 'complex',
    description: 'When it was made and changed, where it is.',
    mutability: 'readOnly',
    subAttributes: [
      { name: 'resourceType', type: 'string', description: 'Its kind.', caseExact: true },
      { name: 'created', type: 'dateTime', description: 'When it was made.' },
      { name: 'lastModified', type: 'dateTime', description: 'When it last changed.' },
      { name: 'location', type: 'reference', description: 'Its address.', caseExact: true },
      { name: 'version', type: 'string', description: 'Its entity tag.', caseExact: true },
    ],
  },
]

export const named = (attributes: readonly Attribute[], name: string) =>
  attributes.find((attribute) => attribute.name.toLowerCase() === name.toLowerCase())

/** The attributes under each URN of a resource; `null` is its own schema with what all have. */
export function namespacesOf({ schema, extensions }: ResourceType): readonly {
  readonly urn: string | null
  readonly id: string
  readonly attributes: readonly Attribute[]
}[] {
  return [
    { urn: null, id: schema.id, attributes: [...commonAttributes, ...schema.attributes] },
    ...extensions.map(({ id, attributes }) => ({ urn: id, id, attributes })),
  ]
}

/**
 * The place that a path such as `name.formatted` or `urn:…:User:manager.value` names, in whatever case; `null` for none.
 */
export function placeOf(type: ResourceType, path: string): Place | null {
  const lower = path.toLowerCase()
  for (const { urn, id, attributes } of namespacesOf(type)) {
    const prefix = `${id.toLowerCase()}:`
    const isWhole = lower.startsWith(prefix)
    if (!isWhole && (urn !== null || path.includes(':'))) continue
    const [name = '', subName, ...more] = (isWhole ? path.slice(prefix.length) : path).split('.')
    const attribute = more.length > 0 ? undefined : named(attributes, name)
    if (attribute === undefined) continue
    const sub = subName === undefined ? null : named(attribute.subAttributes ?? [], subName)
    if (sub !== undefined) return place(urn, attribute, sub)
  }
  return null
}

/** The place of a sub-attribute of an attribute that is known. */
export function place(urn: string | null, attribute: Attribute, sub: Attribute | null): Place {
  const path = sub === null ? attribute.name : `${attribute.name}.${sub.name}`
  return { urn, attribute, sub, key: urn === null ? path : `${urn}:${path}` }
}
