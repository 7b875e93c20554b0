import { asyncApiDocument } from '@erp-steward/contracts/async-api'
import { eventCatalog } from '@erp-steward/contracts/event-catalog'
import { problemNamed } from '@erp-steward/contracts/problems'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { App } from '@erp-steward/service-kit/app'
import { languageOf } from '@erp-steward/service-kit/language'
import { writtenOnce } from '@erp-steward/service-kit/written-once'
import fastifySwaggerUi from '@fastify/swagger-ui'
import { Type } from 'typebox'
import type { Catalogue } from './catalogue.ts'

/** Where the documentation pages are served. */
export const DOCS = '/docs'
/** Where the document of the events is served. */
export const EVENTS = '/asyncapi.json'

/** Nothing from elsewhere, no inline script; the pages' inline styles and data images are their own. */
const CONTENT_POLICY = [
  "default-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "img-src 'self' data:",
  "object-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
].join('; ')

/** The documentation page on the merged document, the document of the events, and the meaning of each problem code. */
export async function documentRoutes(app: App, catalogue: Catalogue): Promise<void> {
  await app.register(fastifySwaggerUi, {
    routePrefix: DOCS,
    theme: { title: 'ERP Steward' },
    staticCSP: CONTENT_POLICY,
    uiConfig: { layout: 'BaseLayout', tagsSorter: 'alpha', docExpansion: 'none', filter: true },
    transformSpecification: () => catalogue.merged.document,
    transformSpecificationClone: false,
  })

  app.get('/', { config: { access: 'public' }, schema: { hide: true } }, (_request, reply) =>
    reply.redirect(`${DOCS}/`),
  )

  const events = writtenOnce(() => JSON.stringify(asyncApiDocument(eventCatalog)))
  app.get(EVENTS, { config: { access: 'public' }, schema: { hide: true } }, (_request, reply) => {
    const { text, tag } = events()
    return reply.header('etag', tag).type('application/json').send(text)
  })

  app.get(
    '/problems/:code',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'readProblem',
        problems: ['not-found'],
        summary: 'What a problem code means and what to do about it.',
        tags: ['gateway'],
        params: Type.Object({
          code: Type.String({ maxLength: 100, description: 'The `code` of the problem document.' }),
        }),
        response: {
          200: Type.Object(
            {
              code: Type.String({ description: 'The code that was asked for.' }),
              status: Type.Integer({ description: 'The HTTP status that it always comes with.' }),
              title: Type.Object(
                {
                  en: Type.String({ description: 'In English.' }),
                  'zh-CN': Type.String({ description: 'In Chinese.' }),
                },
                { description: 'What it means.' },
              ),
              remedy: Type.String({
                description: 'What the caller does about it, in the language preferred.',
              }),
            },
            { title: 'ProblemMeaning' },
          ),
        },
      },
    },
    (request) => {
      const { code } = request.params
      const found = problemNamed(code)
      if (found === undefined)
        throw new Problem('not-found', said('There is no such problem code.', '没有此问题代码。'))
      const { status, title, remedy } = found
      return { code, status, title, remedy: remedy[languageOf(request)] }
    },
  )
}
