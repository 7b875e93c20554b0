import type { Act } from '@erp-steward/contracts/act'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { RANK } from '../assignments/assignment.ts'

/** Copies of one unit that are asked for at a time; the longest unverified go first, whatever waits already. */
const BATCH = 500

/** Each hour: has every copy read again whose last reading is older than the period of its unit. Source. */
export const queueVerifications = defineTask(
  'queue-verifications',
  Type.Object({}),
  async (tx, _, act) => {
    const units: { unitId: string }[] = await tx.query(
      'select distinct unit_id as "unitId" from backup_target order by 1',
    )
    for (const { unitId } of units) await queueForUnit(tx, unitId, act)
  },
)

/**
 * Copies that their policy still wants kept, and the newest good run of each target however old: it is what a restore would
 * take. Copies of inactive targets too: they are kept for the same reason.
 */
async function queueForUnit(tx: EntityManager, unitId: string, act: Act): Promise<void> {
  const { value } = await readParameter(tx, 'backup.verify.period', unitId, act.now)
  await tx.query(
    `insert into backup_assignment (id, kind, rank, target_id, run_id, copy_id, state, fencing_token, attempts,
                                    not_before, created_at)
     select gen_random_uuid(), 'verify', $4, c.target_id, c.run_id, c.id, 'waiting', 0, 0, $2, $2
       from backup_copy c
       join backup_run r on r.id = c.run_id
       join backup_target t on t.id = c.target_id
      where c.unit_id = $1 and c.state = 'good' and c.last_verified_at < $2::timestamptz - $3::interval
        and (c.expires_at > $2 or r.data_at = t.newest_data_at)
        and not exists (select from backup_assignment a
                         where a.copy_id = c.id and a.kind = 'verify' and a.state in ('waiting', 'leased'))
      order by c.last_verified_at limit $5
     on conflict (copy_id, kind, plan_id) where state in ('waiting', 'leased') do nothing`,
    [unitId, act.now, value, RANK.verify, BATCH],
  )
}
