import type { Act } from '@erp-steward/contracts/act'
import type { ProblemCode } from '@erp-steward/contracts/problems'
import { about, Uuid } from '@erp-steward/contracts/values'
import type { FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import { Type, type Static, type TObject, type TProperties, type TSchema } from 'typebox'
import type { EntityManager } from 'typeorm'
import type { App } from './app.ts'
import { change, createOnce, type Committer } from './commit.ts'
import type { Access } from './operation.ts'
import { boundTo, cursorOf, page, pageOf, PageQuery, type Sorting } from './paging.ts'

/** A part of a path that names one resource. */
export const PathId = about(Uuid, 'Which one: the id that its list or its creation answered.')

/** What every operation says of itself. */
interface Operation<Path extends string, Params> {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly access: Access
  /** Ids of the clauses that it enforces. */
  readonly clauses?: readonly string[]
  /** Codes of the problems that its rules answer, as `FastifySchema` has them. */
  readonly problems?: readonly ProblemCode[]
  /** Parts of the path that are no UUID. */
  readonly params?: Params & Readonly<Partial<Record<NameIn<Path>, TSchema>>>
}

/** The names after the colons of a path. */
type NameIn<Path> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | NameIn<Rest>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never

/** A request whose path, query and body fit their schemas. */
interface Call<Path extends string, Params, Query = unknown, Body = unknown> {
  readonly params: {
    readonly [Name in NameIn<Path>]: Name extends keyof Params ? Typed<Params[Name]> : string
  }
  readonly query: Query
  readonly body: Body
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** A call in the transaction that gives it its effect. */
interface Acting<Path extends string, Params, Body> extends Call<Path, Params, unknown, Body> {
  readonly act: Act
}

type QueryOf<Query> = Query extends TProperties ? Static<TObject<Query>> : unknown
/** The type of what fits a schema, `None` where there is none. */
type Typed<Schema, None = undefined> = Schema extends TSchema ? Static<Schema> : None

/**
 * Answers one thing, and its version as the entity tag if it has one. `read` refuses what is not there or is out of the
 * caller's range.
 */
export function readRoute<
  Path extends string,
  Answer extends TSchema,
  Query extends TProperties | undefined = undefined,
  Params = undefined,
>(
  app: App,
  path: Path,
  operation: Operation<Path, Params> & {
    readonly query?: Query
    readonly answer: Answer
    readonly read: (call: Call<Path, Params, QueryOf<Query>>) => Promise<Static<Answer>>
  },
): void {
  const { query, answer, read } = operation
  add(app, 'GET', path, operation, {}, { 200: answer }, { query }, (call) =>
    read(call as Call<Path, Params, QueryOf<Query>>),
  )
}

/** Answers the rows in the caller's range a page at a time. */
export function listRoute<
  Path extends string,
  View extends TSchema,
  Row extends Static<View>,
  After,
  Query extends TProperties | undefined = undefined,
  Params = undefined,
>(
  app: App,
  path: Path,
  operation: Operation<Path, Params> & {
    readonly query?: Query
    readonly row: View
    readonly sorting: Sorting<Row, After>
    /** At most `limit` rows behind `after`; the route asks for one more than a page has, to know whether there is a next. */
    readonly list: (
      call: Call<Path, Params, QueryOf<Query>> & { readonly limit: number; readonly after: After },
    ) => Promise<Row[]>
  },
): void {
  const { operationId, row, sorting, list } = operation
  const query = { ...PageQuery, ...operation.query }
  add(app, 'GET', path, operation, {}, { 200: pageOf(row) }, { query }, async (call) => {
    const { limit, cursor } = call.query as Static<TObject<typeof PageQuery>>
    const known = call as Call<Path, Params, QueryOf<Query>>
    const after = sorting.after(cursorOf(operationId, cursor))
    const rows = await list({ ...known, limit: limit + 1, after })
    return boundTo(operationId, page(rows, limit, sorting.keyOf))
  })
}

/**
 * Creates once per `Idempotency-Key` and answers 201 with what was made, its version if it has one, and its place, `<path>/<id>`.
 * `admit` refuses before anything is done.
 */
export function createRoute<
  Path extends string,
  Answer extends TSchema,
  Made extends Static<Answer> & { readonly version?: number },
  Body extends TSchema | undefined = undefined,
  Params = undefined,
>(
  app: App,
  deps: Committer,
  path: Path,
  operation: Operation<Path, Params> & {
    readonly body?: Body
    readonly answer: Answer
    readonly approves?: boolean
    /** What is in the place of the id; `false` where what is made cannot be read alone. */
    readonly located?: false | keyof Made
    readonly admit?: (call: Call<Path, Params, unknown, Typed<Body>>) => void | Promise<void>
    readonly create: (tx: EntityManager, call: Acting<Path, Params, Typed<Body>>) => Promise<Made>
  },
): void {
  const { body, answer, approves, located = 'id', admit, create } = operation
  const config = { once: true, ...(approves === true && { approves }) }
  add(app, 'POST', path, operation, config, { 201: answer }, { body }, async (sent) => {
    const call = sent as Call<Path, Params, unknown, Typed<Body>>
    await admit?.(call)
    return createOnce(deps, call.request, call.reply, async (tx, act) => {
      const made = await create(tx, { ...call, act })
      const { version }: { readonly version?: number } = made
      return {
        body: made,
        ...(version !== undefined && { version }),
        ...(located !== false && {
          location: `${path}/${String((made as Readonly<Record<PropertyKey, unknown>>)[located])}`,
        }),
      }
    })
  })
}

/**
 * Changes the version that `If-Match` names, in one transaction. `admit` refuses before anything is done. What is answered
 * with another status than 200, as a proposal is with 202, stands in `also`, and `apply` sets it.
 */
export function changeRoute<
  Path extends string,
  Answer extends TSchema | undefined = undefined,
  Body extends TSchema | undefined = undefined,
  Also extends Readonly<Record<number, TSchema>> | undefined = undefined,
  Params = undefined,
>(
  app: App,
  deps: Committer,
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: Path,
  operation: Operation<Path, Params> & {
    readonly body?: Body
    readonly answer?: Answer
    readonly also?: Also
    /** It approves, confirms, decides, signs, waives or releases: closed to callers whose cooling time runs. */
    readonly approves?: boolean
    readonly admit?: (call: Call<Path, Params, unknown, Typed<Body>>) => void | Promise<void>
    readonly apply: (
      tx: EntityManager,
      call: Acting<Path, Params, Typed<Body>> & { readonly expected: number },
    ) => Promise<(Typed<Answer, never> | Typed<Also[keyof Also], never>) & { version: number }>
  },
): void {
  const { body, answer, also, approves, admit, apply } = operation
  const config = { versioned: true, ...(approves === true && { approves }) } as const
  const answers = { ...(answer !== undefined && { 200: answer }), ...also }
  add(app, method, path, operation, config, answers, { body }, async (sent) => {
    const call = sent as Call<Path, Params, unknown, Typed<Body>>
    await admit?.(call)
    return change(deps, call.request, call.reply, (tx, act, expected) =>
      apply(tx, { ...call, act, expected }),
    )
  })
}

function add<Path extends string, Params>(
  app: App,
  method: HTTPMethods,
  url: Path,
  operation: Operation<Path, Params>,
  config: { readonly once?: boolean; readonly versioned?: true; readonly approves?: boolean },
  response: Readonly<Record<number, TSchema>>,
  {
    query,
    body,
  }: { readonly query?: TProperties | undefined; readonly body?: TSchema | undefined },
  answer: (call: Call<Path, Params>) => Promise<unknown>,
): void {
  const {
    operationId,
    summary,
    description,
    tags,
    access,
    clauses,
    problems,
    params = {},
  } = operation
  const names = [...url.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
  const parts = {
    ...Object.fromEntries(names.map((name) => [name, PathId])),
    ...params,
  } as TProperties
  app.route({
    method,
    url,
    config: { access, ...(clauses !== undefined && { clauses }), ...config },
    schema: {
      operationId,
      summary,
      tags,
      ...(description !== undefined && { description }),
      ...(problems !== undefined && { problems }),
      ...(names.length > 0 && { params: Type.Object(parts) }),
      ...(query !== undefined && { querystring: Type.Object(query) }),
      ...(body !== undefined && { body }),
      response,
    },
    handler: (request, reply) => {
      const { params, query, body } = request as {
        params: Call<Path, Params>['params']
        query: unknown
        body: unknown
      }
      return answer({ params, query, body, request, reply })
    },
  })
}
