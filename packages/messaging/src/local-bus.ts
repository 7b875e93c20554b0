import { ReceiverAbsent, type BusSubscription, type EventBus, type Message } from './bus.ts'

/**
 * The bus of one process: `publish` hands each message to the subscribers and resolves when all of them have
 * committed. The outbox is the durable log: a crash repeats a delivery, the inbox drops what was already handled.
 *
 * A group that has left is waited for: `publish` rejects, and its events stay in the outbox until it is back.
 *
 * @param expected groups without which nothing is published: while a host starts, its first service must not publish
 *   what an earlier run left in the outbox before the last service listens
 */
export function createLocalBus(expected: readonly string[] = []): EventBus {
  const members = new Set<Member>()
  const topicsOfGroups = new Map<string, readonly string[]>()
  let closed = false

  /** One member per group, the one that joined first: Kafka, too, gives an event to one of them. */
  function receivers(topic: string): Member[] {
    const present = [...members].filter(({ subscription }) => subscription.topics.includes(topic))
    const ofGroups = [...topicsOfGroups]
      .filter(([, topics]) => topics.includes(topic))
      .map(([group]) => {
        const member = present.find(({ subscription: { broadcast, group: its } }) =>
          broadcast === true ? false : its === group,
        )
        if (member === undefined) throw new ReceiverAbsent(`nobody of the group ${group} is here`)
        return member
      })
    return [...ofGroups, ...present.filter(({ subscription }) => subscription.broadcast === true)]
  }

  async function deliver({ topic, envelope }: Message): Promise<void> {
    await Promise.all(receivers(topic).map((member) => member.handle(envelope)))
  }

  return {
    async publish(messages) {
      // Without this, what a relay publishes during a shutdown would count as sent and reach nobody.
      if (closed) throw new ReceiverAbsent('the bus is closed')
      const absent = expected.find((group) => !topicsOfGroups.has(group))
      if (absent !== undefined) throw new ReceiverAbsent(`the group ${absent} has not joined yet`)
      const bySubject = Map.groupBy(messages, ({ envelope }) => envelope.subject)
      const outcomes = await Promise.allSettled(
        [...bySubject.values()].map(async (inOrder) => {
          for (const message of inOrder) await deliver(message)
        }),
      )
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    },

    subscribe(subscription) {
      const member = new Member(subscription)
      members.add(member)
      if (subscription.broadcast !== true)
        topicsOfGroups.set(subscription.group, subscription.topics)
      return Promise.resolve({
        stop: async () => {
          members.delete(member)
          await member.idle()
        },
      })
    },

    async close() {
      closed = true
      const open = [...members]
      members.clear()
      await Promise.all(open.map((member) => member.idle()))
    },
  }
}

/** A subscriber and what it is at work on, so that `stop` ends after the last handler and not before. */
class Member {
  readonly subscription: BusSubscription
  readonly #atWork = new Set<Promise<void>>()

  constructor(subscription: BusSubscription) {
    this.subscription = subscription
  }

  async handle(envelope: unknown): Promise<void> {
    const work = this.subscription.handle(envelope)
    this.#atWork.add(work)
    await work.finally(() => this.#atWork.delete(work))
  }

  async idle(): Promise<void> {
    await Promise.allSettled(this.#atWork)
  }
}
