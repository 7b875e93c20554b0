import type { EntityManager } from 'typeorm'
import { CopyEntity, type Copy } from '../copies/copy.ts'
import { SiteEntity } from '../sites/site.ts'
import { In } from 'typeorm'
import { PolicyEntity } from './policy.ts'
import type { Target } from './target.ts'

export interface Protection {
  readonly targetId: string
  readonly newestRunId: string | null
  readonly newestDataAt: Date | null
  /** Whole seconds since the instant of the data. */
  readonly ageSeconds: number | null
  readonly rpo: string | null
  readonly rpoDueAt: Date | null
  /** `null` where nothing asks for it: no policy, or the target is switched off. */
  readonly isRpoKept: boolean | null
  readonly copies: readonly Copy[]
  readonly offsite: 'not-wanted' | 'awaited' | 'overdue' | 'confirmed' | 'damaged' | 'missing'
  readonly rule321: {
    /** The data itself and its good copies. */
    readonly copies: number
    /** Kinds of media that the good copies lie on. */
    readonly media: number
    readonly offsite: number
    readonly isKept: boolean
  }
}

/** How well a target is protected now, from proven copies only. */
export async function protectionOf(
  tx: EntityManager,
  target: Target,
  now: Date,
): Promise<Protection> {
  const policy =
    target.policyVersion === 0
      ? null
      : await tx.findOneByOrFail(PolicyEntity, {
          targetId: target.id,
          version: target.policyVersion,
        })
  const [newest]: { id: string; dataAt: Date }[] = await tx.query(
    `select r.id, r.data_at as "dataAt" from backup_run r
      where r.target_id = $1 and r.state = 'succeeded'
        and exists (select from backup_copy c where c.run_id = r.id and c.state = 'good')
      order by r.data_at desc limit 1`,
    [target.id],
  )
  const copies =
    newest === undefined
      ? []
      : await tx.find(CopyEntity, { where: { runId: newest.id }, order: { role: 'desc' } })
  const good = copies.filter(({ state }) => state === 'good')
  const sites = await tx.findBy(SiteEntity, { code: In(good.map(({ siteCode }) => siteCode)) })
  const offsite = good.filter(
    ({ siteCode }) => sites.find(({ code }) => code === siteCode)?.isOffsite === true,
  ).length
  const media = new Set(sites.map(({ medium }) => medium)).size
  const count = newest === undefined ? 1 : 1 + good.length
  return {
    targetId: target.id,
    newestRunId: newest?.id ?? null,
    newestDataAt: newest?.dataAt ?? null,
    ageSeconds:
      newest === undefined ? null : Math.floor((now.getTime() - newest.dataAt.getTime()) / 1_000),
    rpo: policy?.rpo ?? null,
    rpoDueAt: target.rpoDueAt,
    isRpoKept: target.rpoDueAt === null ? null : target.rpoDueAt >= now,
    copies,
    offsite: offsiteState(policy?.offsiteSite ?? null, copies, now),
    rule321: {
      copies: count,
      media,
      offsite,
      isKept: count >= 3 && media >= 2 && offsite >= 1,
    },
  }
}

function offsiteState(
  wanted: string | null,
  copies: readonly Copy[],
  now: Date,
): Protection['offsite'] {
  if (wanted === null) return 'not-wanted'
  const copy = copies.find(({ siteCode }) => siteCode === wanted)
  if (copy === undefined || copy.state === 'failed') return 'missing'
  if (copy.state === 'good') return 'confirmed'
  if (copy.state === 'damaged') return 'damaged'
  return copy.dueAt !== null && copy.dueAt < now ? 'overdue' : 'awaited'
}
