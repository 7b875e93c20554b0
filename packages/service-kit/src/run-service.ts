import { createKafkaBus } from '@erp-steward/messaging/kafka-bus'
import { Type, type TObject } from 'typebox'
import { ConfigurationError, readConfig } from './config.ts'
import { createLog } from './log.ts'
import { CommonConfig, startService, type Service } from './service.ts'

/** What a service needs besides when it is a process of its own. */
const ProcessConfig = Type.Object({
  KAFKA_BROKERS: Type.String({
    description: 'Kafka brokers, host:port separated by commas.',
    minLength: 3,
  }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug'], { default: 'info' }),
})

/**
 * A service as a process of its own: reads the environment, starts, ends in order on SIGTERM or SIGINT.
 *
 * A faulty configuration prints every fault and exits with 1.
 */
export async function runService<Config extends TObject>(
  service: Service<Config>,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const { config, own } = configurationOf(service, environment)
  const log = createLog(config.LOG_LEVEL)
  const bus = createKafkaBus(config.KAFKA_BROKERS, service.name, log)
  const running = await startService(service, { config: { ...config, ...own }, bus, log })
  log.info({ service: service.name, url: running.url }, 'ready')
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => {
      log.info({ service: service.name, signal }, 'stopping')
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

function configurationOf<Config extends TObject>(
  service: Service<Config>,
  environment: NodeJS.ProcessEnv,
) {
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
  const common = read(CommonConfig)
  const ofProcess = read(ProcessConfig)
  const own = read(service.config)
  if (common === undefined || ofProcess === undefined || own === undefined) {
    process.stderr.write(`${service.name}: ${new ConfigurationError(faults).message}\n`)
    process.exit(1)
  }
  return { config: { ...common, ...ofProcess }, own }
}
