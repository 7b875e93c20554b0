import type { EntityManager } from 'typeorm'
import { ObservationEntity, type Observation } from './observation.ts'

export interface ObservationFilter {
  readonly personId: string | null
  readonly unitId: string | null
  readonly month: string | null
  readonly kind: string | null
  readonly standing: string | null
  /** The unit of a caller who sees no other. */
  readonly onlyUnitId: string | null
  /** Sort key of the last row of the page before. */
  readonly afterAt: string | null
  readonly afterId: string | null
  readonly limit: number
}

/** Observations, the last recorded first. */
export async function listObservations(
  tx: EntityManager,
  filter: ObservationFilter,
): Promise<Observation[]> {
  const query = tx
    .createQueryBuilder(ObservationEntity, 'o')
    .orderBy('o.recordedAt', 'DESC')
    .addOrderBy('o.id', 'DESC')
    .limit(filter.limit)
  for (const member of ['personId', 'unitId', 'month', 'kind', 'standing'] as const)
    if (filter[member] !== null)
      query.andWhere(`o.${member} = :${member}`, { [member]: filter[member] })
  if (filter.onlyUnitId !== null) query.andWhere('o.unitId = :only', { only: filter.onlyUnitId })
  if (filter.afterAt !== null)
    query.andWhere('(o.recordedAt, o.id) < (:afterAt::timestamptz, :afterId::uuid)', {
      afterAt: filter.afterAt,
      afterId: filter.afterId,
    })
  return query.getMany()
}
