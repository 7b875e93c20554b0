// Run as a process of its own by the bus contract: it works as a service would, says where it hangs, and is killed there.
import { defineEvent } from '@erp-steward/contracts/event'
import { createConsumer, on, startConsumer } from '@erp-steward/messaging/consumer'
import { createKafkaBus } from '@erp-steward/messaging/kafka-bus'
import { createLocalBus } from '@erp-steward/messaging/local-bus'
import { startRelay } from '@erp-steward/messaging/relay'
import { openDatabase } from '@erp-steward/service-kit/database'
import { pino } from 'pino'
import { Type } from 'typebox'
import { inGroup, type DoomedMember, type EffectEvent } from './bus-stage.ts'
import { writeEffect } from './effect.ts'

const { url, type, run, hangs, consumes, brokers } = JSON.parse(
  process.argv[2] ?? '',
) as DoomedMember
const log = pino({ level: 'silent' })
const never = new Promise<never>(() => undefined)
const hang = (place: string) => {
  process.stdout.write(`${place}\n`)
  return never
}
// A pending promise alone does not keep the process alive.
setInterval(() => undefined, 60_000)

const definition: EffectEvent = defineEvent({
  type,
  summary: 'Something happened.',
  clauses: [],
  payload: Type.Object({ n: Type.Integer() }),
})
const bus = brokers === null ? createLocalBus() : createKafkaBus(brokers, 'doomed', log)
const db = await openDatabase({ name: 'identity', entities: [], migrations: [] }, url, 4)
const subscriptions = [
  on(definition, async (tx, event) => {
    await writeEffect(tx, event)
    if (hangs === 'handler') await hang('in the handler')
  }),
]
const clock = () => new Date()
const consumer = createConsumer({ service: 'identity', db, subscriptions, clock, log })
if (consumes) await startConsumer(inGroup(bus, run), 'identity', subscriptions, consumer)
startRelay({
  url,
  schema: 'identity',
  log,
  bus: {
    ...bus,
    publish: async (messages) => {
      await bus.publish(messages)
      if (hangs === 'publish') await hang('after the publish')
    },
  },
})
