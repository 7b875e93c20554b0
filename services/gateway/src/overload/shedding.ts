import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { said } from '@erp-steward/contracts/bilingual'
import type { Priority } from '@erp-steward/contracts/priority'
import { Problem } from '@erp-steward/contracts/problem'
import { languageOf } from '@erp-steward/service-kit/language'
import { problemDocument } from '@erp-steward/service-kit/problem-details'
import { Counter, Gauge, type Registry } from 'prom-client'
import { priorityOf } from './priority.ts'

/** Seconds after which who was turned away may come again. */
const RETRY_SECONDS = 2

/** Turns a request away, with a short answer, if there is too much to do for one of its priority; `false`: it did not. */
export type Shed = (request: IncomingMessage, response: ServerResponse) => boolean

export interface SheddingOptions {
  readonly registry: Registry
  /** How late the event loop is, in milliseconds. */
  readonly delayMs: () => number
  /** From which delay on ordinary requests are turned away; bulk ones are from half of it. */
  readonly mostMs: number
}

const TOO_MUCH = new Problem(
  'unavailable',
  said('There is too much to do at the moment.', '当前请求过多，暂时无法处理。'),
  { retryAfterSeconds: RETRY_SECONDS },
)

/**
 * Keeps the door open while the process has more to do than it can: what would wait for long anyway is told so at once,
 * before anything of it is looked at, and the rest goes on. The connection stays: a new one would cost more than the answer. Vital operations and probes of health always go on.
 */
export function createShedding({ registry, delayMs, mostMs }: SheddingOptions): Shed {
  new Gauge({
    name: 'event_loop_delay_seconds',
    help: 'How late the event loop of the gateway is, at least, over the last looks.',
    registers: [registry],
    collect() {
      this.set(delayMs() / 1_000)
    },
  })
  const shed = new Counter({
    name: 'requests_shed_total',
    help: 'Requests turned away because there was too much to do, by priority.',
    labelNames: ['priority'],
    registers: [registry],
  })
  const most: Readonly<Record<Priority, number>> = {
    vital: Infinity,
    ordinary: mostMs,
    bulk: mostMs / 2,
  }
  return (request, response) => {
    const delay = delayMs()
    // Which it is costs more than to see that there is no need to know.
    if (delay < most.bulk) return false
    const { method = '', url = '' } = request
    const priority = priorityOf(method, url.split('?', 1)[0] ?? '')
    if (delay < most[priority]) return false
    shed.inc({ priority })
    turnAway(request, response)
    return true
  }
}

function turnAway(request: IncomingMessage, response: ServerResponse): void {
  const language = languageOf(request)
  const body = JSON.stringify(problemDocument(TOO_MUCH, language, randomUUID()))
  response.writeHead(TOO_MUCH.status, {
    'content-type': 'application/problem+json',
    'content-language': language,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'retry-after': String(RETRY_SECONDS),
  })
  response.end(body)
}
