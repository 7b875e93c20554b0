import type { EntityManager } from 'typeorm'
import { Group } from './group-resource.ts'
import { DEFAULT_COUNT, MOST_RESOURCES } from './list-query.ts'
import {
  commonAttributes,
  type Attribute,
  type Json,
  type ResourceType,
  type ScimSchema,
} from './rules/attribute.ts'
import type { ScimBase } from './show-user.ts'
import { userType, type KnownCodes } from './user-resource.ts'

/** Most operations of one `/Bulk`, and the size of its body in bytes. */
export const MOST_BULK_OPERATIONS = 100
export const MOST_BULK_BYTES = 1_048_576

const SERVICE_PROVIDER_CONFIG = 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'
const RESOURCE_TYPE = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType'
const SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Schema'

/** What this server does of SCIM. Sources: RFC 7643, 5; RFC 9865, 4. */
export const serviceProviderConfig = (base: ScimBase): Json => ({
  schemas: [SERVICE_PROVIDER_CONFIG],
  patch: { supported: true },
  bulk: {
    supported: true,
    maxOperations: MOST_BULK_OPERATIONS,
    maxPayloadSize: MOST_BULK_BYTES,
  },
  filter: { supported: true, maxResults: MOST_RESOURCES },
  changePassword: { supported: false },
  sort: { supported: true },
  etag: { supported: true },
  pagination: {
    cursor: true,
    index: true,
    defaultPaginationMethod: 'index',
    defaultPageSize: DEFAULT_COUNT,
    maxPageSize: MOST_RESOURCES,
  },
  authenticationSchemes: [
    {
      type: 'oauthbearertoken',
      name: 'OAuth bearer token',
      description: 'The access token of a client with the role PROVISIONING_CLIENT.',
      specUri: 'https://www.rfc-editor.org/rfc/rfc6750',
      primary: true,
    },
  ],
  meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
})

/** A kind of resource as discovery tells it. Source: RFC 7643, 6. */
export const showResourceType = (type: ResourceType, base: ScimBase): Json => ({
  schemas: [RESOURCE_TYPE],
  id: type.name,
  name: type.name,
  endpoint: type.endpoint,
  description: type.description,
  schema: type.schema.id,
  schemaExtensions: type.extensions.map(({ id }) => ({ schema: id, required: true })),
  meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${type.name}` },
})

/** A schema as discovery tells it. Source: RFC 7643, 7. */
export const showSchema = (
  { id, name, description, attributes }: ScimSchema,
  base: ScimBase,
  isExtension: boolean,
): Json => ({
  schemas: [SCHEMA],
  id,
  name,
  description,
  attributes: [
    // Those that all resources have are told with none of them, but that clients may write this one is.
    ...(isExtension ? [] : commonAttributes.filter((attribute) => attribute.name === 'externalId')),
    ...attributes,
  ].map(showAttribute),
  meta: { resourceType: 'Schema', location: `${base}/Schemas/${id}` },
})

function showAttribute({ subAttributes, canonicalValues, ...attribute }: Attribute): Json {
  return {
    name: attribute.name,
    type: attribute.type,
    multiValued: attribute.multiValued ?? false,
    description: attribute.description,
    required: attribute.required ?? false,
    ...(attribute.type !== 'boolean' &&
      attribute.type !== 'complex' && { caseExact: attribute.caseExact ?? false }),
    mutability: attribute.mutability ?? 'readWrite',
    returned: attribute.returned ?? 'default',
    ...(attribute.type !== 'boolean' &&
      attribute.type !== 'complex' && { uniqueness: attribute.uniqueness ?? 'none' }),
    ...(canonicalValues !== undefined && canonicalValues.length > 0 && { canonicalValues }),
    ...(attribute.referenceTypes !== undefined && { referenceTypes: attribute.referenceTypes }),
    ...(subAttributes !== undefined && { subAttributes: subAttributes.map(showAttribute) }),
  }
}

/** Codes of one kind that are worth listing as values of an attribute. */
const MOST_CODES = 500

/** Codes of the register in a caller's range, none of a kind that has too many to list. */
export async function knownCodes(tx: EntityManager, unitId: string | null): Promise<KnownCodes> {
  const read = (select: string, ...values: unknown[]): Promise<{ code: string }[]> =>
    tx.query(`${select} order by code limit ${String(MOST_CODES + 1)}`, values)
  const [units, departments, positions] = await Promise.all([
    read('select code from unit where active and ($1::uuid is null or id = $1)', unitId),
    read(
      'select distinct code from department where active and ($1::uuid is null or unit_id = $1)',
      unitId,
    ),
    read('select code from position where active'),
  ])
  const codes = (rows: readonly { code: string }[]) =>
    rows.length > MOST_CODES ? [] : rows.map(({ code }) => code)
  return { units: codes(units), departments: codes(departments), positions: codes(positions) }
}

/** The kinds of resource that a caller finds. */
export const resourceTypes = (codes: KnownCodes): readonly ResourceType[] => [
  userType(codes),
  Group,
]

/** Every schema of them. */
export const schemasOf = (types: readonly ResourceType[], base: ScimBase): readonly Json[] =>
  types.flatMap(({ schema, extensions }) => [
    showSchema(schema, base, false),
    ...extensions.map((extension) => showSchema(extension, base, true)),
  ])
