import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { App } from '@erp-steward/service-kit/app'
import { principalOf } from '@erp-steward/service-kit/authentication'
import { Type } from 'typebox'
import { noUser, rangeOf, ResourceId, sendScim, type ScimDependencies } from './caller.ts'
import { Group } from './group-resource.ts'
import { listGroups, readGroup } from './groups.ts'
import { ListQuery, listResponse, SelectionQuery } from './list-query.ts'
import { listUsers, showUsers } from './list-users.ts'
import { project, selectionOf } from './rules/project.ts'
import { inScim, ScimGroup, ScimGroupList, ScimUser, ScimUserList } from './scim-views.ts'
import { User } from './user-resource.ts'
import { userInRange } from './users-in-range.ts'

const tags = ['scim']
const config = { access: 'scim.read', scim: true, clauses: ['A-1.2', 'A-2.1.1'] } as const
const query = Type.Object({ ...ListQuery, ...SelectionQuery })
const listProblems = [
  'outside-unit',
  'scim-filter-refused',
  'scim-path-refused',
  'scim-too-many',
  'scim-value-refused',
] as const
const readProblems = ['not-found', 'outside-unit', 'scim-value-refused'] as const

/** Users and groups, read. */
export function readRoutes(app: App, deps: ScimDependencies): void {
  userRoutes(app, deps)
  groupRoutes(app, deps)
}

function userRoutes(app: App, { db, clock, base }: ScimDependencies): void {
  app.get(
    '/scim/v2/Users',
    {
      config,
      schema: {
        operationId: 'listScimUsers',
        summary: 'People with an account that fit a filter; of the own unit for callers of a unit.',
        description:
          'The filter is exact. What is sealed is compared whole by `eq`; for a part of it, or to sort by it, at most 20,000 people are opened, and more are refused with `tooMany`.',
        problems: listProblems,
        tags,
        querystring: query,
        response: { 200: inScim(ScimUserList) },
      },
    },
    async (request, reply) => {
      const { attributes, excludedAttributes, ...wanted } = request.query
      const selection = selectionOf(User, attributes, excludedAttributes)
      const asked = { range: rangeOf(request), query: wanted, base, now: clock() }
      const found = await listUsers(db.manager, asked)
      const resources = found.resources.map((user) => project(User, user, selection))
      return sendScim(reply, listResponse(wanted, { ...found, resources }))
    },
  )

  app.get(
    '/scim/v2/Users/:id',
    {
      config,
      schema: {
        operationId: 'readScimUser',
        summary: 'One person with an account.',
        problems: readProblems,
        tags,
        params: ResourceId,
        querystring: Type.Object(SelectionQuery),
        response: { 200: inScim(ScimUser) },
      },
    },
    async (request, reply) => {
      const { attributes, excludedAttributes } = request.query
      const selection = selectionOf(User, attributes, excludedAttributes)
      const row = await userInRange(db.manager, rangeOf(request), request.params.id)
      const [user] = row === null ? [] : await showUsers(db.manager, [row], base, clock())
      if (user === undefined) throw noUser(request.params.id)
      return sendScim(reply, project(User, user, selection), user)
    },
  )

  app.get(
    '/scim/v2/Me',
    {
      config: { access: 'signed-in', scim: true, clauses: ['A-1.2'] },
      schema: {
        operationId: 'readScimMe',
        summary: 'The person who asks, with the account; a program is none.',
        problems: ['not-found', 'scim-value-refused'],
        tags,
        querystring: Type.Object(SelectionQuery),
        response: { 200: inScim(ScimUser) },
      },
    },
    async (request, reply) => {
      const { attributes, excludedAttributes } = request.query
      const selection = selectionOf(User, attributes, excludedAttributes)
      const { actor, personId } = principalOf(request)
      const range = { provider: actor, unitId: null }
      const row = personId === null ? null : await userInRange(db.manager, range, personId)
      const [user] = row === null ? [] : await showUsers(db.manager, [row], base, clock())
      if (user === undefined)
        throw new Problem('not-found', said('You are no user.', '您不是用户。'))
      return sendScim(reply, project(User, user, selection), user)
    },
  )
}

function groupRoutes(app: App, { db, base }: ScimDependencies): void {
  app.get(
    '/scim/v2/Groups',
    {
      config,
      schema: {
        operationId: 'listScimGroups',
        summary: 'Positions that fit a filter; members only where `attributes` asks for them.',
        problems: listProblems,
        tags,
        querystring: query,
        response: { 200: inScim(ScimGroupList) },
      },
    },
    async (request, reply) => {
      const { attributes, excludedAttributes, ...wanted } = request.query
      const selection = selectionOf(Group, attributes, excludedAttributes)
      const asked = { range: rangeOf(request), query: wanted, base, selection }
      const found = await listGroups(db.manager, asked)
      const resources = found.resources.map((group) => project(Group, group, selection))
      return sendScim(reply, listResponse(wanted, { ...found, resources }))
    },
  )

  app.get(
    '/scim/v2/Groups/:id',
    {
      config,
      schema: {
        operationId: 'readScimGroup',
        summary: 'One position; members only where `attributes` asks for them.',
        problems: [...readProblems, 'scim-too-many'],
        tags,
        params: ResourceId,
        querystring: Type.Object(SelectionQuery),
        response: { 200: inScim(ScimGroup) },
      },
    },
    async (request, reply) => {
      const { attributes, excludedAttributes } = request.query
      const selection = selectionOf(Group, attributes, excludedAttributes)
      const { id } = request.params
      const group = await readGroup(db.manager, rangeOf(request), id, selection, base)
      if (group === null)
        throw new Problem('not-found', said(`There is no group ${id}.`, `没有组 ${id}。`))
      return sendScim(reply, project(Group, group, selection), group)
    },
  )
}
