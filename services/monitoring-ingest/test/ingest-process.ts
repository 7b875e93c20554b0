// The service as a process, for tests that kill it; tells its parent where it listens.
import { createLocalBus } from '@erp-steward/messaging/local-bus'
import { startService } from '@erp-steward/service-kit/service'
import { pino } from 'pino'
import { monitoringIngest } from '../src/service.ts'

const { url } = await startService(monitoringIngest, {
  config: {
    DATABASE_URL: process.env.DATABASE_URL ?? '',
    JWKS_URL: 'http://127.0.0.1:1/jwks',
    INTERNAL_TOKEN: 'internal-token-of-the-tests-0123456789',
    HOST: '127.0.0.1',
    PORT: 0,
    DATABASE_POOL: 4,
    INGEST_CONNECTIONS: 3,
    INGEST_IN_FLIGHT: 32,
    INGEST_SERIES_PER_SOURCE: 1_000,
    SAMPLE_RETENTION_DAYS: 30,
  },
  bus: createLocalBus(),
  log: pino({ level: 'error' }),
})
process.send?.(url)
process.once('disconnect', () => process.exit(0))
