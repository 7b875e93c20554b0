import { durationMs } from '@erp-steward/regulation/duration'
import type { Matter } from '@erp-steward/service-kit/attention'
import { readParameter } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'

/**
 * Whether the middleware has not told for too long what EBS holds: since the newest upload that was compared, or since the
 * first task that it did in EBS. A site without a middleware has nothing to tell. Sources.
 */
export async function uploadSilent(tx: EntityManager, now: Date): Promise<readonly Matter[]> {
  const [heard]: { since: Date | null }[] = await tx.query(
    `select coalesce((select max(taken_at) from ebs_upload where state = 'done'),
                     (select min(ended_at) from provisioning_task where status = 'done')) as since`,
  )
  const since = heard?.since ?? null
  if (since === null) return []
  const { value } = await readParameter(tx, 'identity.reconciliation.upload_within', null, now)
  if (now.getTime() - since.getTime() <= durationMs(value)) return []
  const name = null
  const mending = 'openEbsUpload'
  return [{ subject: 'ebs', name, unitIds: [], since, severity: null, mending, target: null }]
}
