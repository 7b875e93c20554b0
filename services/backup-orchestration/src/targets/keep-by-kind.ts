import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { readParameter } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import type { Policy } from './policy.ts'
import type { FloorFault } from './rules/floor.ts'
import {
  keptKinds,
  keptPeriods,
  keptUntil,
  memberOfKind,
  wordOfKind,
  type KeptKind,
} from './rules/keeping.ts'
import type { Target } from './target.ts'

/** Periods without a backup that a statement names, the newest; the others are counted. */
const MOST_NAMED = 12

/**
 * Has the first good backup of each week, month and year kept as long as the policy says for its kind, and finds the periods
 * that are over and have none. One that is found damaged makes way for the next of its period, while there is one. Source:
 * A-2.4.1, defaults 2.5.
 */
export async function keepByKind(
  tx: EntityManager,
  target: Pick<Target, 'id' | 'unitId'>,
  policy: Policy,
  now: Date,
): Promise<FloorFault[]> {
  const { value: fullDay } = await readParameter(
    tx,
    'backup.plan.database.full_day',
    target.unitId,
    now,
  )
  const faults: FloorFault[] = []
  for (const kind of keptKinds) {
    const member = memberOfKind[kind]
    const count = policy[member]
    if (count === null) continue
    const since = await keptSince(tx, target.id, kind)
    const periods = keptPeriods(kind, count, { since, now, fullDay })
    const missing: string[] = []
    for (const { firstDay, from, until } of periods) {
      const [first]: { id: string; dataAt: Date }[] = await tx.query(
        `select r.id, r.data_at as "dataAt" from backup_run r
          where r.target_id = $1 and r.state = 'succeeded' and r.data_at >= $2 and r.data_at < $3
            and exists (select from backup_copy c where c.run_id = r.id and c.state = 'good')
          order by r.data_at limit 1`,
        [target.id, from, until],
      )
      if (first !== undefined)
        await tx.query(
          `update backup_copy set expires_at = $2
            where run_id = $1 and state in ('good', 'awaited') and (expires_at < $2 or expires_at is null)`,
          [first.id, keptUntil(kind, count, first.dataAt)],
        )
      else if (until <= now) missing.push(firstDay)
    }
    if (missing.length > 0) faults.push({ floor: kind, member, detail: words(kind, missing) })
  }
  return faults
}

/** Since when policies of the target have kept backups of the kind. */
async function keptSince(tx: EntityManager, targetId: string, kind: KeptKind): Promise<Date> {
  const column = { weekly: 'keep_weeks', monthly: 'keep_months', yearly: 'keep_years' }[kind]
  const [{ since }]: [{ since: Date }] = await tx.query(
    `select min(created_at) as since from backup_policy where target_id = $1 and ${column} is not null`,
    [targetId],
  )
  return since
}

function words(kind: KeptKind, missing: readonly string[]): Bilingual {
  const named = missing.slice(0, MOST_NAMED).join(', ')
  const others = missing.length - MOST_NAMED
  return said(
    `No good ${kind} backup is kept of the periods from ${named}${others > 0 ? ` and ${String(others)} before` : ''}.`,
    `从 ${named} 开始的周期${others > 0 ? `及更早的 ${String(others)} 个周期` : ''}没有保留完好的${wordOfKind[kind]}备份。`,
  )
}
