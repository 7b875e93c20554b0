import { EntitySchema } from 'typeorm'

/** A series: the samples of one source under one name and set of labels. */
export interface Series {
  /** `bigint`, as text. */
  id: string
  sourceId: string
  unitId: string
  moduleCode: string | null
  metric: string
  /** Without the metric's name. */
  labels: Record<string, string>
  /** SHA-256 over the sorted labels. */
  fingerprint: Buffer
  createdAt: Date
}

export const SeriesEntity = new EntitySchema<Series>({
  name: 'Series',
  tableName: 'series',
  columns: {
    id: {
      type: 'bigint',
      primary: true,
      generated: 'increment',
      primaryKeyConstraintName: 'series_pkey',
    },
    sourceId: { type: 'uuid', name: 'source_id' },
    unitId: { type: 'uuid', name: 'unit_id' },
    moduleCode: { type: 'text', name: 'module_code', nullable: true },
    metric: { type: 'text' },
    labels: { type: 'jsonb' },
    fingerprint: { type: 'bytea' },
    createdAt: { type: 'timestamptz', name: 'created_at' },
  },
  uniques: [{ name: 'series_source_key', columns: ['sourceId', 'fingerprint'] }],
  indices: [{ name: 'series_by_metric', columns: ['metric', 'unitId'] }],
})
