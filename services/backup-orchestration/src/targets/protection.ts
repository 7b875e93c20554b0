import { about, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { Type, type Static } from 'typebox'
import { In, type EntityManager } from 'typeorm'
import { CopyEntity, CopyView, type Copy } from '../copies/copy.ts'
import { SiteEntity } from '../sites/site.ts'
import { PolicyEntity } from './policy.ts'
import type { Target } from './target.ts'

/** How well a target is protected, from proven copies only. */
export const ProtectionView = Type.Object(
  {
    targetId: about(Uuid, 'The target that it is about.'),
    newestRunId: nullable(Uuid, 'The newest run that has a good copy; null: there is none.'),
    newestDataAt: nullable(InstantOut, 'The instant of the data of that run.'),
    ageSeconds: nullable(Type.Integer(), 'Whole seconds since the instant of the data.'),
    rpo: nullable(
      Type.String(),
      'How old the newest good backup may be, ISO 8601 duration; null without a policy.',
    ),
    rpoDueAt: nullable(
      InstantOut,
      'When the newest good backup becomes older than that; null where nothing asks for it.',
    ),
    isRpoKept: nullable(
      Type.Boolean(),
      'Null where nothing asks for it: no policy, or the target is switched off.',
    ),
    copies: Type.Array(CopyView, { description: 'The copies of that run.' }),
    offsite: Type.Enum(['not-wanted', 'awaited', 'overdue', 'confirmed', 'damaged', 'missing'], {
      description:
        'How the off-site copy of that run stands: `overdue` is not confirmed in time, `missing` is not there at all. Source: A-2.4.3.',
    }),
    rule321: Type.Object(
      {
        copies: Type.Integer({ description: 'The data itself and its good copies.' }),
        media: Type.Integer({ description: 'Kinds of media that the good copies lie on.' }),
        offsite: Type.Integer({ description: 'Good copies that lie off site.' }),
        isKept: Type.Boolean({ description: 'Whether all three numbers are reached.' }),
      },
      { description: 'Three copies with the data itself, two kinds of media, one copy off site.' },
    ),
  },
  { title: 'BackupProtection' },
)
export type Protection = Static<typeof ProtectionView>

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
