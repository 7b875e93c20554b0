import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { App } from '@erp-steward/service-kit/app'
import { Type, type Static } from 'typebox'
import { rangeOf, sendScim, type ScimDependencies } from './caller.ts'
import { Group } from './group-resource.ts'
import { listGroups } from './groups.ts'
import { countOf, ListQuery, listResponse, offsetOf, type Found } from './list-query.ts'
import { listUsers } from './list-users.ts'
import type { ResourceType } from './rules/attribute.ts'
import { parseFilter } from './rules/filter.ts'
import { project, selectionOf } from './rules/project.ts'
import { inScim, ScimGroupList, ScimResourceList, ScimUserList } from './scim-views.ts'
import { User } from './user-resource.ts'

const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'

const names = (description: string) =>
  Type.Optional(Type.Array(Type.String({ maxLength: 200 }), { maxItems: 100, description }))

/** What a query says, in a body: filters name people, and addresses stand in logs. Source: RFC 7644, 3.4.3. */
const SearchBody = Type.Object(
  {
    schemas: Type.Array(Type.Enum([SEARCH]), { maxItems: 1, description: 'That it is a search.' }),
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
export function searchRoutes(app: App, deps: ScimDependencies): void {
  const { db, clock, base } = deps
  searchAllRoute(app, deps)
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

/** Lists users first and groups behind them; of a filter that one of the kinds does not know it fits nothing. */
function searchAllRoute(app: App, { db, clock, base }: ScimDependencies): void {
  app.post(
    '/scim/v2/.search',
    {
      config,
      schema: {
        operationId: 'searchScim',
        summary: 'Users and groups that fit a filter, by index.',
        description: 'Neither sorted nor by cursor: ask each kind by itself for that.',
        problems,
        tags,
        consumes,
        body: SearchBody,
        response: { 200: inScim(ScimResourceList) },
      },
    },
    async (request, reply) => {
      const { query, selection: ofUsers } = readSearch(request.body, User)
      const { selection: ofGroups } = readSearch(request.body, Group)
      if (query.sortBy !== undefined || query.cursor !== undefined)
        throw new Problem(
          'scim-value-refused',
          said(
            'Sort, or page by cursor, in /Users/.search or /Groups/.search.',
            '排序或按游标分页，请使用 /Users/.search 或 /Groups/.search。',
          ),
        )
      const range = rangeOf(request)
      const users = await orNothing(query, User, () =>
        listUsers(db.manager, { range, query, base, now: clock() }),
      )
      // What of the page is left for the groups, which begin where the users end.
      const left = countOf(query) - (users?.resources.length ?? 0)
      const startIndex = Math.max(offsetOf(query) - (users?.total ?? 0), 0) + 1
      const groups = await orNothing(query, Group, () =>
        listGroups(db.manager, {
          range,
          query: { ...query, startIndex, count: left },
          base,
          selection: ofGroups,
        }),
      )
      if (users === null && groups === null) parseFilter(query.filter ?? '', User)
      const resources = [
        ...(users?.resources ?? []).map((user) => project(User, user, ofUsers)),
        ...(groups?.resources ?? []).map((group) => project(Group, group, ofGroups)),
      ]
      const total = (users?.total ?? 0) + (groups?.total ?? 0)
      return sendScim(reply, listResponse(query, { total, resources, nextCursor: null }))
    },
  )
}

/** What is found, `null` where the kind of resource does not know the filter. */
async function orNothing(
  { filter }: ListQuery,
  type: ResourceType,
  find: () => Promise<Found>,
): Promise<Found | null> {
  try {
    if (filter !== undefined) parseFilter(filter, type)
  } catch (error) {
    if (error instanceof Problem && error.code === 'scim-filter-refused') return null
    throw error
  }
  return find()
}

function readSearch(
  { schemas: _, attributes, excludedAttributes, ...query }: Static<typeof SearchBody>,
  type: ResourceType,
) {
  return { query, selection: selectionOf(type, attributes?.join(), excludedAttributes?.join()) }
}
