import type { App } from '@erp-steward/service-kit/app'
import { openApiOf } from '@erp-steward/service-kit/open-api'
import type { FastifyReply } from 'fastify'

interface Answer {
  readonly $ref?: string
  readonly headers?: object
}

interface Documented {
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { readonly responses: Record<string, Answer> }
}

interface Operation {
  readonly operationId: string
  readonly responses: Record<string, Answer>
}

/** Headers that a caller acts on; an answer has none of them that the document does not name. */
const TOLD = ['ETag', 'Location', 'Idempotency-Replayed', 'Retry-After', 'WWW-Authenticate']

/**
 * Compares every answer of the operations declared from now on with what the OpenAPI document says of it: its status
 * and its headers. Answers how to fail by what was found.
 */
export function compareWithDocument(app: App): () => void {
  const faults = new Set<string>()
  let operations: ReadonlyMap<string, Operation> | undefined
  app.addHook('onSend', (request, reply, payload, done) => {
    const id = request.routeOptions.schema?.operationId
    if (id !== undefined && request.routeOptions.schema?.hide !== true) {
      operations ??= operationsOf(app)
      for (const fault of faultsOf(operations.get(id), reply)) faults.add(`${id}: ${fault}`)
    }
    done(null, payload)
  })
  return () => {
    if (faults.size > 0)
      throw new Error(`answers that are not as documented:\n${[...faults].join('\n')}`)
  }
}

function operationsOf(app: App): ReadonlyMap<string, Operation> {
  const { paths, components } = openApiOf(app) as unknown as Documented
  const resolved = (answer: Answer) =>
    components.responses[answer.$ref?.split('/').at(-1) ?? ''] ?? answer
  const operations = Object.values(paths).flatMap((item) => Object.values(item))
  return new Map(
    operations.map((operation) => {
      const answers = Object.entries(operation.responses)
      const responses = Object.fromEntries(answers.map(([at, answer]) => [at, resolved(answer)]))
      return [operation.operationId, { ...operation, responses }]
    }),
  )
}

function faultsOf(operation: Operation | undefined, reply: FastifyReply) {
  const { statusCode: status } = reply
  const answer =
    operation?.responses[String(status)] ??
    (status < 400 ? undefined : operation?.responses[`${String(status)[0] ?? ''}XX`])
  if (answer === undefined) return [`answered ${String(status)}`]
  const named = Object.keys(answer.headers ?? {})
  const faults = TOLD.filter((name) => reply.hasHeader(name) && !named.includes(name)).map(
    (name) => `answered ${String(status)} with ${name}`,
  )
  if (named.includes('ETag') && !reply.hasHeader('ETag'))
    faults.push(`answered ${String(status)} without ETag`)
  return faults
}
