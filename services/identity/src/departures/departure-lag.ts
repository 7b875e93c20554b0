import { about, nullable, Uuid } from '@erp-steward/contracts/values'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'

const Count = (description: string) => Type.Integer({ minimum: 0, description })

/** How one department told of those who left it. Source. */
export const DepartureLag = Type.Object(
  {
    unitId: about(Uuid, 'The unit.'),
    departmentId: about(Uuid, 'The department that was left.'),
    departures: Count('Leaves and moves of the time asked for, without those that were withdrawn.'),
    inTime: Count('Of them those that the department told of in time.'),
    late: Count('Those that it told of too late.'),
    missing: Count('Those that it did not tell of, and has no time left.'),
    awaited: Count('Those that it still has time for.'),
    averageLagSeconds: nullable(
      Type.Integer({ minimum: 0 }),
      'Mean from the start of the day to the notice, in seconds, of those that it told of; null: of none.',
    ),
    longestLagSeconds: nullable(
      Type.Integer({ minimum: 0 }),
      'The longest of them, in seconds; null: it told of none.',
    ),
  },
  { title: 'DepartureLag' },
)
export type DepartureLag = Static<typeof DepartureLag>

export interface LagQuery {
  /** First and last day of departures that count. */
  readonly from: string
  readonly to: string
  /** `null`: every unit. */
  readonly unitId: string | null
}

/** How departments told of departures within some days, those with the most missing and late first. */
export function departureLag(
  tx: EntityManager,
  { from, to, unitId }: LagQuery,
): Promise<DepartureLag[]> {
  return tx.query(
    `select unit_id as "unitId", department_id as "departmentId", count(*)::integer as departures,
            (count(*) filter (where verdict = 'in-time'))::integer as "inTime",
            (count(*) filter (where verdict = 'late'))::integer as late,
            (count(*) filter (where verdict = 'missing'))::integer as missing,
            (count(*) filter (where verdict = 'awaited'))::integer as awaited,
            avg(lag_seconds)::integer as "averageLagSeconds", max(lag_seconds) as "longestLagSeconds"
       from departure
      where effective_on between $1 and $2 and verdict <> 'withdrawn' and ($3::uuid is null or unit_id = $3)
      group by unit_id, department_id
      order by count(*) filter (where verdict in ('missing', 'late')) desc, unit_id, department_id`,
    [from, to, unitId],
  )
}
