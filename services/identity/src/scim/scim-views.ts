import { Type, type TSchema } from 'typebox'
import { SCIM_JSON } from '@erp-steward/service-kit/scim-errors'
import { Group } from './group-resource.ts'
import type { Attribute, ResourceType } from './rules/attribute.ts'
import { commonAttributes } from './rules/attribute.ts'
import { User } from './user-resource.ts'

const anything = { additionalProperties: true }

const schemas = Type.Array(Type.String(), {
  description: 'URNs of the schemas whose members it has.',
})

/** A message in the media type of SCIM. */
export const inScim = (schema: TSchema) => ({ content: { [SCIM_JSON]: { schema } } })

/** A resource as callers see it, from the attributes that discovery tells. */
function viewOf({ name, schema, extensions }: ResourceType) {
  const own = membersOf([...commonAttributes, ...schema.attributes])
  const more = extensions.map(
    (extension) =>
      [
        extension.id,
        Type.Optional(
          Type.Object(membersOf(extension.attributes), {
            title: `Scim${extension.name}`,
            description: extension.description,
          }),
        ),
      ] as const,
  )
  return Type.Object(
    { schemas, ...own, ...Object.fromEntries(more) },
    { title: `Scim${name}`, description: schema.description },
  )
}

function membersOf(attributes: readonly Attribute[]): Record<string, TSchema> {
  return Object.fromEntries(
    attributes.map((attribute) => [attribute.name, Type.Optional(memberOf(attribute))]),
  )
}

function memberOf({ type, multiValued = false, description, subAttributes }: Attribute): TSchema {
  const value = (): TSchema => {
    if (subAttributes !== undefined)
      return Type.Object(
        // In a document a member of this name would be a reference of its own: it is told by words.
        membersOf(subAttributes.filter(({ name }) => name !== '$ref')),
        { ...anything, ...(!multiValued && { description }) },
      )
    if (type === 'boolean') return Type.Boolean({ description })
    return Type.String({ ...(type === 'dateTime' && { format: 'date-time' }), description })
  }
  return multiValued ? Type.Array(value(), { description }) : value()
}

export const ScimUser = viewOf(User)
export const ScimGroup = viewOf(Group)

/** A list of resources of one kind, or of both. Source: RFC 7644, 3.4.2; RFC 9865. */
function listOf(resource: TSchema, title: string) {
  return Type.Object(
    {
      schemas,
      totalResults: Type.Integer({ description: 'How many there are on all pages.' }),
      itemsPerPage: Type.Integer({ description: 'How many are on this page.' }),
      startIndex: Type.Optional(
        Type.Integer({ description: 'The first of this page, from 1; not with a cursor.' }),
      ),
      nextCursor: Type.Optional(
        Type.String({ description: '`cursor` of the page that follows; missing on the last.' }),
      ),
      Resources: Type.Array(resource, { description: 'Those of this page.' }),
    },
    { title },
  )
}
export const ScimUserList = listOf(ScimUser, 'ScimUserList')
export const ScimGroupList = listOf(ScimGroup, 'ScimGroupList')

/** What discovery answers. Sources: RFC 7643, 5 to 7. */
export const ScimProviderConfig = Type.Object(
  { schemas },
  { ...anything, title: 'ScimProviderConfig', description: 'As RFC 7643, 5 has it.' },
)
export const ScimResourceType = Type.Object(
  {
    schemas,
    id: Type.String({ description: 'Its name.' }),
    endpoint: Type.String({ description: 'Where its resources are.' }),
  },
  { ...anything, title: 'ScimResourceType', description: 'As RFC 7643, 6 has it.' },
)
export const ScimSchemaView = Type.Object(
  {
    schemas,
    id: Type.String({ description: 'Its URN.' }),
    attributes: Type.Array(Type.Object({}, anything), {
      description: 'Its attributes, as RFC 7643, 7 has them.',
    }),
  },
  { ...anything, title: 'ScimSchema', description: 'As RFC 7643, 7 has it.' },
)
export const ScimResourceTypeList = listOf(ScimResourceType, 'ScimResourceTypeList')
export const ScimSchemaList = listOf(ScimSchemaView, 'ScimSchemaList')

/** A body of SCIM, whose names are read whatever their case, and checked by what discovery tells. */
export const ScimBody = (title: string, description: string) =>
  Type.Object({}, { ...anything, title, description })

/** Users and groups in one list; `meta.resourceType` tells them apart. */
export const ScimResourceList = listOf(
  Type.Object(
    { schemas },
    { ...anything, title: 'ScimResource', description: 'A user or a group.' },
  ),
  'ScimResourceList',
)
