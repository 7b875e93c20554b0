import { EbsSilent } from '@erp-steward/contracts/reconciliation-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import type { Matter } from '@erp-steward/service-kit/attention'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'

/**
 * Since when the middleware has not told what EBS holds, where that is too long: since the newest upload that was compared, or
 * since the first task that it did in EBS; `null` where it is not. A site without a middleware has nothing to tell.
 */
async function silentSince(tx: EntityManager, now: Date): Promise<Date | null> {
  const [heard]: { since: Date | null }[] = await tx.query(
    `select coalesce((select max(taken_at) from ebs_upload where state = 'done'),
                     (select min(ended_at) from provisioning_task where status = 'done')) as since`,
  )
  const since = heard?.since ?? null
  if (since === null) return null
  const { value } = await readParameter(tx, 'identity.reconciliation.upload_within', null, now)
  return now.getTime() - since.getTime() > durationMs(value) ? since : null
}

/** A middleware that is silent wants a human. Sources. */
export async function uploadSilent(tx: EntityManager, now: Date): Promise<readonly Matter[]> {
  const since = await silentSince(tx, now)
  if (since === null) return []
  const mending = 'openEbsUpload'
  const ofCompany = { subject: 'ebs', name: null, unitIds: [], severity: null, target: null }
  return [{ ...ofCompany, since, mending }]
}

/** States that the middleware is silent, once a day. */
export const stateSilence = defineTask('state-ebs-silence', Type.Object({}), async (tx, _, act) => {
  const since = await silentSince(tx, act.now)
  if (since === null) return
  const fact = { since: since.toISOString(), statedAt: act.now.toISOString() }
  await appendEvent(tx, 'identity', EbsSilent, 'ebs', fact, act)
})
