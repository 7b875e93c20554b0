import { beforeAll, expect, test } from '@jest/globals'
import { problems, type ProblemCode } from '@erp-steward/contracts/problems'
import { bulkOperations, vitalOperations } from '@erp-steward/contracts/priority'
import { serviceNames, streamedPaths } from '@erp-steward/contracts/services'
import { tags } from '@erp-steward/contracts/tags'
import { HOW_TO_BEGIN } from '@erp-steward/gateway/documents/how-to-begin'
import {
  mergeDocuments,
  type OpenApiDocument,
} from '@erp-steward/gateway/documents/merge-documents'
import { openApiDocuments } from '../scripts/generated-documents.ts'

interface Schema {
  readonly [keyword: string]: unknown
  readonly $ref?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
}

interface Operation {
  readonly operationId: string
  readonly summary?: string
  readonly parameters?: readonly (Schema & { readonly schema?: Schema })[]
  readonly tags: readonly string[]
  readonly requestBody?: { readonly content: Readonly<Record<string, object>> }
}

const documents = new Map<string, OpenApiDocument>()
beforeAll(async () => {
  for (const [path, text] of await openApiDocuments())
    documents.set(path.replace(/^.*\/|\.json$/g, ''), JSON.parse(text) as OpenApiDocument)
})

const merged = () =>
  mergeDocuments(
    { title: 'ERP Steward', version: '1' },
    [...documents].map(([owner, document]) => ({ owner, document, routes: () => true })),
  )

function operations(): Operation[] {
  return Object.values(merged().document.paths).flatMap(
    (item) => Object.values(item) as unknown as Operation[],
  )
}

/** Every schema of a document, by where it stands. */
function schemas(document: unknown): { readonly at: string; readonly schema: Schema }[] {
  const found: { at: string; schema: Schema }[] = []
  const walk = (value: unknown, at: string): void => {
    if (typeof value !== 'object' || value === null) return
    if (!Array.isArray(value)) found.push({ at, schema: value as Schema })
    for (const [key, inner] of Object.entries(value))
      if (!/^(examples?|default|enum|const)$/.test(key)) walk(inner, `${at}/${key}`)
  }
  walk(document, '#')
  return found
}

/** Whether it has words of its own, or those of the name that it refers to. */
function isTold(schema: Schema | undefined, document: OpenApiDocument | undefined): boolean {
  if (schema === undefined) return false
  const name = schema.$ref?.split('/').at(-1)
  const named = name === undefined ? undefined : document?.components?.schemas?.[name]
  return [schema, named as Schema | undefined].some((each) => (each?.description ?? '') !== '')
}

test('a name is one shape in all services, and no two of them document the same', () => {
  expect(merged().clashes).toEqual([])
})

test('every problem is one that an operation declares, so that no code is without an author', () => {
  const declared = new Set(
    schemas(merged().document).flatMap(({ at, schema }) => {
      // Errors of SCIM name no code; beside them stands what they are for.
      const ofScim = (schema['x-problems'] ?? []) as readonly string[]
      const { code } = schema.properties ?? {}
      return at === '#/components/schemas/Problem' || code?.enum === undefined
        ? ofScim
        : (code.enum as readonly string[])
    }),
  )
  expect(declared.size).toBeGreaterThan(100)
  /** Answered where there is no operation. */
  const ofNone: readonly ProblemCode[] = ['method-not-allowed']
  const undeclared = Object.keys(problems).filter((code) => !declared.has(code))
  expect(undeclared).toEqual(ofNone)
})

test('every tag of an operation has its sentence, and no sentence is of a tag that none has', () => {
  const used = new Set(operations().flatMap((operation) => operation.tags))
  const own = ['gateway', 'health', 'attention']
  expect([...used].toSorted()).toEqual(
    Object.keys(tags)
      .filter((tag) => !own.includes(tag) || used.has(tag))
      .toSorted(),
  )
  expect(merged().document.tags).toContainEqual({ name: 'tickets', description: tags.tickets })
})

test('every operation that the docs page names at its top is there, and Chinese names what English does', () => {
  const { paths } = merged().document
  const named = [...HOW_TO_BEGIN.matchAll(/`(GET|POST|PUT) (\/[^`]*)`/g)]
  const [english = '', chinese = ''] = HOW_TO_BEGIN.split('**如何取得令牌。**')
  const texts = (page: string) => [...page.matchAll(/`[^`]+`/g)].map(([text]) => text)
  expect(new Set(texts(chinese.replace('<令牌>', '<token>')))).toEqual(new Set(texts(english)))
  const missing = named.filter(([text, method = '', path = '']) => {
    // The gateway's own, which is in no document of a service.
    if (text === '`GET /problems/{code}`') return false
    const item = paths[path] as Readonly<Record<string, unknown>> | undefined
    return item?.[method.toLowerCase()] === undefined
  })
  expect(missing.map(([text]) => text)).toEqual([])
})

test('what is vital or bulk at the door is an operation of the document', () => {
  const documented = Object.entries(merged().document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(documented).toEqual(expect.arrayContaining([...vitalOperations, ...bulkOperations]))
})

test('the gateway keeps apart exactly the answers that have no end', () => {
  const endless = Object.entries(merged().document.paths).filter(([, item]) =>
    JSON.stringify(item).includes('"text/event-stream"'),
  )
  expect(endless.map(([path]) => path)).toEqual(streamedPaths)
})

test('the document says where its operations are', () => {
  expect(merged().document.servers).toMatchObject([{ url: '/' }])
})

test.each([
  ['importPersons', ['application/vnd.openxml', 'application/x-ndjson', 'text/csv']],
  ['writeSamples', ['application/x-protobuf']],
])('the body of %s, which no schema checks, is described', (id, types) => {
  const content = operations().find((each) => each.operationId === id)?.requestBody?.content ?? {}
  expect(Object.keys(content).toSorted()).toEqual(
    types.map((type) => expect.stringContaining(type)),
  )
  for (const media of Object.values(content))
    expect(media).toMatchObject({ schema: { description: expect.any(String) } })
})

test('a webhook is described with its message and its signature', () => {
  expect(merged().document.webhooks).toMatchObject({
    ticketChanged: {
      post: {
        parameters: [
          { name: 'webhook-id' },
          { name: 'webhook-timestamp' },
          { name: 'webhook-signature' },
        ],
        requestBody: {
          content: {
            'application/json': { schema: { $ref: '#/components/schemas/WebhookMessage' } },
          },
        },
      },
    },
  })
})

test('the alternatives of a union that a constant tells apart are named, so that it says by which member', () => {
  const untold = [...documents].flatMap(([name, document]) =>
    schemas(document).flatMap(({ at, schema }) => {
      const alternatives = (schema.anyOf ?? []) as readonly Schema[]
      const inline = alternatives.filter(({ properties = {} }) =>
        Object.values(properties).some(
          (member) => 'const' in member || (member.enum as unknown[] | undefined)?.length === 1,
        ),
      )
      return inline.length > 0 ? [`${name} ${at}`] : []
    }),
  )
  expect(untold).toEqual([])
})

test.each(serviceNames)('every member of %s says what it means', (name) => {
  const document = documents.get(name)
  const bare = schemas(document).flatMap(({ at, schema: { properties = {} } }) =>
    Object.entries(properties).flatMap(([member, schema]) =>
      isTold(schema, document) ? [] : [`${at}/${member}`],
    ),
  )
  expect(bare).toEqual([])
})

test.each(serviceNames)(
  'every operation of %s and each of its parameters says what it is for',
  (name) => {
    const document = documents.get(name)
    const bare = Object.entries(document?.paths ?? {}).flatMap(([path, item]) =>
      Object.entries(item as Readonly<Record<string, Operation>>).flatMap(
        ([method, { summary = '', parameters = [] }]) => [
          ...(summary === '' ? [`${method} ${path}`] : []),
          ...parameters
            .filter((parameter) => parameter.$ref === undefined)
            .filter(
              (parameter) => !isTold(parameter, document) && !isTold(parameter.schema, document),
            )
            .map((parameter) => `${method} ${path} ${String(parameter.name)}`),
        ],
      ),
    )
    expect(bare).toEqual([])
  },
)

test.each(serviceNames)('every resource that %s answers has a name', (name) => {
  const unnamed = Object.values(documents.get(name)?.paths ?? {}).flatMap((item) =>
    Object.values(item).flatMap((operation) => {
      const { operationId, responses } = operation as {
        operationId: string
        responses: Record<string, { content?: Record<string, { schema: Schema }> }>
      }
      return Object.values(responses).flatMap(({ content = {} }) =>
        // A copy of the ledger is text.
        Object.values(content).some(({ schema }) => !('$ref' in schema) && schema.type !== 'string')
          ? [operationId]
          : [],
      )
    }),
  )
  expect(unnamed).toEqual([])
})
