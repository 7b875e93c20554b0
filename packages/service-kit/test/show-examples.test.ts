import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from '@jest/globals'
import { pino } from 'pino'
import { Type } from 'typebox'
import { createApp } from '../src/create-app.ts'
import { openApiOf } from '../src/open-api.ts'

const Thing = Type.Object({ name: Type.String(), active: Type.Boolean() })

/** The document of an app with one operation, whose recorded examples are these. */
async function operationWith(examples: object): Promise<object> {
  const file = join(await mkdtemp(join(tmpdir(), 'examples-')), 'examples.json')
  await writeFile(file, JSON.stringify(examples))
  const app = await createApp({
    name: 'shop',
    title: 'Shop',
    log: pino({ level: 'silent' }),
    tokens: null,
    readiness: {},
    examples: pathToFileURL(file),
  })
  app.put(
    '/v1/things/:code',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'putThing',
        tags: ['things'],
        params: Type.Object({ code: Type.String() }),
        querystring: Type.Object({ dryRun: Type.Boolean() }),
        body: Thing,
        response: { 200: Thing },
      },
    },
    ({ body }) => body,
  )
  await app.ready()
  const { paths } = openApiOf(app) as { paths: Record<string, { put: object }> }
  await app.close()
  const operation = paths['/v1/things/{code}']?.put
  if (operation === undefined) throw new Error('the operation is not in the document')
  return operation
}

test('an example stands at its parameters, its body and its answer, and as a line for a shell', async () => {
  const name = { summary: 'A thing is named', value: { name: 'it’s', active: true } }
  const operation = await operationWith({
    putThing: {
      example1: {
        summary: name.summary,
        request: {
          path: { code: 'A' },
          query: { dryRun: true },
          contentType: 'application/json',
          body: name.value,
        },
        response: { status: 200, contentType: 'application/json', body: name.value },
      },
    },
  })
  const at = (value: unknown) => ({ examples: { example1: { summary: name.summary, value } } })
  expect(operation).toMatchObject({
    parameters: [
      { name: 'dryRun', ...at(true) },
      { name: 'code', ...at('A') },
    ],
    requestBody: { content: { 'application/json': at(name.value) } },
    responses: { 200: { content: { 'application/json': at(name.value) } } },
    'x-codeSamples': [
      {
        lang: 'curl',
        source: [
          'curl -X PUT "$STEWARD/v1/things/A?dryRun=true" \\',
          "  -H 'Content-Type: application/json' \\",
          `  --data '{"name":"it’s","active":true}'`,
        ].join('\n'),
      },
    ],
  })
})
