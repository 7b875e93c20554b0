import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
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

/** Requests under way per service; with 64 KiB of buffers each they stay below 70 MB. */
const MOST_IN_FLIGHT = 1_024
/** Pause before a GET that found nobody is tried once more, in milliseconds: a restart of a service. */
const RETRY_MS = 100

/**
 * Passes a request on to the service that owns its path, and the answer back.
 *
 * @throws Problem `body-too-large`, and `unavailable` when the service has too much to do already; whatever else kept
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
  if (upstream.inFlight >= MOST_IN_FLIGHT)
    throw new Problem(
      'unavailable',
      said('The service has too many requests under way.', '该服务正在处理的请求过多。'),
      {
        retryAfterSeconds: 2,
      },
    )
  const asked: UpstreamRequest = { method, path: path + query, headers, body, length: sent?.length }
  upstream.inFlight += 1
  try {
    await exchange(upstream, asked, own)
  } catch (error) {
    if (method !== 'GET' || !isRefused(error)) throw error
    await sleep(RETRY_MS)
    await exchange(upstream, asked, own)
  } finally {
    upstream.inFlight -= 1
  }
}

function bodyOf(request: IncomingMessage, method: string): Body | null {
  if (!WITH_BODY.includes(method)) return null
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers
  if (coding !== undefined) return { stream: request, length: null }
  return length === undefined || length === '0' ? null : { stream: request, length: Number(length) }
}
