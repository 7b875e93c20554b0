import { columnsOf } from '@erp-steward/service-kit/entity'
import type { Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import {
  AccessGrantEntity,
  inForceAt,
  type GrantKind,
  type GrantState,
  type GrantView,
} from './access-grant.ts'

export interface GrantFilter {
  readonly id?: string | undefined
  readonly personId?: string | undefined
  readonly positionCode?: string | undefined
  readonly kind?: GrantKind | undefined
  readonly name?: string | undefined
  readonly source?: string | undefined
  readonly state?: GrantState | undefined
  /** Only those with an end before this instant. */
  readonly endsBefore?: string | undefined
  /** Only grants of people of this unit; `null` for all. */
  readonly unitId: string | null
  /** Beginning and id of the last row of the page before, two `null`s for the first page. */
  readonly after: readonly [at: string | null, id: string | null]
  readonly limit: number
}

/** Grants in the order in which they begin, with the state that they have at an instant. */
export function grantsInRange(
  tx: EntityManager,
  filter: GrantFilter,
  at: Date,
): Promise<Static<typeof GrantView>[]> {
  const { id, personId, positionCode, kind, name, source, state, endsBefore, unitId } = filter
  return tx.query(
    `select * from (
       select ${columnsOf(AccessGrantEntity, 'held')}, position.code as "positionCode",
              case when ${inForceAt('held', '$1')} then 'in-force'
                   when held.ended_at is null and held.starts_at > $1 then 'to-come'
                   else 'ended' end as state
         from access_grant held
         join person on person.id = held.person_id
         left join position on position.id = held.position_id
        where ($2::uuid is null or held.id = $2) and ($3::uuid is null or held.person_id = $3)
          and ($4::text is null or position.code = $4) and ($5::text is null or held.kind = $5)
          and ($6::text is null or held.name = $6) and ($7::text is null or held.source = $7)
          and ($8::timestamptz is null or held.ends_at < $8) and ($9::uuid is null or person.unit_id = $9)
          and ($10::timestamptz is null or (held.starts_at, held.id) > ($10, $11::uuid))) as found
      where $12::text is null or state = $12
      order by "startsAt", id limit $13`,
    [
      ...[at, id ?? null, personId ?? null, positionCode ?? null, kind ?? null, name ?? null],
      ...[source ?? null, endsBefore ?? null, unitId, ...filter.after, state ?? null, filter.limit],
    ],
  )
}
