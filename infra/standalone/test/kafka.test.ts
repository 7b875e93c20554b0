import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, jest, test } from '@jest/globals'
import { freePort } from '@erp-steward/postgres/port'
import { Folders, nothingLeft, passwordOf, ROOT, signIn } from './host-process.ts'

// A first run fetches the jars of Kafka, and its broker takes up to 10 s to start.
jest.setTimeout(300_000)

const folders = new Folders()
afterEach(() => folders.clear())

const answers = (program: string, argument: string) =>
  spawnSync(program, [argument], { stdio: 'ignore' }).status === 0
const missing = !answers('java', '-version')
  ? 'Java'
  : !existsSync(join(ROOT, 'infra', 'kafka', 'lib', 'pinned')) && !answers('mvn', '--version')
    ? 'Maven'
    : null
if (missing !== null) {
  if (process.env.CI === 'true') throw new Error(`CI needs ${missing} for these tests.`)
  process.stderr.write(`The host is not tested with Kafka: ${missing} is missing.\n`)
}

;(missing === null ? test : test.skip)(
  'with --kafka the site starts, survives a kill of the host and ends with its broker',
  async () => {
    const folder = folders.fresh()
    const settings = {
      args: ['--kafka'],
      env: {
        STEWARD_KAFKA_PORT: String(await freePort()),
        STEWARD_KAFKA_CONTROLLER_PORT: String(await freePort()),
      },
    }
    const calledOff = folders.host(folder, settings)
    await calledOff.says('Starting Apache Kafka')
    expect((await calledOff.end('SIGTERM')).code).toBe(0)
    // A tool of Kafka that was just making its storage ends by itself, a few seconds later on a busy machine.
    await nothingLeft(folder)

    const killed = folders.host(folder, settings)
    const gateway = await killed.ready()
    expect(await signIn(gateway, 'SYSADM', passwordOf(folder, 'SYSADM'))).not.toBe('')
    await killed.end('SIGKILL')

    const next = folders.host(folder, settings)
    const again = await next.ready()
    expect(next.output).toContain('Taking over the Kafka')
    expect(await signIn(again, 'SYSADM', passwordOf(folder, 'SYSADM'))).not.toBe('')
    expect((await next.end('SIGINT')).code).toBe(0)
    expect(next.output).toContain('Stopped.')
    await nothingLeft(folder)
  },
)

test('with --kafka and without Java the message names the other ways, before a database is made', async () => {
  const folder = folders.fresh()
  const host = folders.host(folder, { args: ['--kafka'], env: { PATH: folder } })
  expect((await host.end()).code).toBe(1)
  expect(host.output).toContain('Kafka needs Java 17 or newer')
  expect(host.output).toContain('KAFKA_BROKERS=host:port')
  expect(host.output).toContain('docker compose up')
  expect(host.output).not.toMatch(/^\s+at /m)
  expect(existsSync(join(folder, 'postgres'))).toBe(false)
})

test('with --kafka and a cluster that does not answer a signal still ends the start', async () => {
  const folder = folders.fresh()
  const brokers = `127.0.0.1:${await freePort()}`
  const host = folders.host(folder, { args: ['--kafka'], env: { KAFKA_BROKERS: brokers } })
  await host.says(', monitoring-ingest')
  const { code } = await host.end('SIGINT')
  expect(code).toBe(0)
  await nothingLeft(folder)
})
