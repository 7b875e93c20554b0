import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { roles } from '@erp-steward/contracts/permissions'
import { serviceNames } from '@erp-steward/contracts/services'
import { openApiOf } from '@erp-steward/service-kit/open-api'
import { serializers } from '@erp-steward/service-kit/serializers'
import type { Service } from '@erp-steward/service-kit/service'
import { registry } from '@erp-steward/standalone/registry'
import { testService, type TestService } from '@erp-steward/test-kit/test-service'
import { bearer } from '@erp-steward/test-kit/tokens'
import type { RouteOptions } from 'fastify'
import { settingsOfNoSite } from '../scripts/generated-documents.ts'

interface Operation {
  readonly operationId: string
  readonly parameters?: readonly { readonly $ref?: string }[]
}

type Answers = Record<string, { readonly content?: Record<string, { readonly schema: unknown }> }>

const ID = '0195f2a0-0000-7000-8000-000000000001'

describe.each(serviceNames)('in %s', (name) => {
  let it: TestService
  const declared: RouteOptions[] = []
  beforeAll(async () => {
    // The registry alone knows each service's own configuration.
    const service = registry[name] as unknown as Service
    const routes: Service['routes'] = (app, dependencies) => {
      // Whatever stands in the path and the body: this is about the headers.
      app.addHook('onRoute', (route) => {
        route.attachValidation = true
        declared.push(route)
      })
      return service.routes(app, dependencies)
    }
    it = await testService({ ...service, routes }, settingsOfNoSite, new Date())
  })
  afterAll(() => it.release())

  test('every schema compiles, though none is before its first use', () => {
    const serializerOf = serializers(it.app.getSchemas())
    for (const { method, url, schema = {} } of declared) {
      for (const httpPart of ['body', 'params', 'querystring', 'headers'] as const) {
        const part = schema[httpPart]
        if (part !== undefined)
          it.app.validatorCompiler?.({ schema: part, httpPart, method: String(method), url })({})
      }
      for (const [httpStatus, answer] of Object.entries((schema.response ?? {}) as Answers))
        for (const each of answer.content === undefined
          ? [answer]
          : Object.values(answer.content).map((media) => media.schema))
          serializerOf({ method: String(method), url, httpStatus, schema: each })
    }
    expect(declared.length).toBeGreaterThan(10)
  })

  test.each([
    ['IdempotencyKey', 'idempotency-key-missing'],
    ['IfMatch', 'precondition-required'],
  ])('what demands %s by its document refuses to go on without: %s', async (parameter, code) => {
    const { paths } = openApiOf(it.app) as { paths: Record<string, Record<string, Operation>> }
    const answers = new Map<string, string>()
    for (const [path, item] of Object.entries(paths))
      for (const [method, operation] of Object.entries(item)) {
        if (!demands(operation, parameter)) continue
        const answer = await it.app.inject({
          method: method.toUpperCase() as 'POST',
          url: path.replaceAll(/\{.*?\}/g, ID),
          headers: bearer({ roles: [...roles] }),
        })
        answers.set(operation.operationId, answer.json<{ code: string }>().code)
      }
    expect(answers.size).toBeGreaterThan(0)
    expect([...answers].filter(([, answered]) => answered !== code)).toEqual([])
  })
})

function demands({ parameters = [] }: Operation, name: string): boolean {
  return parameters.some(({ $ref }) => $ref === `#/components/parameters/${name}`)
}
