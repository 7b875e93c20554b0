import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { DataSource } from 'typeorm'
import { TOLD_COLUMNS, type ToldFact } from './told-fact.ts'

/** How often the head of the ledger is looked at while somebody listens, in milliseconds. */
const LOOK_MS = 200
/** Newest facts that are kept in memory: readers who are up to date share one reading of the table. */
const KEPT = 500

/** Who follows the ledger. */
export interface TailListeners {
  /**
   * What has been read is told nobody before this is done: whoever was shut out before a fact was recorded is out by then.
   * When it fails, so does the look.
   */
  readonly beforeTold: () => Promise<void>
  /** After every look, also after one that failed. */
  readonly onLooked: () => void
}

/**
 * The end of the ledger, looked at once for all readers of events of this process, and only while there are some.
 *
 * Recording waits at the head until the one before has committed, so a number that can be seen has no number below it that
 * still comes: who has read up to the head has missed nothing.
 */
export class LedgerTail {
  readonly #db: DataSource
  readonly #log: Logger
  readonly #listeners: TailListeners
  #kept: ToldFact[] = []
  #head = 0
  #looking: AbortController | null = null
  #atWork: Promise<void> = Promise.resolve()

  constructor(db: DataSource, log: Logger, listeners: TailListeners) {
    this.#db = db
    this.#log = log
    this.#listeners = listeners
  }

  /** Number of the newest fact that was seen; 0 before the first look. */
  get head(): number {
    return this.#head
  }

  /** Facts after a number up to the head, if all of them are in memory; `null`: ask the table. */
  after(seq: number): readonly ToldFact[] | null {
    if (seq >= this.#head) return []
    const [oldest] = this.#kept
    if (oldest === undefined || oldest.seq > seq + 1) return null
    return this.#kept.slice(seq + 1 - oldest.seq)
  }

  /** Looks again and again from now on. */
  start(): void {
    if (this.#looking !== null) return
    this.#looking = new AbortController()
    const { signal } = this.#looking
    // What was kept before a pause may have a hole behind it.
    this.#kept = []
    this.#atWork = this.#atWork.then(() => this.#lookUntil(signal))
  }

  /** Ends the looking; resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#looking?.abort()
    this.#looking = null
    await this.#atWork
  }

  async #lookUntil(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.look()
      } catch (error) {
        this.#log.warn({ err: error }, 'the ledger could not be followed')
      }
      this.#listeners.onLooked()
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  /** Reads what has come since the last look, of much the newest. */
  async look(): Promise<void> {
    // One row without a fact when there is none.
    const rows: ({ head: number } & (ToldFact | { seq: null }))[] = await this.#db.query(
      `select head.seq::float8 as head, told.*
         from audit_head head
         left join lateral (
           select ${TOLD_COLUMNS} from audit_record r
            where r.seq > greatest($1::bigint, head.seq - $2) and r.seq <= head.seq) as told on true
        order by told.seq`,
      [this.#head, KEPT],
    )
    await this.#listeners.beforeTold()
    const facts = rows.flatMap(({ head: _, ...fact }) => (fact.seq === null ? [] : [fact]))
    const [first] = facts
    if (first !== undefined && first.seq !== (this.#kept.at(-1)?.seq ?? NaN) + 1) this.#kept = []
    this.#kept = [...this.#kept, ...facts].slice(-KEPT)
    this.#head = rows[0]?.head ?? this.#head
  }
}
