import { Type, type Static } from 'typebox'

/** The settings of the standalone host; settings of the services, such as SMTP_URL, are passed on to them. */
export const StandaloneConfig = Type.Object({
  STEWARD_HOST: Type.String({
    description: 'Address the gateway listens on.',
    default: '127.0.0.1',
  }),
  STEWARD_PORT: Type.Integer({
    description: 'TCP port of the gateway; 0 takes any free one.',
    minimum: 0,
    maximum: 65_535,
    default: 8080,
  }),
  STEWARD_POSTGRES_PORT: Type.Integer({
    description: 'TCP port of the embedded PostgreSQL, on loopback; 0 takes any free one.',
    minimum: 0,
    maximum: 65_535,
    default: 15_432,
  }),
  STEWARD_KAFKA_PORT: Type.Integer({
    description: 'TCP port of the Kafka that `--kafka` starts, on loopback.',
    minimum: 1,
    maximum: 65_535,
    default: 19_092,
  }),
  STEWARD_KAFKA_CONTROLLER_PORT: Type.Integer({
    description: 'TCP port of its controller, on loopback.',
    minimum: 1,
    maximum: 65_535,
    default: 19_093,
  }),
  STEWARD_DATA: Type.String({
    description:
      'Folder of all data: database, secrets, passwords of the first administrators, log.',
    default: '.data',
  }),
  KAFKA_BROKERS: Type.String({
    description:
      'With `--kafka`: an existing cluster, host:port separated by commas, instead of an own broker.',
    format: 'host-ports',
    default: '',
  }),
  STEWARD_LOG_MIB: Type.Integer({
    description: 'Size in MiB at which steward.log is turned over.',
    minimum: 1,
    maximum: 1_024,
    default: 20,
  }),
  STEWARD_LOG_FILES: Type.Integer({
    description: 'Full files of the log that are kept, steward.log.1 the newest.',
    minimum: 1,
    maximum: 1_000,
    default: 10,
  }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug'], {
    description: 'Least level of what is logged.',
    default: 'info',
  }),
})
export type StandaloneConfig = Static<typeof StandaloneConfig>
