import { problems, type ProblemCode } from '@erp-steward/contracts/problems'
import { problemMembers } from '@erp-steward/contracts/problems/problem-members'
import type { FastifyContextConfig } from 'fastify'
import type { Declared } from './operation.ts'
import { ENTITY_TAG_PATTERN, IDEMPOTENCY_KEY_PATTERN, IF_MATCH_PATTERN } from './preconditions.ts'
import { oauthErrors } from './oauth-errors.ts'
import { isOutage, outages } from './problem-codes.ts'
import { SCIM_ERROR, SCIM_JSON, scimTypeOf } from './scim-errors.ts'

/** As much of an OpenAPI document as is written here. */
export interface Described {
  paths?: Record<string, Record<string, DescribedOperation>>
  webhooks?: Record<string, Record<string, DescribedOperation>>
  tags?: readonly { readonly name: string; readonly description?: string }[]
  components?: Record<string, object>
}

export interface DescribedOperation {
  operationId?: string
  readonly tags?: readonly string[]
  parameters?: object[]
  requestBody?: { readonly required?: boolean; readonly content?: Record<string, DescribedMedia> }
  responses?: Record<string, DescribedAnswer>
}

export interface DescribedAnswer {
  $ref?: string
  description?: string
  headers?: Record<string, object>
  content?: Record<string, DescribedMedia>
}

export interface DescribedMedia {
  schema?: object
}

/** What the body is, by media type, of an operation that reads it itself. */
export type SentBody = Readonly<Record<string, Readonly<DescribedMedia>>>

/** Calls that go out, by name, as an OpenAPI document has them. */
export type DescribedWebhooks = Readonly<Record<string, Readonly<Record<string, object>>>>

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body that the operation reads itself, so that no schema checks it; `consumes` names the same media types. */
    sends?: SentBody
  }
}

/** A copy as JSON has it, to write into a document what others hold, too. */
export function inJson<Value extends object>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value
}

const text = (schema: object = {}) => ({ type: 'string', ...schema })

const parameters = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: true,
    description:
      'A key of your own, new for each creation. Sent again within 24 hours with the same request it is answered as the ' +
      'first time, and nothing is made twice.',
    schema: text({ minLength: 1, maxLength: 255, pattern: IDEMPOTENCY_KEY_PATTERN }),
    example: '5f0c7c1e-3f0e-4a57-9a43-0d1c9f6f2c11',
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    required: true,
    description:
      'The `ETag` that you read: the version that you change. Another one since then is answered with 412. A list allows ' +
      'each of its versions, `*` whichever is current.',
    schema: text({ maxLength: 4_000, pattern: IF_MATCH_PATTERN }),
    example: '"3"',
  },
  IfMatchIfExists: {
    name: 'If-Match',
    in: 'header',
    required: false,
    description:
      'The `ETag` that you read, where there is something to change; left out to create. Without it a change is answered with 428.',
    schema: text({ maxLength: 4_000, pattern: IF_MATCH_PATTERN }),
    example: '"3"',
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    required: false,
    description:
      'The `ETag` of what you hold already; it is answered with 304 while it is current.',
    schema: text({ minLength: 1, maxLength: 4_000 }),
    example: '"3"',
  },
} as const

const headers = {
  ETag: {
    description: 'The version, to be sent in `If-Match` with a change.',
    schema: text({ pattern: ENTITY_TAG_PATTERN }),
    example: '"3"',
  },
  Location: {
    description:
      'Path of what was made, or of the proposal that waits, where it can be read alone.',
    schema: text({ format: 'uri-reference' }),
    example: '/v1/tickets/0195f2a0-0000-7000-8000-000000000001',
  },
  'Idempotency-Replayed': {
    description:
      'Present where the key had been used for this request before: nothing was made now.',
    schema: text({ enum: ['true'] }),
  },
  'Retry-After': {
    description: 'Seconds to wait before the request is sent again, with 429, 503 and the like.',
    schema: { type: 'integer', minimum: 0 },
    example: 2,
  },
  RateLimit: {
    description:
      'What is left (`r`, requests) and until when (`t`, seconds), of the quota that the gateway counts the request against.',
    schema: text(),
    example: '"caller";r=590;t=12',
  },
  'RateLimit-Policy': {
    description: 'The quota: requests (`q`) in a window of seconds (`w`).',
    schema: text(),
    example: '"caller";q=600;w=60',
  },
  'WWW-Authenticate': {
    description: 'With 401: the way to sign in.',
    schema: text({ enum: ['Bearer', 'Basic realm="clients"'] }),
  },
  'X-Request-Id': {
    description:
      'Names the request in the log; the one sent, if it has 8 to 64 harmless characters.',
    schema: text({ minLength: 8, maxLength: 64 }),
    example: '0e0b0a8c-7f0b-4c55-9c3b-0a4a4b1c5d10',
  },
} as const

type HeaderName = keyof typeof headers
type ParameterName = keyof typeof parameters

/** Headers of every answer that comes through the gateway. */
const ALWAYS: readonly HeaderName[] = ['RateLimit', 'RateLimit-Policy', 'X-Request-Id']

const oauthMembers = {
  error: text({ enum: oauthErrors, description: 'As RFC 6749, 5.2 has it.' }),
  error_description: text({ description: 'What was wrong this time, in English.' }),
}

/** Problem documents with one of these codes and what comes with them; what each means is in docs/problems.md. */
function problemContent(codes: readonly ProblemCode[], title?: string, isOAuth = false) {
  const members = [...new Set(codes.flatMap((code) => problems[code].members))]
  const own = members.filter((name) => name !== 'errors').toSorted()
  const properties = {
    code: text({ enum: codes, description: 'Which of those that it can be here.' }),
    ...Object.fromEntries(own.map((name) => [name, problemMembers[name]])),
    ...(isOAuth && oauthMembers),
  }
  const schema = {
    ...(title !== undefined && { title }),
    allOf: [{ $ref: '#/components/schemas/Problem' }, { type: 'object', properties }],
  }
  return { [isOAuth ? 'application/json' : 'application/problem+json']: { schema: inJson(schema) } }
}

const ScimError = {
  title: 'ScimError',
  description: 'A refusal as RFC 7644, 3.12 has it.',
  type: 'object',
  required: ['schemas', 'status', 'detail'],
  properties: {
    schemas: {
      type: 'array',
      items: text({ enum: [SCIM_ERROR] }),
      description: 'That it is an error of SCIM.',
    },
    status: text({ description: 'The HTTP status of the answer, as text.' }),
    scimType: text({ description: 'What was wrong, in the word of SCIM for it.' }),
    detail: text({ description: 'What was wrong this time, for people.' }),
  },
}

/** Errors of SCIM, which name no code: those that they stand for are told beside the schema. */
function scimContent(codes: readonly ProblemCode[], title: string) {
  const types = [...new Set(codes.map(scimTypeOf))].filter((type) => type !== null).toSorted()
  const own = {
    type: 'object',
    properties:
      types.length === 0
        ? {}
        : { scimType: text({ enum: types, description: 'Which of those that it can be here.' }) },
  }
  return {
    [SCIM_JSON]: { schema: inJson({ title, allOf: [ScimError, own], 'x-problems': codes }) },
  }
}

/** Answers that are the same for all operations. */
const responses = {
  Outage: {
    description: 'A problem document. A keyed or conditional request may be repeated safely.',
    headers: [...ALWAYS, 'Retry-After'],
    content: problemContent(outages),
  },
  ScimOutage: {
    description: 'An error of SCIM. A conditional request may be repeated safely.',
    headers: [...ALWAYS, 'Retry-After'],
    content: scimContent(outages, 'ScimOutage'),
  },
  Unchanged: {
    description: 'What you hold, by `If-None-Match`, is current.',
    headers: [...ALWAYS, 'ETag'],
  },
} satisfies Record<string, { headers: HeaderName[]; description: string; content?: object }>

/** What an answer with a status means, where the route does not say. */
const outcomes: Readonly<Record<string, string>> = {
  200: 'Done; here is what was asked for.',
  201: 'Made; `Location` is its address where it has one.',
  202: 'Taken, and not done yet: the answer says what it waits for.',
  204: 'Done; there is nothing more to say.',
}

/**
 * Completes a document with what no schema of a route says: the headers of requests and answers, and the problems that
 * follow from what an operation declares. Callers meet the services behind the gateway, so what that adds is there, too.
 *
 * `declared` is what the routes say of themselves, by operationId.
 */
export function describeExchange(
  document: Described,
  declared: ReadonlyMap<string, Declared>,
): void {
  const used = new Map<string, Record<string, object>>()
  const refer = (kind: string, component: string, definition: object) => {
    used.set(kind, { ...used.get(kind), [component]: definition })
    return { $ref: `#/components/${kind}/${component}` }
  }
  const referAll = (names: readonly HeaderName[]) =>
    Object.fromEntries(names.map((name) => [name, refer('headers', name, headers[name])]))
  const shared = (name: keyof typeof responses) =>
    refer('responses', name, { ...responses[name], headers: referAll(responses[name].headers) })

  for (const item of Object.values(document.paths ?? {}))
    for (const [method, operation] of Object.entries(item)) {
      const config = declared.get(operation.operationId ?? '')
      if (config === undefined) continue
      if (config.sends !== undefined)
        operation.requestBody = { required: true, content: inJson(config.sends) }
      const { requestBody } = operation
      // What may be null may as well stay away.
      if (Object.values(requestBody?.content ?? {}).some(({ schema }) => takesNull(schema)))
        operation.requestBody = { ...requestBody, required: false }
      let isReadTagged = false
      for (const [status, answer] of Object.entries(operation.responses ?? {})) {
        const isTagged = config.tagged.has(status)
        if (status === '4XX')
          Object.assign(answer, {
            description:
              config.scim === true
                ? 'An error of SCIM (RFC 7644, 3.12).'
                : 'A problem document (RFC 9457).',
            headers: referAll([...ALWAYS, 'Retry-After', 'WWW-Authenticate']),
            content: refusal(operation, config),
          })
        else if (status === '5XX')
          operation.responses = {
            ...operation.responses,
            '5XX': shared(config.scim === true ? 'ScimOutage' : 'Outage'),
          }
        else
          Object.assign(answer, {
            description: outcomes[status] ?? answer.description,
            headers: referAll(headersOf(status, config, isTagged)),
          })
        if (method === 'get' && isTagged) isReadTagged = true
      }
      if (isReadTagged) operation.responses = { ...operation.responses, '304': shared('Unchanged') }
      const sent = parametersOf(config, isReadTagged).map((name) =>
        refer('parameters', name, parameters[name]),
      )
      if (sent.length > 0) operation.parameters = [...(operation.parameters ?? []), ...sent]
    }
  document.components = { ...document.components, ...Object.fromEntries(used) }
}

/** What refuses an operation, under the name of the operation. */
function refusal({ operationId = '' }: DescribedOperation, { codes, oauth, scim }: Declared) {
  const name = operationId.replace(/^./, (first) => first.toUpperCase())
  const refusals = codes.filter((code) => !isOutage(code))
  return scim === true
    ? scimContent(refusals, `${name}Error`)
    : problemContent(refusals, `${name}Problem`, oauth)
}

function takesNull(schema: object = {}): boolean {
  const { type, anyOf = [] } = schema as { type?: unknown; anyOf?: readonly object[] }
  return type === 'null' || anyOf.some(takesNull)
}

function parametersOf(
  { once, versioned }: FastifyContextConfig,
  isReadTagged: boolean,
): ParameterName[] {
  return [
    ...(once === true ? (['IdempotencyKey'] as const) : []),
    ...(versioned === true ? (['IfMatch'] as const) : []),
    ...(versioned === 'if-exists' ? (['IfMatchIfExists'] as const) : []),
    ...(isReadTagged ? (['IfNoneMatch'] as const) : []),
  ]
}

function headersOf(
  status: string,
  { once, versioned }: FastifyContextConfig,
  isTagged: boolean,
): HeaderName[] {
  const isMade =
    status === '202' ||
    status === '303' ||
    (status === '201' && (once === true || versioned !== undefined))
  return [
    ...ALWAYS,
    ...(isTagged ? (['ETag'] as const) : []),
    ...(isMade ? (['Location'] as const) : []),
    ...(once === true ? (['Idempotency-Replayed'] as const) : []),
  ]
}
