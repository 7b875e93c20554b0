import { STATUS_CODES } from 'node:http'
import { said, together, type Bilingual } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { problems, type ProblemCode } from '@erp-steward/contracts/problems'
import { isDatabaseAway } from '@erp-steward/messaging/database-away'
import type { ErrorObject } from 'ajv'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { App } from './app.ts'
import { faultsOf } from './faults.ts'
import { inLanguage, languageOf, type Language } from './language.ts'
import { asOAuth, oauthMembers } from './oauth-errors.ts'
import { isScimAddress, SCIM_JSON, scimError, scimStatusOf } from './scim-errors.ts'

const NOT_JSON = said('The body is not well-formed JSON.', '请求正文不是格式正确的 JSON。')

/** What Fastify itself refuses before a handler runs. */
const REFUSALS_OF_FRAMEWORK: Readonly<Record<string, readonly [ProblemCode, Bilingual]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [
    'body-too-large',
    said('The body is larger than this operation takes.', '请求正文超过此操作的上限。'),
  ],
  FST_ERR_CTP_EMPTY_JSON_BODY: [
    'malformed-request',
    said('The body is empty; this operation takes JSON.', '请求正文为空；此操作须有 JSON 正文。'),
  ],
  FST_ERR_CTP_INVALID_JSON_BODY: ['malformed-request', NOT_JSON],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'malformed-request',
    said(
      'The body is not as long as Content-Length says.',
      '请求正文的长度与 Content-Length 不符。',
    ),
  ],
}

/** What Fastify finds wrong with a body. */
const IS_ABOUT_BODY = /^FST_ERR_(?:CTP_|ROUTE_MISSING_CONTENT_TYPE)/

/** Methods of a path, none for one that is not there. */
export type MethodsOf = (path: string) => readonly string[]

/**
 * Answers every error as an RFC 9457 problem document; only a `Problem` shows its own text.
 *
 * `methodsBehind` knows the methods of paths that are another app's. Returns what knows those of every path.
 */
export function registerProblems(
  app: App,
  onRefused?: (request: FastifyRequest, problem: Problem) => void,
  methodsBehind: MethodsOf = () => [],
): MethodsOf {
  const ownMethods = rememberMethods(app)
  const methodsOf = (path: string) => [...ownMethods(path), ...methodsBehind(path)]
  const answerNotFound = (request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.split('?', 1)[0] ?? ''
    const detail = said(
      `There is no ${request.method} ${path}.`,
      `没有 ${request.method} ${path}。`,
    )
    const methods = methodsOf(path)
    if (methods.length === 0) return sendProblem(request, reply, new Problem('not-found', detail))
    void reply.header('allow', methods.join(', '))
    return sendProblem(request, reply, new Problem('method-not-allowed', detail))
  }
  app.setNotFoundHandler(answerNotFound)
  app.setErrorHandler((error: FastifyError, request, reply) => {
    // Fastify looks at the body before it says that there is nothing to send it to.
    if (request.is404 && IS_ABOUT_BODY.test(error.code)) return answerNotFound(request, reply)
    const problem = problemOf(error, request.routeOptions.schema?.consumes)
    // Four eyes that were only two are evidence as much as a missing permission.
    if (problem.status === 403 || problem.code === 'same-person') onRefused?.(request, problem)
    if (problem.status >= 500) request.log.error({ err: error }, 'request failed')
    else if (isUnstorable(error))
      request.log.warn({ err: error }, 'a value passed the schema that the database refused')
    const { problems: declared } = request.routeOptions.schema ?? {}
    if (declared !== undefined && !declared.includes(problem.code))
      request.log.warn({ code: problem.code }, 'the operation does not declare this problem')
    return sendProblem(request, reply, problem)
  })
  return methodsOf
}

/** Answers which methods a path has, from the routes that the app is given from now on; pages under `/*` left out. */
function rememberMethods(app: App): (path: string) => string[] {
  const routes: { readonly pattern: readonly string[]; readonly methods: readonly string[] }[] = []
  app.addHook('onRoute', ({ url, method }) => {
    if (!url.includes('*')) routes.push({ pattern: url.split('/'), methods: [method].flat() })
  })
  return (path) => {
    const segments = path.split('/')
    const fitting = routes.filter(({ pattern }) => isPathOf(pattern, segments))
    return [...new Set(fitting.flatMap(({ methods }) => methods))].toSorted()
  }
}

/** Whether the segments of a path fit those of a route, in which `:name` or `{name}` stands for any one that is not empty. */
export function isPathOf(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, at) => (/^[:{]/.test(part) ? segments[at] !== '' : part === segments[at]))
  )
}

/** What a 401 asks for other than a token. Source: RFC 9470, 3. */
const CHALLENGES: Readonly<Partial<Record<ProblemCode, string>>> = {
  'second-factor-stale': 'Bearer error="insufficient_user_authentication", acr_values="aal2"',
}

/** Writes the problem document in the language the caller prefers. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, refused: Problem) {
  const language = languageOf(request)
  const { oauth = false } = request.routeOptions.config
  const problem = oauth ? asOAuth(refused) : refused
  answeredProblems.set(reply, problem.code)
  if (problem.status === 401)
    void reply.header(
      'www-authenticate',
      oauth ? 'Basic realm="clients"' : (CHALLENGES[problem.code] ?? 'Bearer'),
    )
  const { retryAfterSeconds, ...extras } = problem.extras
  if (typeof retryAfterSeconds === 'number')
    void reply.header('retry-after', String(Math.ceil(retryAfterSeconds)))
  if (isScimAddress(request.url))
    return reply
      .code(scimStatusOf(problem))
      .header('content-language', language)
      .type(SCIM_JSON)
      .serializer(JSON.stringify)
      .send(scimError(problem, problem.detail[language]))
  return reply
    .code(problem.status)
    .header('content-language', language)
    .type(oauth ? 'application/json' : 'application/problem+json')
    .serializer(JSON.stringify)
    .send({
      ...problemDocument(problem, language, request.id),
      ...inLanguage(extras, language),
      ...(oauth && oauthMembers(problem)),
    })
}

const answeredProblems = new WeakMap<FastifyReply, ProblemCode>()

/** The code of the problem that was answered, also where the answer does not name it. */
export const answeredProblem = (reply: FastifyReply) => answeredProblems.get(reply)

/** What RFC 9457 has every problem document say. */
export const problemDocument = (problem: Problem, language: Language, requestId: string) => ({
  type: `/problems/${problem.code}`,
  title: problems[problem.code].title[language],
  status: problem.status,
  code: problem.code,
  detail: problem.detail[language],
  instance: `urn:request:${requestId}`,
})

/**
 * The problem that an error is for a caller: its own text for a `Problem`, a bare 500 for a bug.
 *
 * @param taken media types of bodies that the operation takes
 */
export function problemOf(
  error: FastifyError | Problem,
  taken: readonly string[] = ['application/json'],
): Problem {
  if (error instanceof Problem) return error
  if (error.validation !== undefined) {
    // What Ajv told; Fastify's own type leaves members of it out.
    const told = error.validation as ErrorObject[]
    const errors = faultsOf(told, error.validationContext ?? 'body')
    const detail = together(errors.map((fault) => fault.detail))
    return new Problem('validation-failed', detail, { errors })
  }
  const known = REFUSALS_OF_FRAMEWORK[error.code]
  if (known !== undefined) return new Problem(...known)
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return new Problem(
      'media-type-unsupported',
      said(
        `Send the body with the Content-Type ${taken.join(' or ')}.`,
        `请以 Content-Type ${taken.join(' 或 ')} 发送请求正文。`,
      ),
    )
  if (error instanceof SyntaxError && error.statusCode === 400)
    return new Problem('malformed-request', NOT_JSON)
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
    return new Problem(
      'malformed-request',
      said(STATUS_CODES[error.statusCode] ?? 'Bad Request', '请求有误。'),
    )
  if (isDatabaseAway(error))
    return new Problem('unavailable', said('The database is not available.', '数据库不可用。'), {
      retryAfterSeconds: 5,
    })
  if (isUnstorable(error))
    return new Problem(
      'validation-failed',
      said(
        'A value cannot be stored: out of range, or not of the type it stands for.',
        '有数值无法存储：超出范围，或类型不符。',
      ),
    )
  return new Problem(
    'internal-error',
    said('The cause is in the log under this instance.', '原因见日志中此 instance 的记录。'),
  )
}

/** PostgreSQL's class 22, data exceptions: the last net below the schemas, for the value came with the request. */
function isUnstorable(error: Error & { code?: string }): boolean {
  return /^22[0-9A-Z]{3}$/.test(error.code ?? '')
}
