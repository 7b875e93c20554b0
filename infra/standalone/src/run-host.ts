import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createLog } from '@erp-steward/service-kit/log'
import type { Logger } from 'pino'
import { checkSettings, unknownSettings } from './check-settings.ts'
import { collectStart } from './collect-start.ts'
import { makeFolder } from './data-folder.ts'
import { helpText, USAGE } from './help.ts'
import type { RunningHost } from './host.ts'
import { openLogFile } from './log-file.ts'

const STOP_LIMIT_MS = 60_000
/** SQLSTATE of a connection that ends because its server is stopped. */
const ADMIN_SHUTDOWN = '57P01'

/** How the code that runs was loaded. */
export interface Loaded {
  /** Called once, when the host is ready: what can wait until then is done. */
  readonly onReady: () => void
  /** Names the sources in a text that holds the trace of an error. */
  readonly toSources: (text: string) => string
}

/** The process of the host, from its arguments to its end: it does not return. */
export async function runHost({ onReady, toSources }: Loaded): Promise<never> {
  // A terminal or a pipe that has gone must not end the site in the middle of its work or of its own end.
  process.stdout.on('error', () => undefined)
  process.stderr.on('error', () => undefined)
  const given = process.argv.slice(2)
  await answerAtOnce(given)

  const calledOff = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      if (calledOff.signal.aborted) return
      say('\nStopping …')
      setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref()
      calledOff.abort()
    })

  let log: Logger | undefined
  let logFile: string | undefined
  try {
    const started = performance.now()
    for (const line of unknownSettings(process.env)) process.stderr.write(`Warning: ${line}\n`)
    const config = checkSettings(process.env)
    const folder = resolve(config.STEWARD_DATA)
    makeFolder(folder)
    const file = join(folder, 'steward.log')
    const lines = openLogFile({
      file,
      maxBytes: config.STEWARD_LOG_MIB * 1_048_576,
      keep: config.STEWARD_LOG_FILES,
    })
    log = createLog(config.LOG_LEVEL, {
      write: (line) => {
        lines.write(toSources(line))
      },
    })
    logFile = file
    process.on('uncaughtExceptionMonitor', (error) => {
      log?.fatal({ err: error }, 'the host ends by an error that nobody caught')
    })
    process.on('uncaughtException', (error) => {
      // A start that is called off ends PostgreSQL under a migration whose connection is not ours to guard: expected.
      if (calledOff.signal.aborted && 'code' in error && error.code === ADMIN_SHUTDOWN) return
      process.stderr.write(`\n${toSources(error.stack ?? error.message)}\n`)
      process.exit(1)
    })
    // Loaded here, for it takes longer than all that was answered so far.
    const { startHost } = await import('./host.ts')
    calledOff.signal.throwIfAborted()
    const host = await startHost({
      config,
      environment: process.env,
      kafka: given.includes('--kafka'),
      log,
      progress,
      signal: calledOff.signal,
    })
    sayReady(host, (performance.now() - started) / 1_000, logFile)
    onReady()
    collectStart()
    if (!calledOff.signal.aborted) await once(calledOff.signal, 'abort')
    await host.stop()
    say('Stopped.')
    process.exit(0)
  } catch (error) {
    log?.error({ err: error }, 'not started')
    if (calledOff.signal.aborted) {
      say('Stopped.')
      process.exit(0)
    }
    // Words for the operator; the stack is for us and goes to the log.
    const more = logFile === undefined ? '' : `\nMore in ${logFile}`
    process.stderr.write(`\nERP Steward did not start.\n${wordsOf(error)}${more}\n`)
    process.exit(1)
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

const MIGRATING = 'Migrating '
let isLineOpen = false

/** One line each; the services that are migrated one after the other share one. */
function progress(line: string): void {
  const service = line.startsWith(MIGRATING) ? line.slice(MIGRATING.length) : null
  if (service === null) process.stdout.write(`${isLineOpen ? '\n' : ''}… ${line}\n`)
  else process.stdout.write(isLineOpen ? `, ${service}` : `… ${line}`)
  isLineOpen = service !== null
}

/** Ends the process when the arguments ask for help, or are none that it knows. */
async function answerAtOnce(given: readonly string[]): Promise<void> {
  const unknown = given.find((argument) => !['--kafka', '--help', '-h'].includes(argument))
  if (unknown !== undefined) {
    process.stderr.write(`Unknown argument ${unknown}. ${USAGE}\n`)
    process.exit(2)
  }
  if (given.includes('--help') || given.includes('-h')) {
    // A pipe takes what is written in its own time.
    await new Promise((resolve) => process.stdout.write(helpText(), resolve))
    process.exit(0)
  }
}

function sayReady(host: RunningHost, seconds: number, logFile: string): void {
  const passwords = existsSync(host.passwordFile)
    ? `\n  passwords   ${host.passwordFile}  (one-time, of the three administrators)`
    : ''
  say(`
ERP Steward is ready after ${seconds.toFixed(1)} s.

  gateway     ${host.gatewayUrl}
  docs        ${host.gatewayUrl}/docs
  health      ${host.gatewayUrl}/health${passwords}
  log         ${logFile}
  settings    npm start -- --help
  stop        Ctrl-C
`)
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof AggregateError) return error.errors.map(wordsOf).join('\n')
  return error.message === '' ? error.name : error.message
}
