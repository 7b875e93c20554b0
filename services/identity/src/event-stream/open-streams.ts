import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { sessionEndText } from '@erp-steward/contracts/session-end'
import type { Principal } from '@erp-steward/service-kit/authentication'
import type { Language } from '@erp-steward/service-kit/language'
import type { Logger } from 'pino'
import type { DataSource } from 'typeorm'
import type { EventStream, StreamEnd } from './event-stream.ts'
import { LedgerTail } from './ledger-tail.ts'

/** Streams of one process; the gateway keeps a connection for each. */
const MOST = 100
/** Streams of one account or client in one process: two programs, each with one that it has not noticed the end of. */
const MOST_OF_CALLER = 4
/** How long a stream may say nothing, in milliseconds: less than proxies wait. */
const QUIET_MS = 10_000
/** How long a reader may take nothing while there is something for it, in milliseconds. */
const STALLED_MS = 30_000
/** How long it may be unknown whether tokens were revoked, in milliseconds; then no stream goes on. */
const UNCHECKED_MS = 5_000

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

interface Open {
  readonly stream: EventStream
  readonly principal: Principal
  readonly language: Language
}

/** How patient the streams are, in milliseconds; a test is in more of a hurry. */
export interface Patience {
  readonly quietMs: number
  readonly stalledMs: number
}

/** The streams of events that readers have open in this process: told of news, and ended when they may not go on. */
export class OpenStreams {
  readonly tail: LedgerTail
  readonly #db: DataSource
  readonly #clock: () => Date
  readonly #patience: Patience
  readonly #open = new Set<Open>()
  #checkedAt = performance.now()
  #isClosed = false

  constructor(
    db: DataSource,
    clock: () => Date,
    log: Logger,
    patience: Patience = { quietMs: QUIET_MS, stalledMs: STALLED_MS },
  ) {
    this.#db = db
    this.#clock = clock
    this.#patience = patience
    this.tail = new LedgerTail(db, log, {
      beforeTold: () => this.#endRevoked(),
      onLooked: () => {
        this.#lookAfter()
      },
    })
  }

  get size(): number {
    return this.#open.size
  }

  /**
   * Whether one more may open.
   *
   * @throws Problem `quota-exceeded` for a caller with too many, `unavailable` when the process has too many or is ending
   */
  assertRoomFor({ actor }: Principal): void {
    const own = [...this.#open].filter(({ principal }) => principal.actor === actor).length
    if (own >= MOST_OF_CALLER)
      throw new Problem(
        'quota-exceeded',
        said(
          `You have ${String(own)} streams open; close one first.`,
          `您已打开 ${String(own)} 个事件流，请先关闭一个。`,
        ),
        { 'violated-policies': ['event-streams'], retryAfterSeconds: 5 },
      )
    if (this.#open.size >= MOST || this.#isClosed)
      throw new Problem(
        'unavailable',
        said('No more streams can be opened now.', '目前无法打开更多事件流。'),
        { retryAfterSeconds: 5 },
      )
  }

  /** Looks after a stream until it closes. */
  add(stream: EventStream, principal: Principal, language: Language): void {
    const open = { stream, principal, language }
    if (this.#open.size === 0) this.#checkedAt = performance.now()
    this.#open.add(open)
    this.tail.start()
    stream.once('close', () => {
      this.#open.delete(open)
      if (this.#open.size === 0) void this.tail.stop()
    })
  }

  /** Ends them all: the process is ending, and readers come back to the next. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const open of this.#open)
      end(open, 'closing', said('The service is restarting.', '服务正在重启。'))
    await this.tail.stop()
  }

  #lookAfter(): void {
    const isUnchecked = performance.now() - this.#checkedAt > UNCHECKED_MS
    const now = this.#clock().getTime()
    for (const open of this.#open) {
      const { stream, principal } = open
      if (principal.expiresAt <= now)
        end(open, 'token-expired', said('The token has expired.', '令牌已过期。'))
      else if (isUnchecked) end(open, 'unavailable', UNKNOWN)
      else if (stream.stalledMs > this.#patience.stalledMs)
        end(open, 'reader-too-slow', said('The reader took nothing.', '接收方未读取任何数据。'))
      else {
        stream.wake()
        if (stream.quietMs > this.#patience.quietMs) stream.beat()
      }
    }
  }

  /** As the door of identity asks for each request. Source. */
  async #endRevoked(): Promise<void> {
    const open = [...this.#open].filter(({ principal }) => UUID.test(principal.actor))
    const rows: { at: number; reason: string | null }[] = await this.#db.query(
      `select asked.at::integer - 1 as at, session.end_reason as reason
         from unnest($1::uuid[], $2::integer[], $3::uuid[]) with ordinality as asked (actor, epoch, session, at)
         left join session on session.id = asked.session
        where session.end_reason is not null
           or exists (select from revocation where subject_id = asked.actor and epoch > asked.epoch)`,
      [
        open.map(({ principal }) => principal.actor),
        open.map(({ principal }) => principal.epoch),
        open.map(({ principal }) => principal.sessionId),
      ],
    )
    this.#checkedAt = performance.now()
    for (const { at, reason } of rows) {
      const found = open[at]
      if (found !== undefined) end(found, 'token-revoked', sessionEndText(reason ?? 'revoked'))
    }
  }
}

const UNKNOWN = said(
  'Whether the token is revoked cannot be known now.',
  '目前无法确认令牌是否已被撤销。',
)

function end({ stream, language }: Open, reason: StreamEnd, detail: Bilingual): void {
  stream.endFor(reason, detail[language])
}
