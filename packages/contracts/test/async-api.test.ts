import { expect, test } from '@jest/globals'
import { Type } from 'typebox'
import { asyncApiDocument } from '../src/async-api.ts'
import { defineEvent } from '../src/event.ts'

const Wool = Type.Enum(['fine', 'coarse'], { title: 'Wool', description: 'What is shorn.' })

const Shorn = defineEvent({
  type: 'farm.sheep.shorn.v1',
  summary: 'A sheep was shorn.',
  clauses: ['A-2.1.4'],
  payload: Type.Object({ wool: Wool, before: Type.Array(Wool) }),
})
const ReShorn = defineEvent({ ...Shorn, type: 'farm.sheep.re-shorn.v1', clauses: [] })
const Sold = defineEvent({ ...Shorn, type: 'farm.lamb.sold.v2', payload: Type.Object({}) })

test('types of one topic share a channel, and each has its message', () => {
  const { channels, operations } = asyncApiDocument([ReShorn, Shorn, Sold])
  expect(Object.keys(channels)).toEqual(['farm.sheep.v1', 'farm.lamb.v2'])
  expect(channels['farm.sheep.v1']).toMatchObject({
    address: 'farm.sheep.v1',
    messages: {
      'farm.sheep.re-shorn.v1': { $ref: '#/components/messages/farm.sheep.re-shorn.v1' },
      'farm.sheep.shorn.v1': { $ref: '#/components/messages/farm.sheep.shorn.v1' },
    },
  })
  expect(operations).toMatchObject({
    sendFarmSheepV1: { action: 'send', channel: { $ref: '#/channels/farm.sheep.v1' } },
    sendFarmLambV2: { messages: [{ $ref: '#/channels/farm.lamb.v2/messages/farm.lamb.sold.v2' }] },
  })
})

test('the clauses that a fact proves are the tags of its message; who proves none has none', () => {
  const { messages } = asyncApiDocument([ReShorn, Shorn]).components
  expect(messages['farm.sheep.shorn.v1']).toMatchObject({ tags: [{ name: 'A-2.1.4' }] })
  expect(messages['farm.sheep.re-shorn.v1']).not.toHaveProperty('tags')
})

test('a schema with a name stands once, wherever it is used', () => {
  const { schemas } = asyncApiDocument([ReShorn, Shorn]).components
  const wool = { $ref: '#/components/schemas/Wool' }
  const payload = { properties: { wool, before: { type: 'array', items: wool } } }
  expect(schemas).toMatchObject({ FarmSheepShornV1: payload, FarmSheepReShornV1: payload })
  expect(schemas.Wool).toEqual({ enum: ['fine', 'coarse'], description: 'What is shorn.' })
})

test.each(['Wool', 'Envelope', 'FarmSheepShornV1'])('two shapes named %s are refused', (title) => {
  const other = Type.Object({ other: Type.Integer({ title }) })
  expect(() => asyncApiDocument([Shorn, { ...Sold, payload: other }])).toThrow(
    `Two shapes are named ${title}.`,
  )
})

test('a member that is called title is a member, not a name', () => {
  const payload = Type.Object({ title: Type.String() })
  const { schemas } = asyncApiDocument([{ ...Sold, payload }]).components
  expect(schemas.FarmLambSoldV2).toMatchObject({ properties: { title: { type: 'string' } } })
})
