import { Type, type Static } from 'typebox'

/** What monitoring-ingest reads from its environment besides what every service reads. */
export const MonitoringConfig = Type.Object({
  INGEST_CONNECTIONS: Type.Integer({
    description: 'Database connections kept for the samples alone.',
    minimum: 1,
    maximum: 32,
    default: 4,
  }),
  INGEST_IN_FLIGHT: Type.Integer({
    description: 'Write requests worked on at once; more are answered 503 with Retry-After.',
    minimum: 1,
    maximum: 1_000,
    default: 32,
  }),
  INGEST_SERIES_PER_SOURCE: Type.Integer({
    description: 'Most series of one source; samples of further series are refused.',
    minimum: 1,
    maximum: 1_000_000,
    default: 50_000,
  }),
  SAMPLE_RETENTION_DAYS: Type.Integer({
    description: 'Days that samples are kept.',
    minimum: 2,
    maximum: 3_650,
    default: 90,
  }),
})
export type MonitoringConfig = Static<typeof MonitoringConfig>
