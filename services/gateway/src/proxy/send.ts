import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { said } from '@erp-steward/contracts/bilingual'
import type { Priority } from '@erp-steward/contracts/priority'
import { Problem } from '@erp-steward/contracts/problem'
import { streamedPaths } from '@erp-steward/contracts/services'
import { priorityOf } from '../overload/priority.ts'
import type { RequestTarget } from '../routing/rules/request-target.ts'
import { bodyLimitOf } from '../routing/rules/body-limit.ts'
import type { Upstream } from '../routing/upstreams.ts'
import type { UpstreamRequest } from '../upstream/connections.ts'
import { exchange, type OwnAnswer } from './exchange.ts'
import { limitBody, type Body } from './limit-body.ts'
import { upstreamHeaders, type Provenance } from './rules/upstream-headers.ts'
import { isRefused } from './rules/upstream-problem.ts'

const WITH_BODY = ['POST', 'PUT', 'PATCH', 'DELETE']
/** The methods that go on to a service. */
export const METHODS = ['GET', 'HEAD', ...WITH_BODY]

/** Requests under way per service, by priority; with 64 KiB of buffers each they stay below 70 MB. Some room is kept for vital ones. */
const MOST_IN_FLIGHT: Readonly<Record<Priority, number>> = {
  vital: 1_024,
  ordinary: 960,
  bulk: 512,
}
/** Answers without end under way per service, no more than there are connections for them: others would wait for ever. */
const MOST_STREAMS = 128
const streamed = new Set(streamedPaths)

/** Pause before a GET that found nobody is tried once more, in milliseconds: a restart of a service. */
const RETRY_MS = 100

/**
 * Passes a request on to the service that owns its path, and the answer back.
 *
 * @throws Problem `body-too-large`, and `unavailable` when the service has too much to do already or is cut off; whatever else kept
 *   the service from answering
 */
export async function send(
  upstream: Upstream,
  request: IncomingMessage,
  { path, query }: RequestTarget,
  provenance: Provenance,
  own: OwnAnswer,
): Promise<void> {
  const { method = '' } = request
  const sent = bodyOf(request, method)
  const headers = upstreamHeaders(request.headers, provenance)
  const body = sent === null ? null : limitBody(sent, bodyLimitOf(path))
  const isStream = streamed.has(path)
  assertRoom(upstream, priorityOf(method, path), isStream)
  const asked: UpstreamRequest = { method, path: path + query, headers, body, length: sent?.length }
  const { circuit } = upstream
  const way = { circuit, connections: isStream ? upstream.streams : upstream.connections }
  const counted = isStream ? 'streaming' : 'inFlight'
  upstream[counted] += 1
  try {
    await exchange(way, asked, own)
  } catch (error) {
    if (method !== 'GET' || !isRefused(error)) throw error
    await sleep(RETRY_MS)
    await exchange(way, asked, own)
  } finally {
    upstream[counted] -= 1
  }
}

/** @throws Problem `unavailable` */
function assertRoom(
  { circuit, inFlight, streaming }: Upstream,
  priority: Priority,
  isStream: boolean,
): void {
  const waitMs = circuit.waitMs(performance.now())
  // What is vital is tried all the same: it may be the one thing that still works.
  if (waitMs > 0 && priority !== 'vital')
    throw new Problem(
      'unavailable',
      said(
        'The service does not answer and is asked again shortly.',
        '该服务没有应答，稍后将再次尝试。',
      ),
      { retryAfterSeconds: Math.ceil(waitMs / 1_000) },
    )
  if (isStream ? streaming >= MOST_STREAMS : inFlight >= MOST_IN_FLIGHT[priority])
    throw new Problem(
      'unavailable',
      said('The service has too many requests under way.', '该服务正在处理的请求过多。'),
      { retryAfterSeconds: 2 },
    )
}

function bodyOf(request: IncomingMessage, method: string): Body | null {
  if (!WITH_BODY.includes(method)) return null
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers
  if (coding !== undefined) return { stream: request, length: null }
  return length === undefined || length === '0' ? null : { stream: request, length: Number(length) }
}
