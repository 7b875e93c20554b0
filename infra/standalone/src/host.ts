import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { findJava } from '@erp-steward/kafka/jars'
import { startPostgres } from '@erp-steward/postgres/server'
import type { Logger } from 'pino'
import type { StandaloneConfig } from './config.ts'
import { endLeftInitdb, holdFolder } from './data-folder.ts'
import { end, PART_LIMIT_MS, SERVER_LIMIT_MS, type Part } from './parts.ts'
import { siteSecrets } from './secrets.ts'

export interface HostOptions {
  readonly config: StandaloneConfig
  /** Environment that is passed on to the services. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Use Kafka instead of the local bus. */
  readonly kafka: boolean
  readonly log: Logger
  /** Told what is going on, one line each. */
  readonly progress: (line: string) => void
  /** Calls the start off: what was started is ended, and `startHost` throws the signal's reason. */
  readonly signal: AbortSignal
}

export interface RunningHost {
  readonly gatewayUrl: string
  /** File with the one-time passwords of the first administrators. */
  readonly passwordFile: string
  /** Gateway first, then services, bus, broker and database. Never throws: what does not end in order is logged. */
  stop(): Promise<void>
}

/**
 * Starts PostgreSQL, prepares it, and runs gateway and services in this process.
 *
 * @throws Error when the data folder is in use, the gateway's port is taken or Java is missing, before anything is
 *   started; when PostgreSQL or Kafka does not start, after what was started is ended
 */
export async function startHost(options: HostOptions): Promise<RunningHost> {
  const { config, log, progress, signal } = options
  const folder = resolve(config.STEWARD_DATA)
  // Asked before a database is made for a start that cannot succeed.
  if (options.kafka && config.KAFKA_BROKERS === '') findJava()
  const release = holdFolder(folder)
  const parts: Part[] = []
  const stop = async () => {
    for (const part of parts.splice(0).reverse()) await end(part, log)
    release()
  }
  try {
    const held = await holdPort(config.STEWARD_HOST, config.STEWARD_PORT)
    parts.push({ name: 'port', limitMs: PART_LIMIT_MS, stop: held.release })
    const secrets = siteSecrets(folder)
    progress('Starting PostgreSQL')
    await endLeftInitdb(folder)
    const launched = Promise.withResolvers<undefined>()
    const starting = startPostgres({
      dataDirectory: join(folder, 'postgres'),
      port: config.STEWARD_POSTGRES_PORT,
      log: progress,
      onLaunched: () => {
        launched.resolve(undefined)
      },
    })
    await Promise.race([launched.promise, starting])
    // Heard already, should it fail before it is waited for.
    starting.catch(() => undefined)
    // Loaded here: it takes this process as long as the server takes to be ready on another core, and longer.
    const { startProduct } = await import('./product.ts')
    // Waited for whatever happens: a server that is half started could not be ended.
    const postgres = await starting
    parts.push({ name: 'PostgreSQL', limitMs: SERVER_LIMIT_MS, stop: () => postgres.stop() })
    signal.throwIfAborted()
    const started = await startProduct(
      { ...options, config: { ...config, STEWARD_PORT: held.port } },
      { folder, secrets, superuserUrl: postgres.url, releasePort: held.release },
      parts,
    )
    return { ...started, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * The port, or any free one for 0, which is held until the gateway takes it: the services name the gateway's address in their
 * tokens before it listens.
 *
 * @throws Error that names the setting
 */
async function holdPort(
  host: string,
  port: number,
): Promise<{ readonly port: number; readonly release: () => Promise<void> }> {
  const probe = createServer().listen(port, host)
  try {
    await once(probe, 'listening')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE')
      throw new Error(
        `Port ${port} on ${host} is taken by another program: choose another with STEWARD_PORT.`,
        { cause: error },
      )
    throw new Error(
      `The gateway cannot listen on ${host} port ${port} (${String(code)}): ` +
        'choose another address with STEWARD_HOST or port with STEWARD_PORT.',
      { cause: error },
    )
  }
  const { port: taken } = probe.address() as AddressInfo
  const release = async () => {
    if (!probe.listening) return
    probe.close()
    await once(probe, 'close')
  }
  // One that was named is refused to whoever calls too early, as before the start.
  if (port !== 0) await release()
  return { port: taken, release }
}
