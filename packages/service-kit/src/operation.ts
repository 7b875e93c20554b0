import { isClauseId } from '@erp-steward/regulation/clause'
import { permissions, type Permission } from '@erp-steward/contracts/permissions'
import { Type } from 'typebox'
import type { App } from './app.ts'

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

/** Schema of a problem document, for the `4xx` and `5xx` answers of every operation. */
export const ProblemDocument = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String(),
    detail: Type.String(),
    instance: Type.String(),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          pointer: Type.Optional(Type.String()),
          parameter: Type.Optional(Type.String()),
          detail: Type.String(),
        }),
      ),
    ),
  },
  { $id: 'Problem', additionalProperties: true },
)

const problemResponse = {
  description: 'A problem document (RFC 9457); codes are listed in docs/problems.md.',
  content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
}

/** The query parameters of an operation and no others: `?dryrun=true` beside `dryRun` would be done for real. */
const closed = (query: unknown) => ({
  ...(query ?? Type.Object({})),
  additionalProperties: false,
})

/**
 * Makes each route say who may call it and which clauses it enforces; one that does not cannot start.
 *
 * `publicFolder` is where a plugin of others serves pages that anybody may read, for example `/docs`.
 *
 * Source: architecture rule "deny by default", regulation.
 */
export function declareOperations(app: App, publicFolder?: string): void {
  app.addSchema(ProblemDocument)
  app.addHook('onRoute', (route) => {
    if (publicFolder !== undefined && `${route.url}/`.startsWith(`${publicFolder}/`)) {
      route.config = { ...route.config, access: 'public' }
      route.schema = { ...route.schema, hide: true }
      return
    }
    const { access, clauses = [] } = route.config ?? {}
    const name = `${String(route.method)} ${route.url}`
    if (access === undefined) throw new Error(`${name} declares no access`)
    const unknown = clauses.find((id) => !isClauseId(id))
    if (unknown !== undefined)
      throw new Error(`${name} names clause ${unknown}, which does not exist`)
    if (access === 'internal') {
      route.schema = { ...route.schema, hide: true }
      return
    }
    if (route.schema?.hide === true) return
    if (route.schema?.operationId === undefined) throw new Error(`${name} has no operationId`)
    route.schema = {
      ...route.schema,
      ...(clauses.length > 0 && { 'x-regulation-clauses': clauses }),
      ...(access in permissions && { 'x-permission': access }),
      querystring: closed(route.schema.querystring),
      security: access === 'public' ? [] : [{ bearer: [] }],
      response: {
        '4xx': problemResponse,
        '5xx': problemResponse,
        ...(route.schema.response as object | undefined),
      },
    }
  })
}
