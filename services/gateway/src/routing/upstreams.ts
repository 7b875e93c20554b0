import type { ServiceName } from '@erp-steward/contracts/services'
import { Pool } from 'undici'

/** A service behind the gateway and the connections to it. */
export interface Upstream {
  readonly name: ServiceName
  readonly pool: Pool
  /** Requests under way, so that a service that hangs cannot fill the gateway's memory. */
  inFlight: number
}

/** Connections per service; more requests than these wait in the pool. */
const CONNECTIONS = 128
/** Longest wait for a connection in milliseconds; services are near. */
const CONNECT_MS = 2_000

export function openUpstream(name: ServiceName, url: string, timeoutMs: number): Upstream {
  return {
    name,
    inFlight: 0,
    pool: new Pool(url, {
      connections: CONNECTIONS,
      connect: { timeout: CONNECT_MS },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    }),
  }
}

/**
 * A JSON answer of a service to the gateway itself, within `timeoutMs`.
 *
 * @throws Error if the service cannot be reached, is too slow or answers anything but 200
 */
export async function askUpstream(
  { name, pool }: Upstream,
  path: string,
  timeoutMs: number,
  headers: Record<string, string> = {},
): Promise<unknown> {
  const { statusCode, body } = await pool.request({
    method: 'GET',
    path,
    headers,
    signal: AbortSignal.timeout(timeoutMs),
  })
  if (statusCode !== 200) {
    await body.dump()
    throw new Error(`${name} answered ${String(statusCode)} to ${path}`)
  }
  return body.json()
}
