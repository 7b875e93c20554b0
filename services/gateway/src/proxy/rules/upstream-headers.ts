import type { IncomingHttpHeaders } from 'node:http'
import { CERTIFICATE_HEADER } from '@erp-steward/contracts/certificate-header'

/** What a caller may tell a service. Everything else is dropped, so nothing can pass for a header of ours. */
const PASSED = [
  'content-type',
  'accept',
  'accept-encoding',
  'accept-language',
  'if-match',
  'if-none-match',
  'idempotency-key',
  'last-event-id',
  'authorization',
  'content-encoding',
  'x-prometheus-remote-write-version',
] as const

/** Characters of `user-agent` that are passed on. */
const LONGEST_AGENT = 300

/** What the gateway itself states about a request. */
export interface Provenance {
  readonly ip: string
  readonly requestId: string
  readonly traceparent: string
  /** What the caller has shown, as `writeCertificateHeader` writes it, where the service has to know. */
  readonly certificate?: string | undefined
}

/**
 * Headers of the request to the service, as a flat list of names and values: the allow-list and our own, never a
 * copy with some taken out, which a `Connection` header could get around (CVE-2026-33805).
 */
export function upstreamHeaders(
  headers: IncomingHttpHeaders,
  { ip, requestId, traceparent, certificate }: Provenance,
): string[] {
  const list = ['x-forwarded-for', ip, 'x-request-id', requestId, 'traceparent', traceparent]
  for (const name of PASSED) {
    const value = headers[name]
    if (typeof value === 'string') list.push(name, value)
  }
  if (certificate !== undefined) list.push(CERTIFICATE_HEADER, certificate)
  const agent = headers['user-agent']
  if (agent !== undefined) list.push('user-agent', plainAgent(agent))
  return list
}

/** What a caller says of its program, in so many printable characters: sessions show it to people. */
function plainAgent(agent: string): string {
  return agent.replaceAll(/[^\x20-\x7e]/g, '').slice(0, LONGEST_AGENT)
}
