import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { startKafka } from '@erp-steward/kafka/broker'
import { testKafka } from '@erp-steward/kafka/ladder'
import { createKafkaBus, createTopics } from '@erp-steward/messaging/kafka-bus'
import { busContract } from '@erp-steward/test-kit/bus-contract'
import { openStages, type BusUnderTest, type Stage } from '@erp-steward/test-kit/bus-stage'
import { effects } from '@erp-steward/test-kit/effect'
import { eventually } from '@erp-steward/test-kit/eventually'
import { pino } from 'pino'

const log = pino({ level: 'silent' })
const OUTAGE_MS = 30_000

const kafka = await testKafka()

if ('skipped' in kafka) {
  // Where a whole run is demanded, a missing broker is a fault and not an excuse.
  const define = process.env.CI === 'true' ? test : test.skip
  define(`Apache Kafka is there (${kafka.skipped})`, () => {
    throw new Error(kafka.skipped)
  })
} else {
  const { brokers, broker, options } = kafka
  const kit: BusUnderTest = {
    create: () => Promise.resolve(createKafkaBus(brokers, 'bus-contract', log)),
    capabilities: {
      brokers,
      createTopics: (topics) =>
        createTopics(
          brokers,
          topics.map((topic) => ({ topic, partitions: 3, retentionDays: 1 })),
          log,
        ),
    },
  }
  afterAll(() => kafka.release())

  busContract(`Kafka (${kafka.origin})`, kit)

  describe('Kafka alone', () => {
    let stages: Awaited<ReturnType<typeof openStages>>
    let stage: Stage

    beforeAll(async () => {
      stages = await openStages(kit)
    })
    beforeEach(async () => {
      stage = await stages.stage()
    })
    afterEach(() => stage.close())
    afterAll(() => stages.release())

    const numbers = async () =>
      (await effects(stage.db)).map(({ n }) => n).toSorted((a, b) => a - b)

    test('replicas that come and go share the partitions, and every event takes effect once', async () => {
      const appended: number[] = []
      const append = async (count: number) => {
        await stage.db.transaction(async (tx) => {
          for (const end = appended.length + count; appended.length < end;) {
            await stage.append(tx, `subject-${appended.length % 30}`, appended.length)
            appended.push(appended.length)
          }
        })
      }
      stage.relay()
      const first = await stage.consume()
      await append(100)
      await eventually(() => {
        expect(first.outcomes.length).toBeGreaterThan(0)
      })
      const second = await stage.consume({ bus: await stage.openBus() })
      await append(300)
      // A member is there before its group has met, so what it is to share may come later than it.
      await eventually(
        async () => {
          await append(30)
          expect(second.outcomes.length).toBeGreaterThan(0)
        },
        { within: 120_000, every: 250 },
      )
      await first.stop()
      await append(100)
      await eventually(async () => {
        expect(await numbers()).toEqual(appended)
      })
      const bySubject = Map.groupBy(await effects(stage.db), ({ subject }) => subject)
      for (const ofSubject of bySubject.values()) {
        const inEffect = ofSubject.map(({ n }) => n)
        expect(inEffect).toEqual(inEffect.toSorted((a, b) => a - b))
      }
    })

    test('a member that ends on an error which the client takes for a bug joins again', async () => {
      await stage.append(stage.db, 'a', 1)
      const message = await stage.message()
      let calls = 0
      await stage.bus.subscribe({
        group: 'stumbling',
        topics: [message.topic],
        handle: () => {
          calls += 1
          return calls === 1 ? Promise.reject(new TypeError('oops')) : Promise.resolve()
        },
      })
      await stage.bus.publish([message])
      await eventually(() => {
        expect(calls).toBe(2)
      })
    })

    test('topics are made once; what exists stays as it is', async () => {
      const shape = { topic: stage.definition.topic, partitions: 7, retentionDays: 1 }
      await createTopics(brokers, [shape], log)
      await createTopics(brokers, [shape], log)
      const { outcomes } = await stage.consume()
      await stage.append(stage.db, 'a', 1)
      await stage.bus.publish([await stage.message()])
      await eventually(() => {
        expect(outcomes).toEqual(['handled'])
      })
    })

    const outage = broker === null || options === null ? test.skip : test
    outage(
      'a broker that is killed and comes back after 30 s loses nothing: the outbox keeps, then all arrive',
      async () => {
        if (broker === null || options === null) return
        await stage.consume()
        stage.relay()
        await stage.append(stage.db, 'a', 0)
        await eventually(async () => {
          expect(await numbers()).toEqual([0])
        })
        // It has heard nothing before the outage: the hardest place to go on from.
        const broadcast: string[] = []
        await stage.bus.subscribe({
          group: 'cache',
          topics: [stage.definition.topic],
          broadcast: true,
          handle: (envelope) => {
            broadcast.push((envelope as { id: string }).id)
            return Promise.resolve()
          },
        })

        broker.kill()
        const killedAt = performance.now()
        const ids: string[] = []
        // One second after the other, so that the relay meets the outage idle, at work and backing off.
        for (let n = 1; n <= 30; n += 1) {
          ids.push(await stage.append(stage.db, `subject-${n % 5}`, n))
          await eventually(
            () => {
              expect(performance.now() - killedAt).toBeGreaterThan((OUTAGE_MS / 30) * n)
            },
            { every: 100 },
          )
        }
        expect(await stage.unpublished()).toBe(30)
        expect(await numbers()).toEqual([0])

        await startKafka(options)
        const all = Array.from({ length: 31 }, (_, n) => n)
        await eventually(async () => {
          expect(await numbers()).toEqual(all)
          expect(await stage.unpublished()).toBe(0)
        })

        ids.push(await stage.append(stage.db, 'a', 31))
        await eventually(async () => {
          expect(await numbers()).toEqual([...all, 31])
        })
        await eventually(() => {
          expect([...new Set(broadcast)]).toEqual(expect.arrayContaining(ids))
        })
      },
      150_000,
    )
  })
}
