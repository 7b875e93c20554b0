import { once } from 'node:events'
import { createServer } from 'node:net'

/** Another program listens on the port that was asked for; the message names the setting that chooses another. */
export class PortTaken extends Error {
  readonly port: number
  readonly setting = 'STEWARD_POSTGRES_PORT'
  constructor(port: number) {
    super(
      `Port ${port} on 127.0.0.1 is taken by another program: ` +
        'choose a free one with STEWARD_POSTGRES_PORT (0 = any).',
    )
    this.name = 'PortTaken'
    this.port = port
  }
}

/** @throws PortTaken when something listens on this port of 127.0.0.1. */
export async function assertPortFree(port: number): Promise<void> {
  try {
    await openAndClose(port)
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') throw new PortTaken(port)
    throw error
  }
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  return openAndClose(0)
}

async function openAndClose(port: number): Promise<number> {
  const server = createServer().listen({ host: '127.0.0.1', port, exclusive: true })
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : port
}

/** The `code` of an error of Node or PostgreSQL, e.g. `EADDRINUSE` or `57P03`. */
export function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}
