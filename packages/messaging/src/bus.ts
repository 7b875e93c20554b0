import type { Envelope } from '@erp-steward/contracts/event'

/** An envelope on its way; the topic follows from the type, the Kafka key is the subject. */
export interface Message {
  readonly topic: string
  readonly envelope: Envelope
}

export interface BusSubscription {
  /** Consumer group: of all members of one group each event reaches one. */
  readonly group: string
  readonly topics: readonly string[]
  /**
   * `true`: this process gets every event published from now on, none from before. For caches in memory, which read
   * a snapshot first.
   */
  readonly broadcast?: boolean
  /** Rejects only when the event could not even be parked; the bus then delivers it again. */
  readonly handle: (envelope: unknown) => Promise<void>
}

/** Who must hear an event is not here (yet): nothing is broken, and the outbox keeps it until then. */
export class ReceiverAbsent extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ReceiverAbsent'
  }
}

export interface BusConsumer {
  stop(): Promise<void>
}

/**
 * Where envelopes leave the process: at least once, in order per subject.
 *
 * `publish` resolves once every message is safe: acknowledged by all replicas (Kafka), or handled and committed by
 * every subscriber (local).
 */
export interface EventBus {
  /** @throws ReceiverAbsent while a subscriber of this process has not joined, or has left; Error when the bus is away */
  publish(messages: readonly Message[]): Promise<void>
  subscribe(subscription: BusSubscription): Promise<BusConsumer>
  close(): Promise<void>
}
