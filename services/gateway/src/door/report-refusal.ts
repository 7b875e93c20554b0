import { randomUUID } from 'node:crypto'
import type { Envelope } from '@erp-steward/contracts/event'
import { AccessRefused } from '@erp-steward/contracts/platform-events'
import type { Problem } from '@erp-steward/contracts/problem'
import type { EventBus } from '@erp-steward/messaging/bus'
import type { FastifyRequest } from 'fastify'
import type { Guard } from './guard.ts'

/** One event per address and reason in this span, in milliseconds: a scan is evidence once, not a flood. */
const SILENCE_MS = 60_000
/** Pairs of address and reason remembered; beyond them the oldest is forgotten. */
const REMEMBERED = 10_000

/**
 * Publishes a refusal at the door as evidence. The gateway has no database and so no outbox: what the bus does not
 * take is in the log only.
 *
 * Source: A-4.2.4 (denied-request log).
 */
export function refusalReporter(
  bus: EventBus,
  guard: Guard,
  clock: () => Date,
): (request: FastifyRequest, problem: Problem) => void {
  const told = new Map<string, number>()
  return (request, { code }) => {
    const address = guard(request.raw).address
    const now = clock()
    const key = `${code} ${address}`
    if (now.getTime() - (told.get(key) ?? -Infinity) < SILENCE_MS) return
    told.delete(key)
    if (told.size >= REMEMBERED) {
      const oldest = told.keys().next().value
      if (oldest !== undefined) told.delete(oldest)
    }
    told.set(key, now.getTime())
    const envelope: Envelope = {
      specversion: '1.0',
      id: randomUUID(),
      source: '/gateway',
      type: AccessRefused.type,
      subject: request.principal?.actor ?? 'anonymous',
      time: now.toISOString(),
      datacontenttype: 'application/json',
      actor: request.principal?.actor ?? 'anonymous',
      actingrole: 'NONE',
      clauseids: AccessRefused.clauses.join(','),
      requestid: request.id,
      traceparent: request.traceparent,
      data: {
        operation: `${request.method} ${request.url.split('?', 1)[0] ?? ''}`,
        code,
        sourceIp: address === '' ? null : address,
        refusedAt: now.toISOString(),
      },
    }
    bus.publish([{ topic: AccessRefused.topic, envelope }]).catch((error: unknown) => {
      request.log.error({ err: error }, 'a refusal could not be published')
    })
  }
}
