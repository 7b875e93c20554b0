import { isClauseId } from '@erp-steward/regulation/clause'
import { permissions, type Permission } from '@erp-steward/contracts/permissions'
import { problems, type ProblemCode } from '@erp-steward/contracts/problems'
import { problemMembers } from '@erp-steward/contracts/problems/problem-members'
import type { FastifyContextConfig, RouteOptions } from 'fastify'
import { Type } from 'typebox'
import type { App } from './app.ts'
import { etag } from './commit.ts'
import { assertPreconditions } from './preconditions.ts'
import { problemCodesOf } from './problem-codes.ts'

/**
 * Who may call an operation: holders of a permission, anybody with a valid token, anybody at all, or other
 * processes of the product with the internal token.
 */
export type Access = Permission | 'signed-in' | 'public' | 'internal'

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access
    /** Ids of the clauses that the operation enforces; shown as `x-regulation-clauses`. */
    clauses?: readonly string[]
    /** It approves, confirms, decides, signs, waives or releases: closed to callers whose cooling time runs. */
    approves?: boolean
  }
  interface FastifySchema {
    'x-regulation-clauses'?: readonly string[]
    'x-permission'?: string
    hide?: boolean
    operationId?: string
    summary?: string
    description?: string
    tags?: readonly string[]
    security?: readonly Record<string, readonly string[]>[]
    consumes?: readonly string[]
    produces?: readonly string[]
  }
}

/** What a route says of itself, as far as callers see it. */
export interface Declared extends FastifyContextConfig {
  /** Statuses whose answer is one resource with its version, a number, which is then its entity tag. */
  readonly tagged: ReadonlySet<string>
  /** Every code that it can answer, sorted. */
  readonly codes: readonly ProblemCode[]
}

/** Schema of a problem document, for the `4xx` and `5xx` answers of every operation. */
export const ProblemDocument = Type.Object(
  {
    type: Type.String({ description: '`/problems/<code>`, which answers what it means.' }),
    title: Type.String({ description: 'The meaning of the code, in the language preferred.' }),
    status: Type.Integer({
      minimum: 400,
      maximum: 599,
      description: 'The HTTP status of the answer, again.',
    }),
    code: Type.Enum(Object.keys(problems).toSorted(), {
      description: 'Never changes its meaning; a later version may know more.',
    }),
    detail: Type.String({ description: 'What was wrong this time, for people.' }),
    instance: Type.String({ description: 'Names the request in the log: `urn:request:<id>`.' }),
    errors: Type.Optional(problemMembers.errors),
  },
  { $id: 'Problem', additionalProperties: true },
)

const problemResponse = {
  description: 'A problem document (RFC 9457).',
  content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
}

/**
 * The query parameters of an operation and no others: `?dryrun=true` beside `dryRun` would be done for real. OAuth 2 has
 * those ignored that an endpoint does not know.
 */
const closed = (query: unknown, isOAuth: boolean) => ({
  ...(query ?? Type.Object({})),
  additionalProperties: isOAuth,
})

/**
 * Makes each route say who may call it and which clauses it enforces; one that does not cannot start.
 *
 * `publicFolder` is where a plugin of others serves pages that anybody may read, for example `/docs`.
 *
 * Answers what they declare by operationId, complete when the app is ready.
 *
 * Source: architecture rule "deny by default", regulation.
 */
export function declareOperations(app: App, publicFolder?: string): ReadonlyMap<string, Declared> {
  const declared = new Map<string, Declared>()
  app.addSchema(ProblemDocument)
  app.addHook('onRoute', (route) => {
    if (publicFolder !== undefined && `${route.url}/`.startsWith(`${publicFolder}/`)) {
      route.config = { ...route.config, access: 'public' }
      route.schema = { ...route.schema, hide: true }
      return
    }
    const { access, clauses = [], once, versioned } = route.config ?? {}
    const name = `${String(route.method)} ${route.url}`
    if (access === undefined) throw new Error(`${name} declares no access`)
    const unknown = clauses.find((id) => !isClauseId(id))
    if (unknown !== undefined)
      throw new Error(`${name} names clause ${unknown}, which does not exist`)
    if (once === true || versioned === true) checkPreconditions(route)
    if (access === 'internal') {
      route.schema = { ...route.schema, hide: true }
      return
    }
    if (route.schema?.hide === true) return
    if (route.schema?.operationId === undefined) throw new Error(`${name} has no operationId`)
    const tagged = taggedAnswers(route.schema.response)
    if (tagged.size > 0) tagAnswers(route)
    const codes = problemCodesOf(String(route.method), route.schema, route.config ?? {})
    declared.set(route.schema.operationId, { ...route.config, tagged, codes })
    route.schema = {
      ...route.schema,
      ...(clauses.length > 0 && { 'x-regulation-clauses': clauses }),
      ...(isPermission(access) && {
        'x-permission': access,
        description: withHolders(route.schema.description, access),
      }),
      problems: codes,
      querystring: closed(route.schema.querystring, route.config?.oauth === true),
      security: access === 'public' ? [] : [{ bearer: [] }],
      response: {
        '4xx': problemResponse,
        '5xx': problemResponse,
        ...(route.schema.response as object | undefined),
      },
    }
  })
  return declared
}

const isPermission = (access: Access): access is Permission => Object.hasOwn(permissions, access)

/** Says who may call an operation where people read of it: documentation pages do not show `x-` members. */
const withHolders = (description: string | undefined, permission: Permission) =>
  [
    ...(description === undefined ? [] : [description, '']),
    `**Permission 权限** \`${permission}\`: ${permissions[permission].join(', ')}`,
  ].join('\n')

function taggedAnswers(response: unknown): ReadonlySet<string> {
  const answers = Object.entries((response ?? {}) as Record<string, Answer>)
  return new Set(
    answers.flatMap(([status, { properties }]) =>
      properties?.version?.type === 'integer' ? [status] : [],
    ),
  )
}

interface Answer {
  readonly properties?: { readonly version?: { readonly type?: string } }
}

/** A handler that gives another tag, such as that of what is not there yet, keeps it. */
function tagAnswers(route: RouteOptions): void {
  route.preSerialization = [
    ...[route.preSerialization ?? []].flat(),
    (_request, reply, payload, done) => {
      const { version } = Object(payload) as { version?: unknown }
      if (typeof version === 'number' && reply.statusCode < 400 && !reply.hasHeader('etag'))
        void reply.header('etag', etag(version))
      done(null, payload)
    },
  ]
}

/** After the schemas and before the handler, so that what the document asks for is asked for whatever the handler does. */
function checkPreconditions(route: RouteOptions): void {
  const before = [route.preHandler ?? []].flat()
  route.preHandler = [
    (request, _reply, done) => {
      assertPreconditions(request)
      done()
    },
    ...before,
  ]
}
