import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { relayOutbox } from '@erp-steward/messaging/relay'
import {
  discardDeadLetter,
  listDeadLetters,
  replayDeadLetter,
} from '@erp-steward/messaging/dead-letters'
import type { Message } from '@erp-steward/messaging/bus'
import { openStages, type BusUnderTest, type Stage } from './bus-stage.ts'
import { effects, writeEffect } from './effect.ts'
import { eventually } from './eventually.ts'
import { testAct } from './test-act.ts'

/** Beyond the session timeout of a killed member, whose partitions nobody reads before it is over. */
const PATIENT = { within: 120_000 }

/** What every bus promises, on real outbox and inbox tables. Defines the cases; call it at the top of a test file. */
export function busContract(name: string, kit: BusUnderTest): void {
  describe(`${name} keeps the contract of the bus`, () => {
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

    const numbers = async () => (await effects(stage.db)).map(({ n }) => n)
    const parked = () =>
      listDeadLetters(stage.db.manager, { state: 'parked', after: null, limit: 10 })

    test('1,000 events arrive once each, in order per subject', async () => {
      const subjects = Array.from({ length: 50 }, (_, index) => `subject-${index}`)
      await stage.consume()
      stage.relay()
      for (let round = 0; round < 20; round += 1)
        await stage.db.transaction(async (tx) => {
          for (const subject of subjects) await stage.append(tx, subject, round)
        })
      await eventually(async () => {
        expect(await numbers()).toHaveLength(1_000)
      }, PATIENT)
      const inOrder = Array.from({ length: 20 }, (_, round) => round)
      const bySubject = Map.groupBy(await effects(stage.db), ({ subject }) => subject)
      for (const subject of subjects)
        expect(bySubject.get(subject)?.map(({ n }) => n)).toEqual(inOrder)
      await eventually(async () => {
        expect(await stage.unpublished()).toBe(0)
      })
    })

    test('an event delivered three times takes effect once', async () => {
      const { outcomes } = await stage.consume()
      await stage.append(stage.db, 'a', 1)
      const message = await stage.message()
      await Promise.all([message, message, message].map((each) => stage.bus.publish([each])))
      await eventually(() => {
        expect(outcomes.toSorted()).toEqual(['duplicate', 'duplicate', 'handled'])
      })
      expect(await numbers()).toEqual([1])
    })

    test('an event whose process died before it was published is published by the next', async () => {
      await stage.db.transaction((tx) => stage.append(tx, 'a', 1))
      expect(await stage.unpublished()).toBe(1)
      await stage.consume()
      stage.relay()
      await eventually(async () => {
        expect(await numbers()).toEqual([1])
        expect(await stage.unpublished()).toBe(0)
      })
    })

    test('a relay that loses its connection between publish and mark repeats the event, which takes effect once', async () => {
      const { outcomes } = await stage.consume()
      await stage.append(stage.db, 'a', 1)
      const client = await stage.relayClient()
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
      const cutOff = {
        ...stage.bus,
        publish: async (messages: readonly Message[]) => {
          await stage.bus.publish(messages)
          await stage.db.query('select pg_terminate_backend($1)', [rows[0]?.pid])
        },
      }
      await expect(relayOutbox(client, cutOff, 10)).rejects.toThrow()
      expect(await stage.unpublished()).toBe(1)
      stage.relay()
      await eventually(() => {
        expect(outcomes).toEqual(['handled', 'duplicate'])
      })
      expect(await numbers()).toEqual([1])
    })

    test('a process killed between publish and mark leaves an event that arrives twice and takes effect once', async () => {
      await stage.append(stage.db, 'a', 1)
      // Only where the bus ends with its process must the doomed one be its own audience.
      const alone = kit.capabilities.brokers === null
      await stage.killMemberAt('publish', alone)
      expect(await stage.unpublished()).toBe(1)
      const { outcomes } = await stage.consume()
      stage.relay()
      await eventually(() => {
        expect(outcomes).toEqual(alone ? ['duplicate'] : ['handled', 'duplicate'])
      })
      expect(await numbers()).toEqual([1])
    })

    test('a process killed inside a handler leaves no effect, and its event takes effect once elsewhere', async () => {
      await stage.append(stage.db, 'a', 1)
      await stage.killMemberAt('handler', true)
      expect(await numbers()).toEqual([])
      await stage.consume()
      stage.relay()
      await eventually(async () => {
        expect(await numbers()).toEqual([1])
        expect(await stage.unpublished()).toBe(0)
      }, PATIENT)
    })

    test('a handler that fails twice and then works takes effect once', async () => {
      let calls = 0
      const { outcomes } = await stage.consume({
        handle: async (tx, event) => {
          await writeEffect(tx, event)
          calls += 1
          if (calls < 3) throw new Error('not yet')
        },
      })
      await stage.append(stage.db, 'a', 1)
      stage.relay()
      await eventually(() => {
        expect(outcomes).toEqual(['handled'])
      })
      expect(calls).toBe(3)
      expect(await numbers()).toEqual([1])
    })

    test('a poison event is parked while others go on, and takes effect once when it is replayed', async () => {
      let broken = true
      const consumer = await stage.consume({
        handle: async (tx, event) => {
          await writeEffect(tx, event)
          if (broken && event.data.n === 2) throw new Error('cannot digest 2')
        },
      })
      stage.relay()
      await stage.append(stage.db, 'a', 1)
      const poison = await stage.append(stage.db, 'a', 2)
      await stage.append(stage.db, 'a', 3)
      await stage.append(stage.db, 'b', 4)
      await eventually(async () => {
        expect((await numbers()).toSorted()).toEqual([1, 3, 4])
        expect(await parked()).toMatchObject([
          { eventId: poison, attempts: 3, reason: 'Error: cannot digest 2', state: 'parked' },
        ])
      })

      const replay = () =>
        stage.db.transaction((tx) =>
          replayDeadLetter(
            tx,
            'identity',
            consumer,
            { eventId: poison, reason: 'mended' },
            testAct(),
          ),
        )
      await expect(replay()).rejects.toThrow('cannot digest 2')
      expect(await parked()).toHaveLength(1)
      broken = false
      await expect(replay()).resolves.toMatchObject({ state: 'replayed', handlingReason: 'mended' })
      expect((await numbers()).toSorted()).toEqual([1, 2, 3, 4])
      await expect(replay()).rejects.toMatchObject({ code: 'dead-letter-not-parked' })

      await stage.bus.publish([await stage.message(1)])
      await eventually(() => {
        expect(consumer.outcomes.at(-1)).toBe('duplicate')
      })
      expect((await numbers()).toSorted()).toEqual([1, 2, 3, 4])
    })

    test('a payload that does not fit is parked at once and has no effect after it is discarded', async () => {
      const consumer = await stage.consume()
      const eventId = await stage.append(stage.db, 'a', 1)
      const fit = await stage.message()
      const unfit = { ...fit, envelope: { ...fit.envelope, data: { n: 'one' } } }
      await stage.bus.publish([unfit])
      await eventually(async () => {
        expect(await parked()).toMatchObject([{ eventId, attempts: 1 }])
      })
      await stage.db.transaction((tx) =>
        discardDeadLetter(tx, 'identity', { eventId, reason: 'nonsense' }, testAct()),
      )
      expect(await parked()).toEqual([])
      await stage.bus.publish([unfit, fit])
      await eventually(() => {
        expect(consumer.outcomes).toEqual(['parked', 'duplicate', 'duplicate'])
      })
      expect(await numbers()).toEqual([])
    })

    test('a transaction that is rolled back publishes nothing', async () => {
      await stage.consume()
      stage.relay()
      await expect(
        stage.db.transaction(async (tx) => {
          await stage.append(tx, 'a', 1)
          throw new Error('changed my mind')
        }),
      ).rejects.toThrow('changed my mind')
      await stage.append(stage.db, 'a', 2)
      await eventually(async () => {
        expect(await numbers()).toEqual([2])
      })
    })

    test('two relays side by side publish every event once and in order', async () => {
      const published: string[] = []
      const recording = {
        ...stage.bus,
        publish: async (messages: readonly Message[]) => {
          published.push(...messages.map(({ envelope }) => envelope.id))
          await stage.bus.publish(messages)
          // Lets the other relay at the rows between this publish and its mark.
          await turn()
        },
      }
      await stage.consume()
      stage.relay(recording)
      stage.relay(recording)
      const appended: string[] = []
      for (let round = 0; round < 30; round += 1)
        await stage.db.transaction(async (tx) => {
          for (let n = 0; n < 20; n += 1) appended.push(await stage.append(tx, `s-${n}`, round))
        })
      await eventually(async () => {
        expect(await stage.unpublished()).toBe(0)
        expect(await numbers()).toHaveLength(600)
      }, PATIENT)
      expect(published).toEqual(appended)
    })

    test('a relay that finds the first rows taken waits for them and does not overtake', async () => {
      const appended: string[] = []
      for (let n = 0; n < 5; n += 1) appended.push(await stage.append(stage.db, `s-${n}`, n))
      const published: string[] = []
      const { promise: gate, resolve: open } = Promise.withResolvers<undefined>()
      const recording = (held?: Promise<undefined>) => ({
        ...stage.bus,
        publish: async (messages: readonly Message[]) => {
          await held
          published.push(...messages.map(({ envelope }) => envelope.id))
        },
      })
      const [first, second] = [await stage.relayClient(), await stage.relayClient()]
      const waiting = async () => {
        const rows: unknown[] = await stage.db.query(
          `select pid from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'`,
        )
        return rows.length
      }
      const holding = relayOutbox(first, recording(gate), 3)
      await eventually(async () => {
        const rows: unknown[] = await stage.db.query(
          'select seq from outbox for update skip locked',
        )
        expect(rows).toHaveLength(2)
      })
      const following = relayOutbox(second, recording(), 3)
      await eventually(async () => {
        expect((await waiting()) + published.length).toBeGreaterThan(0)
      })
      open(undefined)
      expect(await Promise.all([holding, following])).toEqual([3, 2])
      expect(published).toEqual(appended)
    })

    test('events published while a consumer is away reach it when it is back', async () => {
      stage.relay()
      const first = await stage.consume()
      await stage.append(stage.db, 'a', 1)
      await eventually(async () => {
        expect(await numbers()).toEqual([1])
      })
      await first.stop()
      await stage.append(stage.db, 'a', 2)
      await stage.append(stage.db, 'a', 3)
      await stage.consume()
      await eventually(async () => {
        expect(await numbers()).toEqual([1, 2, 3])
      })
    })

    test('of two members of one group one gets the event, of two broadcast subscribers both get what is new', async () => {
      const topics = [stage.definition.topic]
      await stage.append(stage.db, 'a', 1)
      await stage.append(stage.db, 'a', 2)
      const [before, after] = [await stage.message(0), await stage.message(1)]
      await stage.bus.publish([before])

      const received: string[] = []
      const listen = async (who: string, broadcast: boolean) =>
        stage.bus.subscribe({
          group: broadcast ? 'cache' : 'worker',
          topics,
          broadcast,
          handle: (envelope) => {
            if ((envelope as { id: string }).id === after.envelope.id) received.push(who)
            else if (broadcast) received.push(`${who} got an old event`)
            return Promise.resolve()
          },
        })
      await Promise.all([
        listen('cache', true),
        listen('cache', true),
        listen('worker', false),
        listen('worker', false),
      ])
      await stage.bus.publish([after])
      await eventually(() => {
        expect(received.toSorted()).toEqual(['cache', 'cache', 'worker'])
      })
      // Whatever was still on its way comes before the next event of the same subject.
      await stage.bus.publish([after])
      await eventually(() => {
        expect(received).toHaveLength(6)
      })
      expect(received.toSorted()).toEqual(['cache', 'cache', 'cache', 'cache', 'worker', 'worker'])
    })
  })
}
