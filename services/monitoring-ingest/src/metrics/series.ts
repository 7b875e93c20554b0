import { InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { entityOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'

/** A series: the samples of one source under one name and set of labels. */
export const SeriesEntity = entityOf(
  Type.Object({
    // A bigint, hence text.
    id: Type.String(),
    sourceId: Uuid,
    unitId: Uuid,
    moduleCode: nullable(Type.String()),
    metric: Type.String(),
    /** Without the metric's name. */
    labels: Type.Record(Type.String(), Type.String()),
    /** SHA-256 over the sorted labels. */
    fingerprint: Type.Unsafe<Buffer>({}),
    createdAt: InstantOut,
  }),
  {
    table: 'series',
    columns: { id: { type: 'bigint', generated: 'increment' }, fingerprint: { type: 'bytea' } },
    uniques: [{ name: 'series_source_key', columns: ['sourceId', 'fingerprint'] }],
    indices: [{ name: 'series_by_metric', columns: ['metric', 'unitId'] }],
  },
)
