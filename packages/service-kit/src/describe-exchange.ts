import type { ProblemCode } from '@erp-steward/contracts/problems'
import type { FastifyContextConfig } from 'fastify'
import { ENTITY_TAG_PATTERN, IDEMPOTENCY_KEY_PATTERN } from './preconditions.ts'

/** As much of an OpenAPI document as is written here. */
export interface Described {
  paths?: Record<string, Record<string, DescribedOperation>>
  components?: Record<string, Record<string, object>>
}

export interface DescribedOperation {
  operationId?: string
  parameters?: object[]
  responses?: Record<string, DescribedAnswer>
}

export interface DescribedAnswer {
  description?: string
  headers?: Record<string, object>
  content?: Record<string, { readonly schema?: object }>
  'x-problem-codes'?: readonly ProblemCode[]
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
      'The `ETag` that you read: the version that you change. Another one since then is answered with 412.',
    schema: text({ pattern: ENTITY_TAG_PATTERN }),
    example: '"3"',
  },
  IfMatchIfExists: {
    name: 'If-Match',
    in: 'header',
    required: false,
    description:
      'The `ETag` that you read, where there is something to change; left out to create. Without it a change is answered with 428.',
    schema: text({ pattern: ENTITY_TAG_PATTERN }),
    example: '"3"',
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    required: false,
    description:
      'The `ETag` of what you hold already; it is answered with 304 while it is current.',
    schema: text({ minLength: 1 }),
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
    schema: text({ enum: ['Bearer'] }),
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

/**
 * Completes a document with what no schema of a route says: the headers of requests and answers, and the problems that
 * follow from what an operation declares. Callers meet the services behind the gateway, so what that adds is there, too.
 *
 * `configs` are the declarations of the routes by operationId.
 */
export function describeExchange(
  document: Described,
  configs: ReadonlyMap<string, FastifyContextConfig>,
): void {
  const used = new Map<string, Record<string, object>>()
  const refer = (kind: string, component: string, definition: object) => {
    used.set(kind, { ...used.get(kind), [component]: definition })
    return { $ref: `#/components/${kind}/${component}` }
  }
  const header = (name: HeaderName): [string, object] => [
    name,
    refer('headers', name, headers[name]),
  ]

  for (const item of Object.values(document.paths ?? {}))
    for (const [method, operation] of Object.entries(item)) {
      const config = configs.get(operation.operationId ?? '')
      if (config === undefined) continue
      const answers = Object.entries(operation.responses ?? {})
      const isTagged = ([status, answer]: [string, DescribedAnswer]) =>
        status.startsWith('2') && hasVersion(document, answer)
      const isReadTagged = method === 'get' && answers.some(isTagged)
      const sent = parametersOf(config, isReadTagged).map((name) =>
        refer('parameters', name, parameters[name]),
      )
      if (sent.length > 0) operation.parameters = [...(operation.parameters ?? []), ...sent]
      operation.responses = Object.fromEntries(
        answers.map(([status, answer]) => [
          status,
          {
            ...answer,
            headers: Object.fromEntries(
              headersOf(status, config, isTagged([status, answer])).map(header),
            ),
            ...(status === '4XX' && { 'x-problem-codes': refusals(method, operation, config) }),
            ...(status === '5XX' && { 'x-problem-codes': OUTAGES }),
          },
        ]),
      )
      if (isReadTagged)
        operation.responses['304'] = {
          description: 'What you hold, by `If-None-Match`, is current.',
          headers: Object.fromEntries([...ALWAYS, 'ETag' as const].map(header)),
        }
    }
  document.components = { ...document.components, ...Object.fromEntries(used) }
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
  { access, once, versioned }: FastifyContextConfig,
  isTagged: boolean,
): HeaderName[] {
  if (status === '4XX' && access !== 'public') return [...ALWAYS, 'Retry-After', 'WWW-Authenticate']
  if (!status.startsWith('2')) return [...ALWAYS, 'Retry-After']
  const isMade =
    status === '202' || (status === '201' && (once === true || versioned !== undefined))
  return [
    ...ALWAYS,
    ...(isTagged ? (['ETag'] as const) : []),
    ...(isMade ? (['Location'] as const) : []),
    ...(once === true ? (['Idempotency-Replayed'] as const) : []),
  ]
}

/** Whether an answer is one resource with its version, which is then its entity tag. */
function hasVersion(document: Described, { content }: DescribedAnswer): boolean {
  const schema = content?.['application/json']?.schema as
    { $ref?: string; properties?: Record<string, unknown> } | undefined
  const name = schema?.$ref?.split('/').at(-1)
  const found = name === undefined ? schema : document.components?.schemas?.[name]
  return (found as typeof schema)?.properties?.version !== undefined
}

const OUTAGES: readonly ProblemCode[] = [
  'internal-error',
  'unavailable',
  'upstream-failed',
  'upstream-timeout',
]

/** The refusals that follow from what an operation declares, by name; those of its rules are not among them. */
function refusals(
  method: string,
  { parameters: sent = [] }: DescribedOperation,
  { access, approves, once, versioned }: FastifyContextConfig,
): ProblemCode[] {
  const hasCursor = sent.some((parameter) => 'name' in parameter && parameter.name === 'cursor')
  const codes: ProblemCode[] = [
    ...(['malformed-request', 'validation-failed'] as const),
    ...(['network-refused', 'clear-text-refused', 'quota-exceeded'] as const),
    ...(access === 'public' ? [] : (['unauthenticated', 'token-revoked'] as const)),
    ...(access === 'public' || access === 'signed-in' ? [] : (['permission-missing'] as const)),
    ...(approves === true ? (['approval-cooling'] as const) : []),
    ...(method === 'get' ? [] : (['body-too-large', 'media-type-unsupported'] as const)),
    ...(hasCursor ? (['cursor-unusable'] as const) : []),
    ...(once === true ? (['idempotency-key-missing', 'idempotency-key-reused'] as const) : []),
    ...(versioned === undefined ? [] : (['precondition-required', 'version-stale'] as const)),
  ]
  return codes.toSorted()
}
