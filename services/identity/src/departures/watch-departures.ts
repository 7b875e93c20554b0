import { columnsOf } from '@erp-steward/service-kit/entity'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import { DepartureEntity, type Departure } from './departure.ts'
import { dueOf, judgeDeparture } from './tell-departure.ts'

/** Departures that one run judges; the next run goes on. */
const AT_ONCE = 500

/**
 * Judges departures whose department has had its time, and gives those a due date whose year has been loaded since. Source:
 *
 */
export const watchDepartures = defineTask(
  'watch-departures',
  Type.Object({}),
  async (tx, _, act) => {
    const awaited: Departure[] = await tx.query(
      `select ${columnsOf(DepartureEntity)} from departure
        where verdict = 'awaited' and (due_at is null or due_at < $1)
        order by due_at nulls last, id limit ${String(AT_ONCE)} for update skip locked`,
      [act.now],
    )
    for (const departure of awaited) {
      const { dueAt, unitId, effectiveOn } = departure
      if (dueAt !== null) await judgeDeparture(tx, departure, departure, act)
      else {
        const due = await dueOf(tx, unitId, effectiveOn, act)
        if (due.dueAt !== null) await judgeDeparture(tx, departure, { ...departure, ...due }, act)
      }
    }
  },
)
