import type { BusSubscription, EventBus, Message } from './bus.ts'

/**
 * The bus of one process: `publish` hands each message to the subscribers and resolves when all of them have
 * committed. The outbox is the durable log: a crash repeats a delivery, the inbox drops what was already handled.
 */
export function createLocalBus(): EventBus {
  const subscriptions = new Set<BusSubscription>()

  async function deliver({ topic, envelope }: Message): Promise<void> {
    const wanted = [...subscriptions].filter(({ topics }) => topics.includes(topic))
    // A member of the same group that joined later is a spare: Kafka, too, gives an event to one of them.
    const groups = new Map(
      wanted.map((each) => [each.broadcast === true ? each : each.group, each]),
    )
    await Promise.all([...groups.values()].map(({ handle }) => handle(envelope)))
  }

  return {
    async publish(messages) {
      const bySubject = Map.groupBy(messages, ({ envelope }) => envelope.subject)
      const outcomes = await Promise.allSettled(
        [...bySubject.values()].map(async (inOrder) => {
          for (const message of inOrder) await deliver(message)
        }),
      )
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    },

    subscribe(subscription) {
      subscriptions.add(subscription)
      return Promise.resolve({
        stop: () => {
          subscriptions.delete(subscription)
          return Promise.resolve()
        },
      })
    },

    close() {
      subscriptions.clear()
      return Promise.resolve()
    },
  }
}
