import type { EventBus } from '@erp-steward/messaging/bus'
import { createKafkaBus, SESSION_SECONDS } from '@erp-steward/messaging/kafka-bus'
import type { Logger } from 'pino'
import { Type, type Static, type TObject } from 'typebox'
import { ConfigurationError, readConfig } from './config.ts'
import { createLog } from './log.ts'
import { CommonConfig, startService, type Service } from './service.ts'

/** What a service needs besides when it is a process of its own. */
export const ProcessConfig = Type.Object({
  KAFKA_BROKERS: Type.String({
    description: 'Kafka brokers, host:port separated by commas.',
    format: 'host-ports',
    minLength: 3,
  }),
  KAFKA_SESSION_SECONDS: Type.Integer({
    description:
      'Seconds after which the events of a process that was killed go to another one, or to itself when it is back. As short as ' +
      'the brokers take (`group.min.session.timeout.ms`), and longer than a busy machine lets a process wait.',
    minimum: 1,
    maximum: 1_800,
    default: SESSION_SECONDS,
  }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug'], {
    description: 'Least level of what is logged.',
    default: 'info',
  }),
})

/**
 * A service as a process of its own: reads the environment, starts, ends in order on SIGTERM or SIGINT.
 *
 * A faulty configuration prints every fault and exits with 1.
 */
export function runService<Config extends TObject>(
  service: Service<Config>,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  return runProcess<Static<Config> & CommonConfig>(
    service.name,
    [CommonConfig, service.config],
    environment,
    ({ config, bus, log }) => startService<Config>(service, { config, bus, log }),
  )
}

/** What a process is started with. */
export interface ProcessParts<Config> {
  readonly config: Config
  readonly bus: EventBus
  readonly log: Logger
}

/** As `runService`, for whatever can be started and stopped; `schemas` together describe `Config`. */
export async function runProcess<Config>(
  name: string,
  schemas: readonly TObject[],
  environment: NodeJS.ProcessEnv,
  start: (parts: ProcessParts<Config>) => Promise<{ readonly url: string; stop(): Promise<void> }>,
): Promise<void> {
  const { ofProcess, own } = configurationOf(name, schemas, environment)
  const log = createLog(ofProcess.LOG_LEVEL)
  const { KAFKA_BROKERS: brokers, KAFKA_SESSION_SECONDS: sessionSeconds } = ofProcess
  const bus = createKafkaBus(brokers, name, log, sessionSeconds)
  const running = await start({ config: own as Config, bus, log }).catch((error: unknown) => {
    // What only the start itself can find, such as a certificate that does not fit its key.
    if (error instanceof ConfigurationError) refuse(name, error.faults)
    throw error
  })
  log.info({ service: name, url: running.url }, 'ready')
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => {
      log.info({ service: name, signal }, 'stopping')
      running
        .stop()
        .then(() => bus.close())
        .then(() => process.exit(0))
        .catch((error: unknown) => {
          log.error({ err: error }, 'did not stop cleanly')
          process.exit(1)
        })
    })
}

function configurationOf(
  name: string,
  schemas: readonly TObject[],
  environment: NodeJS.ProcessEnv,
): { ofProcess: Static<typeof ProcessConfig>; own: object } {
  const faults: string[] = []
  const read = <Schema extends TObject>(schema: Schema) => {
    try {
      return readConfig(schema, environment)
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      faults.push(...error.faults)
      return undefined
    }
  }
  const ofProcess = read(ProcessConfig)
  const own = schemas.map((schema) => read(schema))
  if (ofProcess === undefined || faults.length > 0) refuse(name, faults)
  return { ofProcess, own: Object.assign({}, ...own) as object }
}

function refuse(name: string, faults: readonly string[]): never {
  process.stderr.write(`${name}: ${new ConfigurationError([...new Set(faults)]).message}\n`)
  process.exit(1)
}
