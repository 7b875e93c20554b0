import { setTimeout as sleep } from 'node:timers/promises'
import type { Envelope } from '@erp-steward/contracts/event'
import pg from 'pg'
import type { Logger } from 'pino'
import { ReceiverAbsent, type EventBus } from './bus.ts'

/** Envelopes per transaction of the relay: enough to amortise a commit, few enough to repeat after a crash. */
const BATCH = 200
/** Safety net for a NOTIFY lost with a broken connection, in milliseconds. */
const POLL_MS = 1_000
/** Longest pause between attempts while the bus or the database is away, in milliseconds. */
const BACKOFF_MAX_MS = 5_000

interface OutboxRow {
  readonly seq: string
  readonly aggregatetype: string
  readonly payload: Envelope
}

/**
 * Publishes up to `limit` queued envelopes in insertion order and marks them sent; returns how many, and tells of each
 * once it is marked.
 *
 * The row locks are held until the bus has acknowledged, so a crash repeats a publish and never loses one. A second
 * relay waits for the first; `skip locked` would let it overtake.
 */
export async function relayOutbox(
  client: pg.Client,
  bus: EventBus,
  limit: number,
  onPublished?: (envelope: Envelope) => void,
): Promise<number> {
  await client.query('begin')
  try {
    const { rows } = await client.query<OutboxRow>(
      `select seq, aggregatetype, payload from outbox
        where published_at is null order by seq limit $1 for update`,
      [limit],
    )
    if (rows.length > 0) {
      await bus.publish(
        rows.map(({ aggregatetype, payload }) => ({ topic: aggregatetype, envelope: payload })),
      )
      await client.query('update outbox set published_at = now() where seq = any($1)', [
        rows.map(({ seq }) => seq),
      ])
    }
    await client.query('commit')
    if (onPublished !== undefined) for (const { payload } of rows) onPublished(payload)
    return rows.length
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    throw error
  }
}

export interface RelayOptions {
  /** The service's own database; its role's search path leads to the schema with the outbox. */
  readonly url: string
  readonly schema: string
  readonly bus: EventBus
  readonly log: Logger
  readonly onRelayed?: (count: number) => void
}

export interface Relay {
  /** Ends after the batch at hand. */
  stop(): Promise<void>
}

/** Relays the outbox of one service until stopped; woken by NOTIFY, patient with outages of bus and database. */
export function startRelay(options: RelayOptions): Relay {
  const stopping = new AbortController()
  const running = run(options, stopping.signal)
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function run({ url, schema, bus, log, onRelayed }: RelayOptions, stopped: AbortSignal) {
  // The one line of an event: how each service took it is a line at level debug, or a warning.
  const tell = ({ id: eventId, type, subject, traceparent }: Envelope) => {
    log.info({ eventId, type, subject, traceparent }, 'event')
  }
  let backoffMs = 50
  while (!stopped.aborted) {
    const client = new pg.Client({
      connectionString: url,
      application_name: `${schema} relay`,
      options: `-c search_path=${schema}`,
    })
    const bell = new Bell()
    const stop = () => {
      bell.ring()
    }
    try {
      client.on('notification', stop)
      client.on('error', stop)
      client.on('end', stop)
      stopped.addEventListener('abort', stop)
      await client.connect()
      await client.query(`listen "${schema}_outbox"`)
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- the signal changes while we wait
      while (!stopped.aborted) {
        const count = await relayOutbox(client, bus, BATCH, tell)
        backoffMs = 50
        if (count > 0) onRelayed?.(count)
        if (count < BATCH) await bell.rung(POLL_MS)
      }
    } catch (error) {
      if (!(error instanceof ReceiverAbsent))
        log.warn({ err: error, backoffMs }, 'relay interrupted, will try again')
      // While a host starts or ends its services one after the other this is as it should be; not for longer.
      else if (backoffMs < BACKOFF_MAX_MS)
        log.debug({ reason: error.message, backoffMs }, 'the outbox waits')
      else log.warn({ reason: error.message, backoffMs }, 'the outbox waits')
      await sleep(backoffMs, undefined, { signal: stopped }).catch(() => undefined)
      backoffMs = Math.min(backoffMs * 2, BACKOFF_MAX_MS)
    } finally {
      stopped.removeEventListener('abort', stop)
      await client.end().catch(() => undefined)
    }
  }
}

/** Remembers one ring, so that a NOTIFY which arrives while the relay works is not slept through. */
class Bell {
  #rung = false
  #wake: (() => void) | undefined

  ring() {
    this.#rung = true
    this.#wake?.()
  }

  /** Resolves at the next ring, at once if it rang since the last call, or after `timeoutMs`. */
  async rung(timeoutMs: number) {
    if (!this.#rung) {
      const { promise, resolve } = Promise.withResolvers<undefined>()
      const timer = setTimeout(resolve, timeoutMs, undefined)
      this.#wake = () => {
        resolve(undefined)
      }
      await promise
      clearTimeout(timer)
      this.#wake = undefined
    }
    this.#rung = false
  }
}
