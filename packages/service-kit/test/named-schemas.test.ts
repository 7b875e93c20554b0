import { expect, test } from '@jest/globals'
import type { Described } from '@erp-steward/service-kit/describe-exchange'
import { hoistNamedSchemas } from '@erp-steward/service-kit/named-schemas'
import { Type, type TSchema } from 'typebox'

const at = (schema: TSchema) => ({ content: { 'application/json': { schema } } })

/** The document of one operation. */
function documentOf(sent: TSchema, answered: TSchema, parameters: object[] = []): Described {
  return {
    paths: {
      '/v1/sheep': {
        post: { requestBody: at(sent), responses: { 200: at(answered) }, parameters },
      },
    },
  }
}

const hoisted = (document: Described) => {
  hoistNamedSchemas(document)
  return {
    operation: document.paths?.['/v1/sheep']?.post,
    schemas: document.components?.schemas as Record<string, unknown>,
  }
}

const Coat = Type.Enum(['white', 'black'], { title: 'Coat' })
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })

test('a name is found wherever it stands, in a member, a list, a map and a union', () => {
  const { schemas, operation } = hoisted(
    documentOf(
      Type.Object({ coat: Coat, title: Type.String() }),
      Type.Object({
        coats: Type.Array(Coat),
        or: Type.Union([Coat, Type.Null()]),
        flock: Type.Record(Type.String(), Coat),
      }),
    ),
  )
  expect(schemas).toEqual({ Coat: { enum: ['white', 'black'] } })
  expect(operation?.requestBody).toMatchObject(at({ properties: { coat: ref('Coat') } }))
  expect(operation?.responses?.[200]).toMatchObject(
    at({
      properties: {
        coats: { items: ref('Coat') },
        or: { anyOf: [ref('Coat'), { type: 'null' }] },
        flock: { patternProperties: { '^.*$': ref('Coat') } },
      },
    }),
  )
})

test('a member that is called title, and an example with a title, name nothing', () => {
  const example = { title: 'Printer on fire' }
  const { schemas } = hoisted(
    documentOf(
      Type.Object({ title: Type.String() }, { examples: [example], default: example }),
      Type.Object({}),
    ),
  )
  expect(schemas).toEqual({})
})

test('two shapes under one name are refused', () => {
  const other = Type.Enum(['white', 'brown'], { title: 'Coat' })
  expect(() => hoisted(documentOf(Coat, other))).toThrow('Two shapes are named Coat')
})

test.each(['two words', 'lower', 'Dotted.Name', ''])('%j is no name', (title) => {
  expect(() => hoisted(documentOf(Type.Object({}, { title }), Coat))).toThrow('write it as')
})

test('what has a default may be left out of a query and a body, and is always answered', () => {
  const Shorn = Type.Object({ name: Type.String(), all: Type.Boolean({ default: false }) })
  const limit = {
    in: 'query',
    name: 'limit',
    required: true,
    schema: Type.Integer({ default: 50 }),
  }
  const { operation } = hoisted(
    documentOf(Type.Array(Shorn), Type.Array(Shorn), [limit, { ...limit, schema: Coat }]),
  )
  expect(operation?.requestBody).toMatchObject(at({ items: { required: ['name'] } }))
  expect(operation?.responses?.[200]).toMatchObject(at({ items: { required: ['name', 'all'] } }))
  expect(operation?.parameters).toEqual([
    { in: 'query', name: 'limit', schema: limit.schema },
    { in: 'query', name: 'limit', required: true, schema: ref('Coat') },
  ])
})

test('a union of named objects says which member tells them apart', () => {
  const Ewe = Type.Object({ kind: Type.Literal('ewe'), n: Type.Literal(1) }, { title: 'Ewe' })
  const Ram = Type.Object({ kind: Type.Literal('ram'), n: Type.Literal(1) }, { title: 'Ram' })
  const either = Type.Union([Ewe, Ram, Type.Null()])
  const { operation } = hoisted(documentOf(Type.Union([Ewe, Type.Object({})]), either))
  expect(operation?.responses?.[200]).toMatchObject(
    at({
      discriminator: {
        propertyName: 'kind',
        mapping: { ewe: ref('Ewe').$ref, ram: ref('Ram').$ref },
      },
    }),
  )
  expect(JSON.stringify(operation?.requestBody)).not.toContain('discriminator')
})
