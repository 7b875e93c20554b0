import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { endOrphan, PortTaken, startKafka, type KafkaOptions } from '../src/broker.ts'
import { findJava } from '../src/jars.ts'

// A first run fetches 43 MB of jars, and a broker takes 4 to 10 s to start.
jest.setTimeout(180_000)

const folder = mkdtempSync(join(tmpdir(), 'erp-steward-kafka test-'))
const lines: string[] = []
let options: KafkaOptions

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => {
      resolve(false)
    })
  })
}

function startHost(env: NodeJS.ProcessEnv = process.env) {
  const script = fileURLToPath(new URL('host.ts', import.meta.url))
  const { dataDirectory, port, controllerPort } = options
  return spawn(process.execPath, [script, dataDirectory, String(port), String(controllerPort)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  })
}

async function firstLine(child: ReturnType<typeof startHost>): Promise<Record<string, unknown>> {
  const [line] = (await once(createInterface(child.stdout), 'line')) as unknown[]
  return JSON.parse(String(line)) as Record<string, unknown>
}

const clusterId = () => readFileSync(join(folder, 'data', 'topics', 'meta.properties'), 'utf8')

beforeAll(async () => {
  options = {
    dataDirectory: join(folder, 'data'),
    port: await freePort(),
    controllerPort: await freePort(),
    brief: true,
    log: (line) => lines.push(line),
  }
})

afterAll(async () => {
  await endOrphan(join(folder, 'data'))
  rmSync(folder, { recursive: true })
})

const hasJava = (() => {
  try {
    findJava()
    return true
  } catch {
    return false
  }
})()
if (!hasJava && process.env.CI === 'true') throw new Error('CI needs Java 17 for these tests.')

;(hasJava ? describe : describe.skip)('a broker of our own', () => {
  test('outlives its killed host, is taken over, survives a kill and stops', async () => {
    const host = startHost()
    const started = await firstLine(host)
    const formatted = clusterId()
    host.kill('SIGKILL')
    await once(host, 'exit')

    const adopted = await startKafka(options)
    expect(adopted.pid).toBe(started.pid)
    expect(lines).toEqual([`Taking over the Kafka that runs on port ${options.port}`])
    expect(adopted.brokers).toBe(`127.0.0.1:${options.port}`)

    adopted.kill()
    const restarted = await startKafka(options)
    expect(restarted.pid).not.toBe(adopted.pid)
    expect(clusterId()).toBe(formatted)

    await restarted.stop()
    expect(await isOpen(options.port)).toBe(false)
  })

  test.each(['Making a data directory', 'Kafka starts as process'])(
    'a start that is called off at "%s" leaves no process behind',
    async (moment) => {
      const fresh = { ...options, dataDirectory: join(folder, moment.replaceAll(' ', '-')) }
      const calledOff = new AbortController()
      const log = (line: string) => {
        // At once, so that no machine is fast enough to have started before.
        if (line.startsWith(moment)) calledOff.abort(new Error('called off'))
      }
      const start = startKafka({ ...fresh, log, signal: calledOff.signal })
      await expect(start).rejects.toThrow('called off')
      expect(await isOpen(options.port)).toBe(false)
      const next = await startKafka(fresh)
      await next.stop()
    },
  )

  test('a start that is called off before it begins makes nothing', async () => {
    const dataDirectory = join(folder, 'called-off')
    const signal = AbortSignal.abort(new Error('called off'))
    await expect(startKafka({ ...options, dataDirectory, signal })).rejects.toThrow('called off')
    expect(existsSync(join(dataDirectory, 'server.properties'))).toBe(false)
  })

  test('names the setting when another program has the port', async () => {
    const listener = createServer().listen(options.port, '127.0.0.1')
    await once(listener, 'listening')
    const refused: unknown = await startKafka(options).catch((error: unknown) => error)
    listener.close()
    expect(refused).toBeInstanceOf(PortTaken)
    expect(refused).toMatchObject({ port: options.port, setting: 'STEWARD_KAFKA_PORT' })
    expect(String(refused)).toContain('STEWARD_KAFKA_PORT')
  })
})

test('without Java the message names the two other ways', async () => {
  const host = startHost({ PATH: folder })
  const { error } = await firstLine(host)
  expect(error).toMatch(/KafkaUnavailable: Kafka needs Java 17 or newer/)
  expect(error).toMatch(/KAFKA_BROKERS=host:port/)
  expect(error).toMatch(/docker compose up/)
})
