import type { App } from '@erp-steward/service-kit/app'
import { actOf } from '@erp-steward/service-kit/authentication'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { rangeOf, ResourceId, sendScim, type ScimDependencies } from './caller.ts'
import { SelectionQuery } from './list-query.ts'
import { patched } from './rules/patch.ts'
import { project, selectionOf, type Selection } from './rules/project.ts'
import { inScim, ScimBody, ScimUser } from './scim-views.ts'
import { User } from './user-resource.ts'
import { changeUser, createUser, deleteUser, type Writer, type Written } from './write-user.ts'

const tags = ['scim']
const config = {
  access: 'scim.manage',
  scim: true,
  clauses: ['A-1.2', 'A-2.1.1', 'A-2.1.2', 'A-2.1.4', 'A-2.1.7'],
} as const
const querystring = Type.Object(SelectionQuery)
const headers = Type.Object({
  'if-match': Type.Optional(
    Type.String({
      maxLength: 4_000,
      description: 'The `ETag` that you read; the user is changed as it is now without it.',
    }),
  ),
})
const consumes = ['application/scim+json', 'application/json']
const waiting =
  'Answered 202 where something of it waits for an approval: `Location` is the request, the body the user as it is now; empty while the account itself waits.'

/** What somebody may be refused for who is taken in, changed or taken back. */
const refusals = [
  'account-case-open',
  'account-change-pending',
  'account-exists',
  'account-state',
  'account-unknown',
  'administrator-has-business-role',
  'department-unknown',
  'employee-number-taken',
  'external-id-taken',
  'last-administrator',
  'outside-unit',
  'person-active',
  'person-left',
  'person-twin',
  'position-unknown',
  'same-person',
  'scim-mutability',
  'scim-value-refused',
  'sod-violation',
  'unit-unknown',
  'user-name-taken',
] as const

export const UserBody = ScimBody(
  'ScimUserBody',
  'A user as RFC 7643 has it: userName, name, active, emails, and the members of both extensions.',
)
const PatchBody = ScimBody(
  'ScimPatchBody',
  'A change as RFC 7644, 3.5.2 has it: `Operations`, each with op, path and value.',
)
const answers = { 200: inScim(ScimUser), 202: inScim(ScimUser) }

/** Users, written: by the same rules as people and accounts. */
export function writeRoutes(app: App, deps: ScimDependencies): void {
  app.post(
    '/scim/v2/Users',
    {
      config,
      schema: {
        operationId: 'createScimUser',
        summary: 'Somebody is taken in, or back, with an account and an EBS user.',
        description: waiting,
        problems: refusals,
        tags,
        consumes,
        querystring,
        body: UserBody,
        response: { 201: inScim(ScimUser), 202: inScim(ScimUser) },
      },
    },
    async (request, reply) => {
      const selection = chosen(request.query)
      const result = await createUser(writerOf(request, deps), request.body)
      return answer(reply, result, selection, 201)
    },
  )

  app.put(
    '/scim/v2/Users/:id',
    {
      config,
      schema: {
        operationId: 'replaceScimUser',
        summary: 'A user becomes what is sent; what is not sent is emptied.',
        description: waiting,
        problems: [...refusals, 'not-found', 'version-stale'],
        tags,
        consumes,
        params: ResourceId,
        headers,
        querystring,
        body: UserBody,
        response: answers,
      },
    },
    async (request, reply) => {
      const { params, body } = request
      const selection = chosen(request.query)
      const tag = request.headers['if-match']
      const wanted = () => Object(body) as Record<string, unknown>
      const result = await changeUser(writerOf(request, deps), params.id, tag, wanted)
      return answer(reply, result, selection, 200)
    },
  )

  app.patch(
    '/scim/v2/Users/:id',
    {
      config,
      schema: {
        operationId: 'patchScimUser',
        summary: 'Parts of a user change, all or none.',
        description: waiting,
        problems: [
          ...refusals,
          'not-found',
          'scim-filter-refused',
          'scim-path-refused',
          'scim-target-missing',
          'version-stale',
        ],
        tags,
        consumes,
        params: ResourceId,
        headers,
        querystring,
        body: PatchBody,
        response: answers,
      },
    },
    async (request, reply) => {
      const { params, body } = request
      const selection = chosen(request.query)
      const tag = request.headers['if-match']
      const result = await changeUser(writerOf(request, deps), params.id, tag, (user) =>
        patched(User, user, body),
      )
      return answer(reply, result, selection, 200)
    },
  )

  app.delete(
    '/scim/v2/Users/:id',
    {
      config,
      schema: {
        operationId: 'deleteScimUser',
        summary: 'A user has left: account, tokens and EBS user end at once.',
        problems: [
          'account-state',
          'not-found',
          'outside-unit',
          'person-left',
          'same-person',
          'version-stale',
        ],
        tags,
        params: ResourceId,
        headers,
        response: { 204: Type.Null({ description: 'Done.' }) },
      },
    },
    async (request, reply) => {
      await deleteUser(writerOf(request, deps), request.params.id, request.headers['if-match'])
      return reply.code(204).send(null)
    },
  )
}

const chosen = ({
  attributes,
  excludedAttributes,
}: {
  readonly attributes?: string
  readonly excludedAttributes?: string
}) => selectionOf(User, attributes, excludedAttributes)

export const writerOf = (
  request: FastifyRequest,
  { db, clock, base }: ScimDependencies,
): Writer => ({
  db,
  base,
  range: rangeOf(request),
  act: actOf(request, clock()),
})

function answer(
  reply: FastifyReply,
  { user, waits }: Written,
  selection: Selection,
  done: 200 | 201,
): FastifyReply {
  if (waits !== null) void reply.code(202).header('location', waits)
  else {
    void reply.code(done)
    const { location } = Object(user?.meta) as { location?: unknown }
    if (done === 201 && typeof location === 'string') void reply.header('location', location)
  }
  // Nobody to show before the account is approved.
  if (user === null) return reply.send(null)
  return sendScim(reply, project(User, user, selection), user)
}
