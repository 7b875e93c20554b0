import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { ProblemCode } from '@erp-steward/contracts/problems'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, principalOf } from '@erp-steward/service-kit/authentication'
import { languageOf, type Language } from '@erp-steward/service-kit/language'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { DataSource } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { openUserName } from '../accounts/sealed-user-name.ts'
import { PersonEntity } from '../people/person.ts'
import { openName } from '../people/sealed-person.ts'
import { SessionEntity } from '../sessions/session.ts'
import type { Means } from '../sessions/sign-in.ts'
import { userAgentOf } from '../sessions/user-agent.ts'
import { askingFrontEnd, readRequest, signInFor, type Asking, type Typed } from './authorize.ts'
import { pageHeaders, signInPage, wordPage } from './pages.ts'
import { takeForms } from './form-body.ts'
import type { Parameters } from './rules/authorization-request.ts'
import { scopesOf } from './rules/scope.ts'
import { signOutOf } from './sign-out.ts'

const parameter = (description: string, maxLength = 2_000) =>
  Type.Optional(Type.String({ maxLength, description }))

/** Parameters of an authorization request, as they come by a browser. */
const Request = {
  client_id: parameter('The front end.', 100),
  redirect_uri: parameter('One of its addresses, to the letter.'),
  response_type: parameter('`code`.', 100),
  response_mode: parameter('`query`, or left away.', 100),
  scope: parameter(
    '`openid`, `profile`, and permissions that the tokens shall be narrowed to.',
    4_000,
  ),
  state: parameter('Comes back as it is.'),
  nonce: parameter('Stands in the identity token.'),
  code_challenge: parameter('SHA-256 of the verifier in base64url (PKCE).', 200),
  code_challenge_method: parameter('`S256`.', 100),
  prompt: parameter('`none` is answered with `login_required`: people sign in each time.', 100),
  ui_locales: parameter('Languages of the page, the preferred first: `zh-CN`, `en`.', 200),
  request: parameter('Not supported.'),
  request_uri: parameter('Not supported.'),
}
/** Those that go along with the form. */
const KEPT = Object.keys(Request).filter((name) => name !== 'prompt') as (keyof typeof Request)[]

const Html = { 'text/html': { schema: Type.String({ description: 'A page for people.' }) } }
const page = (description: string) => ({ description, content: Html })
const sentBack = {
  description: 'Back to the front end, with `code` or `error`, `state` and `iss` (RFC 9207).',
  type: 'null',
} as const

const UserInfo = Type.Object(
  {
    sub: Type.String({ description: 'Account id, as in the identity token.' }),
    name: Type.Optional(Type.String({ description: 'With the scope `profile`.' })),
    preferred_username: Type.Optional(Type.String({ description: 'With the scope `profile`.' })),
  },
  { title: 'UserInfo' },
)

const tags = ['tokens']

interface Options {
  readonly db: DataSource
  readonly clock: () => Date
  readonly issuer: string
  readonly means: Means
}

/** What people see who sign in for a front end, who they are to it, and how they sign out again. */
export async function frontEndRoutes(app: App, options: Options): Promise<void> {
  userInfoRoute(app, options)
  await app.register((scope: App, _options, done) => {
    takeForms(scope)
    authorizationRoutes(scope, options)
    signOutRoutes(scope, options)
    done()
  })
}

function authorizationRoutes(scope: App, { db, clock, issuer, means }: Options): void {
  const config = { access: 'public', oauth: true, clauses: ['A-2.2.1', 'A-2.2.2'] } as const
  scope.get(
    '/v1/authorizations',
    {
      config,
      schema: {
        operationId: 'showSignIn',
        summary: 'The page on which a person signs in for a front end (authorization code, PKCE).',
        tags,
        querystring: Type.Object(Request),
        response: { 200: page('The page.'), 303: sentBack, 400: page('Sent back to nobody.') },
      },
    },
    async (request, reply) => {
      const asking = await askingFrontEnd(db.manager, request.query)
      const language = languageFor(request, request.query)
      if (asking === null) return sayUnknown(reply, language)
      const asked = readRequest(asking, request.query)
      if ('error' in asked) return sendBack(reply, asking, issuer, fault(asked))
      return showForm(reply, asking, request.query, { language, typed: null })
    },
  )

  scope.post(
    '/v1/authorizations',
    {
      config,
      schema: {
        operationId: 'signInForFrontEnd',
        summary: 'What the page sends: signs a person in and sends the browser back with a code.',
        tags,
        consumes: ['application/x-www-form-urlencoded'],
        body: Type.Object({
          ...Request,
          user_name: Type.String({ maxLength: 100, description: 'Of the account.' }),
          password: Type.String({ maxLength: 2_000, description: 'Its password.' }),
          code: parameter('Of the second factor; empty where the account has none.', 40),
          new_password: parameter('Where an own one has to be chosen first.'),
          new_password_again: parameter('The same.'),
        }),
        response: {
          200: page('An own password has to be chosen first.'),
          303: sentBack,
          400: page('Sent back to nobody.'),
          403: page('The sign-in was refused.'),
          409: page('As many sessions of the account are open as are allowed.'),
          423: page('Signing in is locked.'),
          503: page('The directory of the company is away, or too many sign in at once.'),
        },
      },
    },
    async (request, reply) => {
      const { body } = request
      const asking = await askingFrontEnd(db.manager, body)
      const language = languageFor(request, body)
      if (asking === null) return sayUnknown(reply, language)
      const asked = readRequest(asking, body)
      if ('error' in asked) return sendBack(reply, asking, issuer, fault(asked))
      const typed = typedIn(body)
      const from = { sourceIp: request.ip, userAgent: userAgentOf(request) }
      try {
        const signed = await signInFor(db, means, asked, typed, from, actOf(request, clock()))
        if ('code' in signed) return await sendBack(reply, asking, issuer, { code: signed.code })
        return await showForm(reply, asking, body, { language, typed, ...signed })
      } catch (error) {
        if (!(error instanceof Problem)) throw error
        return refuse(reply, asking, body, { language, typed, problem: error })
      }
    },
  )
}

const fault = ({ error, description }: { error: string; description: string }) => ({
  error,
  error_description: description,
})

function typedIn(body: {
  user_name: string
  password: string
  code?: string
  new_password?: string
  new_password_again?: string
}): Typed {
  const {
    user_name: userName,
    password,
    code = '',
    new_password: chosen,
    new_password_again: again = '',
  } = body
  return {
    ...{ userName, password, code: code === '' ? null : code },
    chosen: chosen === undefined ? null : { password: chosen, again },
  }
}

/** As the front end asks by `ui_locales`, else as the browser prefers. */
function languageFor(request: FastifyRequest, { ui_locales: locales = '' }: Parameters): Language {
  const wanted = locales.split(' ').find((each) => /^(?:zh|en)\b/i.test(each))
  if (wanted === undefined) return languageOf(request)
  return wanted.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en'
}

function sendBack(
  reply: FastifyReply,
  { redirectUri, state }: Asking,
  issuer: string,
  answer: Readonly<Record<string, string>>,
): FastifyReply {
  const target = new URL(redirectUri)
  for (const [name, value] of Object.entries({
    ...answer,
    ...(state !== null && { state }),
    iss: issuer,
  }))
    target.searchParams.append(name, value)
  return reply
    .code(303)
    .headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
    .header('location', target.href)
    .send(undefined)
}

function showForm(
  reply: FastifyReply,
  { frontEnd, redirectUri }: Asking,
  parameters: Parameters,
  shown: {
    readonly language: Language
    readonly typed: Typed | null
    readonly mustChange?: boolean
    readonly fault?: Bilingual | null
  },
): FastifyReply {
  const { language, typed, mustChange = false, fault: wrong = null } = shown
  const hidden = Object.fromEntries(
    KEPT.flatMap((name) => {
      const value = parameters[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
  const html = signInPage({
    ...{ language, hidden, mustChange, fault: wrong },
    frontEnd: frontEnd.name,
    userName: typed?.userName ?? '',
  })
  return reply.headers(pageHeaders(language, redirectUri)).send(html)
}

/** What a browser is answered, with the form again; 401 would make it ask for a password of its own. */
const PAGE_STATUS: Readonly<Partial<Record<ProblemCode, number>>> = {
  'sign-in-refused': 403,
  'sign-in-locked': 423,
  'session-limit': 409,
  unavailable: 503,
  'second-factor-needed': 403,
  'second-factor-refused': 403,
  'second-factor-locked': 423,
}

function refuse(
  reply: FastifyReply,
  asking: Asking,
  parameters: Parameters,
  { language, typed, problem }: { language: Language; typed: Typed; problem: Problem },
): FastifyReply {
  const { retryAfterSeconds } = problem.extras
  const status = PAGE_STATUS[problem.code]
  if (status === undefined) throw problem
  if (retryAfterSeconds !== undefined)
    void reply.header('retry-after', String(Math.ceil(retryAfterSeconds)))
  void reply.code(status)
  const mustChange = typed.chosen !== null
  return showForm(reply, asking, parameters, { language, typed, mustChange, fault: problem.detail })
}

function sayUnknown(reply: FastifyReply, language: Language): FastifyReply {
  return reply
    .code(400)
    .headers(pageHeaders(language, null))
    .send(
      wordPage(
        language,
        said('This sign-in cannot go on', '无法继续登录'),
        said(
          'The program that sent you here is not registered, or not with the address that you should be sent back to. Tell its operator.',
          '将您引导至此的程序未登记，或其回调地址未登记。请告知该程序的运维人员。',
        ),
      ),
    )
}

function signOutRoutes(scope: App, { db, clock, issuer }: Options): void {
  const parameters = {
    id_token_hint: parameter('The identity token of the sign-in that shall end.', 8_000),
    post_logout_redirect_uri: parameter('One of the addresses of the front end, to the letter.'),
    client_id: parameter('The front end, if it says so.', 100),
    state: parameter('Comes back as it is.'),
    ui_locales: parameter('Languages of the page.', 200),
  }
  const answers = {
    200: page('Signed out.'),
    303: { description: 'Back to the front end, with `state`.', type: 'null' },
    400: page('Nobody was signed out.'),
  } as const
  const handle = async (request: FastifyRequest, reply: FastifyReply, sent: Parameters) => {
    const language = languageFor(request, sent)
    const { id_token_hint: hint = '', post_logout_redirect_uri: redirectUri = null } = sent
    const { client_id: clientId = null, state } = sent
    const act = actOf(request, clock())
    const out = await signOutOf(db, issuer, { hint, redirectUri, clientId }, act)
    const leadsTo = out?.redirectUri ?? null
    if (leadsTo !== null) {
      const target = new URL(leadsTo)
      if (state !== undefined) target.searchParams.append('state', state)
      return reply.code(303).header('location', target.href).send(undefined)
    }
    const [title, text] = out === null ? NOT_OUT : OUT
    return reply
      .code(out === null ? 400 : 200)
      .headers(pageHeaders(language, null))
      .send(wordPage(language, title, text))
  }
  const config = { access: 'public', oauth: true, clauses: ['A-2.2.6'] } as const
  scope.get(
    '/v1/sign-out',
    {
      config,
      schema: {
        operationId: 'signOutOfFrontEnd',
        summary: 'Ends the session of an identity token (RP-Initiated Logout 1.0).',
        tags,
        querystring: Type.Object(parameters),
        response: answers,
      },
    },
    (request, reply) => handle(request, reply, request.query),
  )
  scope.post(
    '/v1/sign-out',
    {
      config,
      schema: {
        operationId: 'postSignOut',
        summary: 'The same by a form, whose address says nothing in a log.',
        tags,
        consumes: ['application/x-www-form-urlencoded'],
        body: Type.Object(parameters),
        response: answers,
      },
    },
    (request, reply) => handle(request, reply, request.body),
  )
}

const OUT = [
  said('Signed out', '已退出登录'),
  said('You may close this page.', '您可以关闭此页面。'),
] as const
const NOT_OUT = [
  said('Nobody was signed out', '未退出任何登录'),
  said(
    'The program that sent you here did not say which sign-in shall end, or names an address that is not its own.',
    '将您引导至此的程序未指明要结束的登录，或所给地址未登记。',
  ),
] as const

function userInfoRoute(app: App, { db }: Options): void {
  app.get(
    '/v1/userinfo',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'readUserInfo',
        summary: 'Who has signed in, for a front end (OpenID Connect Core, 5.3).',
        tags,
        response: { 200: UserInfo },
      },
    },
    async (request) => {
      const { actor, personId, sessionId } = principalOf(request)
      const session = await db.manager.findOneBy(SessionEntity, { id: sessionId ?? actor })
      if (!scopesOf(session?.scope ?? '').includes('profile')) return { sub: actor }
      const account = await db.manager.findOneBy(AccountEntity, { id: actor })
      const person =
        personId === null ? null : await db.manager.findOneBy(PersonEntity, { id: personId })
      return {
        sub: actor,
        ...(account !== null && { preferred_username: openUserName(db.manager, account) }),
        ...(person !== null && { name: openName(db.manager, person) }),
      }
    },
  )
}
