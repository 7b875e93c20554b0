import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from './server.ts'

/** A server that tests may fill. */
export interface TestPostgres {
  /** URL of a superuser. */
  url: string
  /** Which rung gave it, for the report of the run. */
  origin: string
  /** Ends the server if it was started here, with its data. */
  release(): Promise<void>
}

const IMAGE = 'postgres:18-alpine'

/**
 * The server for tests: `DATABASE_URL` if set, else a container if a Docker engine answers, else an embedded one in a
 * temporary folder.
 */
export async function testPostgres(): Promise<TestPostgres> {
  const { DATABASE_URL: url } = process.env
  if (url !== undefined && url !== '') {
    return { url, origin: 'DATABASE_URL', release: () => Promise.resolve() }
  }
  return (await startContainer()) ?? startEmbedded()
}

async function startContainer(): Promise<TestPostgres | null> {
  // Without an address or a socket there is no engine, and loading testcontainers costs a second.
  if (process.env.DOCKER_HOST === undefined && !existsSync('/var/run/docker.sock')) return null
  try {
    const { GenericContainer, Wait } = await import('testcontainers')
    const container = await new GenericContainer(IMAGE)
      .withEnvironment({ POSTGRES_USER: 'steward', POSTGRES_PASSWORD: 'steward' })
      .withExposedPorts(5432)
      .withCommand(['postgres', '-c', 'fsync=off', '-c', 'max_connections=200'])
      // The image starts the server twice; the first one is for its own set-up.
      .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/, 2))
      .start()
    const address = `${container.getHost()}:${container.getMappedPort(5432)}`
    return {
      url: `postgres://steward:steward@${address}/postgres`,
      origin: `container ${IMAGE}`,
      release: async () => {
        await container.stop()
      },
    }
  } catch {
    return null
  }
}

async function startEmbedded(): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'erp-steward-postgres-'))
  const server = await startPostgres({
    dataDirectory: join(folder, 'data'),
    port: 0,
    durable: false,
  })
  return {
    url: server.url,
    origin: `${server.binaries} server`,
    release: async () => {
      await server.stop()
      rmSync(folder, { recursive: true })
    },
  }
}
