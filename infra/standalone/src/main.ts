import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ConfigurationError, readConfig } from '@erp-steward/service-kit/config'
import { createLog } from '@erp-steward/service-kit/log'
import { pino } from 'pino'
import { StandaloneConfig } from './config.ts'
import { startHost, type RunningHost } from './host.ts'

const say = (line: string) => {
  process.stdout.write(`${line}\n`)
}

function fail(error: unknown): never {
  // Faults of the site (a taken port, a missing Java, a bad setting) are words for the operator; a stack is for us.
  const known =
    error instanceof Error && (error instanceof ConfigurationError || 'setting' in error)
  const text =
    error instanceof Error
      ? known
        ? error.message
        : (error.stack ?? error.message)
      : String(error)
  process.stderr.write(`\nERP Steward did not start.\n${text}\n`)
  process.exit(1)
}

const unknownArgument = process.argv.slice(2).find((argument) => argument !== '--kafka')
if (unknownArgument !== undefined) {
  process.stderr.write(`Unknown argument ${unknownArgument}. Usage: npm start [-- --kafka]\n`)
  process.exit(2)
}

let host: RunningHost | undefined
let stopping = false

function stop() {
  if (stopping) return
  stopping = true
  say('\nStopping …')
  // A part that hangs must not keep the rest from ending; what is durable is durable already.
  setTimeout(() => process.exit(1), 10_000).unref()
  Promise.resolve(host?.stop())
    .then(() => {
      say('Stopped.')
      process.exit(0)
    })
    .catch(fail)
}

try {
  const config = readConfig(StandaloneConfig, process.env)
  const folder = resolve(config.STEWARD_DATA)
  mkdirSync(folder, { recursive: true })
  const logFile = join(folder, 'steward.log')
  const log = createLog(
    config.LOG_LEVEL,
    pino.destination({ dest: logFile, append: true, mkdir: true }),
  )
  const started = performance.now()
  let startStopped = false
  process.on('SIGINT', () => {
    startStopped = true
    if (host !== undefined) stop()
  })
  process.on('SIGTERM', () => {
    startStopped = true
    if (host !== undefined) stop()
  })
  host = await startHost({
    config,
    environment: process.env,
    kafka: process.argv.includes('--kafka'),
    log,
    progress: (line) => {
      say(`… ${line}`)
    },
  })
  say(`
ERP Steward is ready after ${((performance.now() - started) / 1_000).toFixed(1)} s.

  gateway     ${host.gatewayUrl}
  docs        ${host.gatewayUrl}/docs
  passwords   ${host.passwordFile}  (one-time, of the three administrators)
  log         ${logFile}
  stop        Ctrl-C
`)
  if (startStopped) stop()
} catch (error) {
  fail(error)
}
