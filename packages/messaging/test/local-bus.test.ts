import { expect, test } from '@jest/globals'
import { createLocalBus } from '@erp-steward/messaging/local-bus'
import { busContract } from '@erp-steward/test-kit/bus-contract'

busContract('the local bus', {
  create: () => Promise.resolve(createLocalBus()),
  capabilities: { createTopics: () => Promise.resolve(), brokers: null },
})

test('a closed bus refuses to publish, so that the outbox keeps what nobody would hear', async () => {
  const bus = createLocalBus()
  await bus.close()
  await expect(bus.publish([])).rejects.toThrow('the bus is closed')
})

test('nothing is published before every expected group has joined', async () => {
  const bus = createLocalBus(['a', 'b'])
  const join = (group: string) =>
    bus.subscribe({ group, topics: ['test.gate.v1'], handle: () => Promise.resolve() })
  await join('a')
  await expect(bus.publish([])).rejects.toThrow('the group b has not joined yet')
  await join('b')
  await expect(bus.publish([])).resolves.toBeUndefined()
})

test('a subscriber has stopped when its last handler has ended', async () => {
  const bus = createLocalBus()
  const { promise: gate, resolve: open } = Promise.withResolvers<undefined>()
  const seen: string[] = []
  const member = await bus.subscribe({
    group: 'a',
    topics: ['test.gate.v1'],
    handle: async () => {
      await gate
      seen.push('handled')
    },
  })
  const envelope = { subject: 's' } as Parameters<typeof bus.publish>[0][number]['envelope']
  const published = bus.publish([{ topic: 'test.gate.v1', envelope }])
  const stopped = member.stop().then(() => seen.push('stopped'))
  open(undefined)
  await Promise.all([published, stopped])
  expect(seen).toEqual(['handled', 'stopped'])
})
