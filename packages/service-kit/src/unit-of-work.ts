import type { Collector, Prepared, Question, RowsStatement } from '@erp-steward/messaging/statement'
import pg from 'pg'

interface Collected {
  readonly statement: RowsStatement<unknown>
  readonly rows: unknown[]
}

interface Transaction {
  /** Whether the server knows of it. */
  begun: boolean
  collected: Collected[]
  /** Why it cannot be kept. */
  failed: { readonly reason: unknown } | null
}

type Answer = Pick<pg.QueryResult, 'command' | 'rows' | 'rowCount'>
const NOTHING_SENT: Answer = { command: '', rows: [], rowCount: null }

/**
 * The connection under every transaction. It waits for the server only where somebody wants an answer:
 *
 * - `BEGIN` goes with the first statement; nobody waits for `SAVEPOINT` and `RELEASE`.
 * - Rows written with `write` are collected. Those of one table share a statement, and all go before the next statement
 *   of the transaction that could look at them, or with `COMMIT`.
 * - Statements are sent without waiting for the answers to those before them; what is asked at one moment leaves in one
 *   packet.
 *
 * Whatever fails in a transaction, everybody who waits is told the first reason, not that the transaction is aborted.
 *
 * PostgreSQL answers the `COMMIT` of a transaction with a failed statement, whose error somebody caught, with `ROLLBACK`
 * and without an error; `pg` 8.23 and TypeORM 1.1 fulfil the promise all the same. Here it fails: the caller would be
 * told 201 of what does not exist.
 */
export class UnitOfWork extends pg.Client implements Collector {
  #transaction: Transaction | null = null
  #packet = false
  readonly #send: (...query: unknown[]) => unknown

  constructor(config: pg.ClientConfig) {
    super({ ...config, pipeline: true })
    // Whoever waits for an answer is told by it that the connection was lost; the event, if nobody hears it, ends the
    // process. The pool hears it of idle connections and TypeORM of its own, nobody of those that the workers took.
    this.on('error', () => undefined)
    this.#send = this.query.bind(this)
    this.query = this.#query.bind(this) as typeof this.query
  }

  get collects(): boolean {
    return this.#transaction !== null
  }

  collect<Row>(statement: RowsStatement<Row>, rows: readonly Row[]): void {
    const { collected } = this.#opened()
    for (const earlier of collected.toReversed()) {
      if (earlier.statement.name === statement.name) {
        for (const row of rows) earlier.rows.push(row)
        return
      }
      // Further back these rows would be sent before those that they refer to.
      if (statement.parents.includes(earlier.statement.table)) break
    }
    // A name stands for one statement, hence for one kind of row.
    collected.push({ statement, rows: [...rows] })
  }

  ask(statement: Prepared | Question, values: readonly unknown[]): Promise<Answer> {
    const { name, text } = statement
    const query = { name, text, values }
    if (this.#transaction === null || !('reads' in statement))
      return this.#query(query) as Promise<Answer>
    this.#startPacket()
    const isAbout = ({ table }: RowsStatement<unknown>) => statement.reads.includes(table)
    const waits = !this.#transaction.collected.some((each) => isAbout(each.statement))
    return this.#inOrder([query], waits)
  }

  #query(...query: unknown[]): unknown {
    this.#startPacket()
    const [text] = query
    if (text === 'START TRANSACTION') {
      this.#transaction = { begun: false, collected: [], failed: null }
      return Promise.resolve(NOTHING_SENT)
    }
    if (this.#transaction === null) return this.#send(...query)
    if (text === 'COMMIT') return this.#commit()
    if (text === 'ROLLBACK') return this.#rollback()
    if (typeof text === 'string' && text.startsWith('ROLLBACK TO SAVEPOINT'))
      return this.#rollbackTo(text)
    const answer = this.#inOrder(query)
    if (typeof text !== 'string' || !/^(RELEASE )?SAVEPOINT /.test(text)) return answer
    // Should it fail, the next statement tells the reason.
    answer.catch(() => undefined)
    return Promise.resolve(NOTHING_SENT)
  }

  async #commit(): Promise<Answer> {
    const { begun, collected, failed } = this.#opened()
    if (failed !== null) {
      await this.#rollback()
      throw notKept(failed.reason)
    }
    const isEmpty = !begun && collected.length === 0
    const answer = isEmpty ? NOTHING_SENT : await this.#inOrder(['COMMIT'])
    this.#transaction = null
    if (answer.command === 'ROLLBACK') throw notKept()
    return answer
  }

  #rollback(): Promise<Answer> {
    const { begun } = this.#opened()
    this.#transaction = null
    return begun ? (this.#send('ROLLBACK') as Promise<Answer>) : Promise.resolve(NOTHING_SENT)
  }

  /** What was collected since the savepoint is undone with it: the savepoint itself had sent what was there before. */
  async #rollbackTo(text: string): Promise<Answer> {
    const transaction = this.#opened()
    transaction.collected = []
    const answer = await (this.#send(text) as Promise<Answer>)
    transaction.failed = null
    return answer
  }

  /** Sends what waits and then the query; fails with the first reason of this transaction, though told another. */
  async #inOrder(query: unknown[], collectedWaits = false): Promise<Answer> {
    const transaction = this.#opened()
    const sent: Promise<Answer>[] = []
    const send = (...each: unknown[]) => {
      const answer = this.#send(...each) as Promise<Answer>
      // In the order of the server's answers, so that the first reason is kept.
      answer.catch((reason: unknown) => (transaction.failed ??= { reason }))
      sent.push(answer)
    }
    try {
      const writes = transaction.collected
        .splice(0, collectedWaits ? 0 : Infinity)
        .map(({ statement, rows }) => {
          const { name, text } = statement
          return { name, text, values: statement.values(rows) }
        })
      if (!transaction.begun) send('BEGIN')
      transaction.begun = true
      for (const each of writes) send(each)
      send(...query)
    } catch (reason) {
      // Rows that cannot be written down are lost to this transaction, so it must not be kept.
      transaction.failed ??= { reason }
    }
    await Promise.allSettled(sent)
    // What the others were answered nobody asks.
    const answer = sent.at(-1)
    if (transaction.failed !== null) throw transaction.failed.reason
    return answer ?? NOTHING_SENT
  }

  /** What is asked until the end of this tick leaves in one packet. */
  #startPacket(): void {
    if (this.#packet) return
    this.#packet = true
    const { stream } = this.connection
    stream.cork()
    process.nextTick(() => {
      this.#packet = false
      stream.uncork()
    })
  }

  #opened(): Transaction {
    if (this.#transaction === null) throw new Error('There is no transaction.')
    return this.#transaction
  }
}

function notKept(cause?: unknown): Error {
  return new Error('A statement of this transaction had failed; nothing of it was kept.', { cause })
}
