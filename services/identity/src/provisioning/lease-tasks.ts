import type { Act } from '@erp-steward/contracts/act'
import type { EntityManager } from 'typeorm'
import { In } from 'typeorm'
import { failForGood } from './fail-task.ts'
import { ProvisioningTaskEntity, type ProvisioningTask } from './provisioning-task.ts'
import { MOST_ATTEMPTS } from './rules/retry.ts'

export interface LeaseTasks {
  /** Name of the worker, for people who look. */
  readonly worker: string
  /** Most tasks to answer. */
  readonly limit: number
  readonly leaseSeconds: number
  /** Only tasks of people of this unit; `null` for all. */
  readonly unitId: string | null
}

/** Any number; leases are given one call after the other, so two calls cannot take two tasks of one user. */
const LEASE_LOCK = 7_411_005

/**
 * Hands tasks to a worker for a time, each with a token that only the latest holder has.
 *
 * At most one task of a user is out at a time, the oldest first; a failed one holds back what follows. Only an end
 * date overtakes, save a creation that is still to come, for a login must not stay open behind a stuck task.
 */
export async function leaseTasks(
  tx: EntityManager,
  { worker, limit, leaseSeconds, unitId }: LeaseTasks,
  act: Act,
): Promise<ProvisioningTask[]> {
  await tx.query('select pg_advisory_xact_lock($1)', [LEASE_LOCK])
  await failAbandoned(tx, act)
  const leasedUntil = new Date(act.now.getTime() + leaseSeconds * 1_000)
  const [leased]: [{ id: string }[], number] = await tx.query(
    `update provisioning_task
        set status = 'leased', attempts = attempts + 1, lease_token = gen_random_uuid(), leased_by = $1,
            leased_until = $2, version = version + 1
      where id in (
        select id from (
          select distinct on (task.account_id) task.id, task.seq
            from provisioning_task task
           where (task.status = 'queued' and task.not_before <= $3
                  or task.status = 'leased' and task.leased_until <= $3)
             and ($4::uuid is null or task.unit_id = $4)
             and not exists (
               select from provisioning_task other
                where other.account_id = task.account_id and other.id <> task.id
                  and (other.status = 'leased' and other.leased_until > $3
                       or other.seq < task.seq and other.status in ('queued', 'leased', 'failed')
                          and (task.kind <> 'end-date-user' or other.kind = 'create-user'
                               or other.status = 'leased')))
           order by task.account_id, (task.kind = 'end-date-user') desc, task.seq
        ) ready order by seq limit $5)
        -- Looked at again after a worker that was late has had its say.
        and (status = 'queued' or leased_until <= $3)
      returning id`,
    [worker, leasedUntil, act.now, unitId, limit],
  )
  return tx.find(ProvisioningTaskEntity, {
    where: { id: In(leased.map(({ id }) => id)) },
    order: { seq: 'asc' },
  })
}

/** A task whose worker went away again and again is for a person. */
async function failAbandoned(tx: EntityManager, act: Act) {
  const abandoned = await tx
    .createQueryBuilder(ProvisioningTaskEntity, 'task')
    .where("task.status = 'leased' and task.leasedUntil <= :now", { now: act.now })
    .andWhere('task.attempts >= :most', { most: MOST_ATTEMPTS })
    .setLock('pessimistic_write')
    .getMany()
  for (const task of abandoned)
    await failForGood(tx, task, 'lease-expired', 'No worker came back with a result.', act)
}
