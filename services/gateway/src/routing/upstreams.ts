import type { ServiceName } from '@erp-steward/contracts/services'
import { Pool, type Dispatcher } from 'undici'
import { Circuit } from '../upstream/circuit.ts'
import { Connections } from '../upstream/connections.ts'

/** A service behind the gateway and the connections to it. */
export interface Upstream {
  readonly name: ServiceName
  /** For what callers ask. */
  readonly connections: Connections
  /** For answers without end, each of which keeps a connection: they take none of those for the others. */
  readonly streams: Connections
  /** For what the gateway itself asks. */
  readonly pool: Pool
  readonly circuit: Circuit
  /** Requests under way, so that a service that hangs cannot fill the gateway's memory. */
  inFlight: number
  /** Answers without end under way. */
  streaming: number
}

/** Connections for the gateway's own questions, which are few. */
const OWN_CONNECTIONS = 4
/** Longest wait for a connection in milliseconds; services are near. */
const CONNECT_MS = 2_000
/** Longest silence of an answer without end, in milliseconds: six of the lines by which it says that it is there. */
const STREAM_SILENT_MS = 60_000
/** How long a caller may take nothing of such an answer, in milliseconds: longer than the service itself waits. */
const STREAM_PAUSED_MS = 45_000

/** The part of the longest wait for an answer, one in so many, after which a service that says nothing to many is cut off. */
const STALLED_PART = 3

export function openUpstream(name: ServiceName, url: string, timeoutMs: number): Upstream {
  return {
    name,
    inFlight: 0,
    circuit: new Circuit(timeoutMs / STALLED_PART),
    streaming: 0,
    connections: new Connections(url, timeoutMs),
    streams: new Connections(url, STREAM_SILENT_MS, STREAM_PAUSED_MS),
    pool: new Pool(url, {
      connections: OWN_CONNECTIONS,
      connect: { timeout: CONNECT_MS },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    }),
  }
}

/** Ends all connections; who still asks is told so. */
export async function closeUpstream({ connections, streams, pool }: Upstream): Promise<void> {
  streams.close()
  connections.close()
  await pool.destroy()
}

/**
 * A JSON answer of a service to the gateway itself, within `timeoutMs`.
 *
 * @throws Error if the service cannot be reached, is too slow or answers anything but 200
 */
export async function askUpstream(
  upstream: Upstream,
  path: string,
  timeoutMs: number,
  headers: Record<string, string> = {},
): Promise<unknown> {
  const { statusCode, body } = await getFrom(upstream, path, timeoutMs, headers)
  if (statusCode !== 200) throw await noAnswer(upstream, path, statusCode, body)
  return body.json()
}

/** What a service answered, and the entity tag by which it can be asked whether that has changed. */
export interface Tagged {
  readonly answer: unknown
  readonly tag: string | undefined
}

/**
 * As `askUpstream`; `null` when the answer is still the one that `tag` names.
 *
 * @throws Error if the service cannot be reached, is too slow or answers anything but 200 and 304
 */
export async function askForNews(
  upstream: Upstream,
  path: string,
  timeoutMs: number,
  tag: string | undefined,
): Promise<Tagged | null> {
  const known = tag === undefined ? {} : { 'if-none-match': tag }
  const { statusCode, headers, body } = await getFrom(upstream, path, timeoutMs, known)
  if (statusCode === 304 && tag !== undefined) {
    await body.dump()
    return null
  }
  if (statusCode !== 200) throw await noAnswer(upstream, path, statusCode, body)
  const { etag } = headers
  return { answer: await body.json(), tag: typeof etag === 'string' ? etag : undefined }
}

function getFrom(
  { pool }: Upstream,
  path: string,
  timeoutMs: number,
  headers: Record<string, string>,
): Promise<Dispatcher.ResponseData> {
  return pool.request({ method: 'GET', path, headers, signal: AbortSignal.timeout(timeoutMs) })
}

async function noAnswer(
  { name }: Upstream,
  path: string,
  status: number,
  body: Dispatcher.ResponseData['body'],
): Promise<Error> {
  await body.dump()
  return new Error(`${name} answered ${String(status)} to ${path}`)
}
