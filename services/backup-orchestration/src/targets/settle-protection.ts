import { isDeepStrictEqual } from 'node:util'
import type { Act } from '@erp-steward/contracts/act'
import { ProtectionStated, type FloorState } from '@erp-steward/contracts/backup-events'
import { durationMs } from '@erp-steward/regulation/duration'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import { In, type EntityManager } from 'typeorm'
import { exceptedFloors } from '../exceptions/exception.ts'
import { SiteEntity, type Site } from '../sites/site.ts'
import { floorOf } from './floor-of-target.ts'
import { keepByKind } from './keep-by-kind.ts'
import { policyOf, type Policy } from './policy.ts'
import { floorFaults, type FloorFault, type FloorName, type MeasuredSite } from './rules/floor.ts'
import type { Keeping } from './rules/keeping.ts'
import { factOf, TargetEntity, type Target, type FloorStatement } from './target.ts'

const OF_CLAUSE = {
  plan: ['schedule', 'rpo', 'keepDays', 'weekly', 'monthly', 'yearly'],
  media: ['encryption'],
  offsite: ['offsite'],
} as const satisfies Record<string, readonly FloorName[]>

/** In what a policy for the target is below the floors, exceptions or not. Its sites must be there. */
export async function faultsOfPolicy(
  tx: EntityManager,
  target: Pick<Target, 'objectKind' | 'unitId'>,
  policy: Pick<
    Policy,
    'schedule' | 'rpo' | 'keepDays' | keyof Keeping | 'primarySite' | 'offsiteSite'
  >,
  now: Date,
): Promise<FloorFault[]> {
  const { primarySite, offsiteSite } = policy
  const sites = await tx.findBy(SiteEntity, {
    code: In([primarySite, ...(offsiteSite === null ? [] : [offsiteSite])]),
  })
  const measured = (code: string) => measuredSite(code, sites)
  return floorFaults(
    {
      ...policy,
      rpoMs: durationMs(policy.rpo),
      primary: measured(primarySite),
      offsite: offsiteSite === null ? null : measured(offsiteSite),
    },
    await floorOf(tx, target.objectKind, target.unitId, now),
    now,
  )
}

/**
 * Looks how a target stands to the floors, policy and backups kept, and states it where that turned, so that an old policy below a floor, one that
 * a parameter left behind, and an exception that has ended are known. The caller holds the lock of the target. Sources:
 *
 */
export async function settleProtection(tx: EntityManager, target: Target, act: Act): Promise<void> {
  if (target.policyVersion === 0 || !target.active) return
  const policy = await policyOf(tx, target.id, target.policyVersion)
  const faults = [
    ...(await faultsOfPolicy(tx, target, policy, act.now)),
    ...(await keepByKind(tx, target, policy, act.now)),
  ]
  const excepted = await exceptedFloors(tx, target.id, act.now)
  const stateOf = (floors: readonly FloorName[]): FloorState => {
    const own = faults.filter(({ floor }) => floors.includes(floor))
    if (own.length === 0) return 'kept'
    return own.every(({ floor }) => excepted.has(floor)) ? 'excepted' : 'below'
  }
  const ends = faults.flatMap(({ floor }) => excepted.get(floor)?.toISOString() ?? []).sort()
  const protection: FloorStatement = {
    plan: stateOf(OF_CLAUSE.plan),
    media: stateOf(OF_CLAUSE.media),
    offsite: stateOf(OF_CLAUSE.offsite),
    faults: faults.map(({ floor, detail }) => `${floor}: ${detail.en}`),
    exceptedUntil: ends[0] ?? null,
  }
  const turned = !isDeepStrictEqual(protection, target.protection)
  await tx.update(
    TargetEntity,
    { id: target.id },
    { protectionAt: act.now, ...(turned && { protection }) },
  )
  if (!turned) return
  await appendEvent(
    tx,
    'backup-orchestration',
    ProtectionStated,
    target.id,
    { ...factOf(target), ...protection, statedAt: act.now.toISOString() },
    act,
  )
}

/** Each minute: targets whose exception has ended; and each target once an hour, since a parameter may have changed. */
export const watchProtection = defineTask(
  'watch-protection',
  Type.Object({}),
  async (tx, _, act) => {
    const due = await tx
      .createQueryBuilder(TargetEntity, 't')
      .setLock('pessimistic_write')
      .setOnLocked('skip_locked')
      .where('t.active and t.policy_version > 0')
      .andWhere(
        `(t.protection_at is null or t.protection_at <= :now::timestamptz - interval '1 hour'
        or (t.protection ->> 'exceptedUntil')::timestamptz <= :now)`,
        { now: act.now },
      )
      .orderBy('t.id')
      .limit(500)
      .getMany()
    for (const target of due) await settleProtection(tx, target, act)
  },
)

/** The targets whose policy names the site, locked. */
export async function lockTargetsAt(tx: EntityManager, siteCode: string): Promise<Target[]> {
  return tx
    .createQueryBuilder(TargetEntity, 't')
    .setLock('pessimistic_write')
    .where(
      `exists (select from backup_policy p where p.target_id = t.id and p.version = t.policy_version
         and :siteCode in (p.primary_site, p.offsite_site))`,
      { siteCode },
    )
    .orderBy('t.id')
    .getMany()
}

/** A site that is not there any more is none of the things a site should be. */
function measuredSite(code: string, sites: readonly Site[]): MeasuredSite {
  const site = sites.find((each) => each.code === code)
  return {
    code,
    building: site?.building ?? null,
    isEncrypted: site?.isEncrypted ?? false,
    isOffsite: site?.isOffsite ?? false,
    isConfirmed: site !== undefined && site.confirmedAt !== null,
  }
}
