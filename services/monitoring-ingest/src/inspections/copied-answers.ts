import type { Act } from '@erp-steward/contracts/act'
import { readParameter } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import type { InspectionItem, InspectionRound } from './round.ts'
import { templateItem } from './rules/daily-template.ts'
import { suspicionsOf, type Entered, type Suspicion } from './rules/suspicions.ts'

/** What makes the answers of a round look copied, held against the unit's signed rounds before. Source. */
export async function copiedAnswers(
  tx: EntityManager,
  { unitId, date }: InspectionRound,
  items: readonly InspectionItem[],
  act: Act,
): Promise<readonly Suspicion[]> {
  const days = await readParameter(tx, 'monitoring.inspection.identical_days', unitId, act.now)
  const rows: Pick<InspectionItem, 'roundId' | 'code' | 'origin' | 'value'>[] = await tx.query(
    `select r.id as "roundId", i.code, i.origin, i.value
       from (select id, date from inspection_round
              where unit_id = $1 and state = 'signed' and date < $2 order by date desc limit $3) r
       join inspection_item i on i.round_id = r.id
      order by r.date desc`,
    [unitId, date, days.value - 1],
  )
  const before = [...Map.groupBy(rows, ({ roundId }) => roundId).values()].map(entered)
  return suspicionsOf(entered(items), before, days.value)
}

/** A good choice is the same every day; a number or a text that nobody looked up anew is what shows. */
function entered(items: readonly Pick<InspectionItem, 'code' | 'origin' | 'value'>[]): Entered {
  return new Map(
    items.flatMap(({ code, origin, value }) =>
      origin === 'entered' && value !== null && templateItem(code)?.entry.type !== 'choice'
        ? [[code, value] as const]
        : [],
    ),
  )
}
