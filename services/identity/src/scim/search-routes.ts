import type { App } from '@erp-steward/service-kit/app'
import { Type, type Static } from 'typebox'
import { rangeOf, sendScim, type ScimDependencies } from './caller.ts'
import { Group } from './group-resource.ts'
import { listGroups } from './groups.ts'
import { ListQuery, listResponse } from './list-query.ts'
import { listUsers } from './list-users.ts'
import { project, selectionOf } from './rules/project.ts'
import { inScim, ScimGroupList, ScimUserList } from './scim-views.ts'
import { User } from './user-resource.ts'

const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'

const names = (description: string) =>
  Type.Optional(Type.Array(Type.String({ maxLength: 200 }), { maxItems: 100, description }))

/** What a query says, in a body: filters name people, and addresses stand in logs. Source: RFC 7644, 3.4.3. */
const SearchBody = Type.Object(
  {
    schemas: Type.Array(Type.Enum([SEARCH]), { description: 'That it is a search.' }),
    ...ListQuery,
    attributes: names('Only these attributes.'),
    excludedAttributes: names('All attributes but these.'),
  },
  { title: 'ScimSearch', additionalProperties: false },
)

const tags = ['scim']
const consumes = ['application/scim+json', 'application/json']
const config = { access: 'scim.read', scim: true, clauses: ['A-1.2', 'A-2.1.1'] } as const
const problems = [
  'cursor-unusable',
  'outside-unit',
  'scim-filter-refused',
  'scim-path-refused',
  'scim-too-many',
  'scim-value-refused',
] as const

/** Lists whose filter stands in the body. */
export function searchRoutes(app: App, { db, clock, base }: ScimDependencies): void {
  app.post(
    '/scim/v2/Users/.search',
    {
      config,
      schema: {
        operationId: 'searchScimUsers',
        summary:
          'As the list of users, with the filter in the body, which no log of addresses keeps.',
        problems,
        tags,
        consumes,
        body: SearchBody,
        response: { 200: inScim(ScimUserList) },
      },
    },
    async (request, reply) => {
      const { query, selection } = readSearch(request.body, User)
      const asked = { range: rangeOf(request), query, base, now: clock() }
      const found = await listUsers(db.manager, asked)
      const resources = found.resources.map((user) => project(User, user, selection))
      return sendScim(reply, listResponse(query, { ...found, resources }))
    },
  )

  app.post(
    '/scim/v2/Groups/.search',
    {
      config,
      schema: {
        operationId: 'searchScimGroups',
        summary: 'As the list of groups, with the filter in the body.',
        problems,
        tags,
        consumes,
        body: SearchBody,
        response: { 200: inScim(ScimGroupList) },
      },
    },
    async (request, reply) => {
      const { query, selection } = readSearch(request.body, Group)
      const asked = { range: rangeOf(request), query, base, selection }
      const found = await listGroups(db.manager, asked)
      const resources = found.resources.map((group) => project(Group, group, selection))
      return sendScim(reply, listResponse(query, { ...found, resources }))
    },
  )
}

function readSearch(
  { schemas: _, attributes, excludedAttributes, ...query }: Static<typeof SearchBody>,
  type: typeof User,
) {
  return { query, selection: selectionOf(type, attributes?.join(), excludedAttributes?.join()) }
}
