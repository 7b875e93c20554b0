import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Code, InstantOut, nullable, Uuid, Version } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'

export const Medium = Type.Enum(['disk', 'object-store', 'tape'], {
  title: 'BackupMedium',
  description: 'What the copies lie on. Source: A-2.4.2.',
})

/** A place where copies lie: an entry of the register of media. Source. */
export const SiteView = Type.Object(
  {
    code: about(Code, 'Its name in policies and stores; it never changes.'),
    name: Type.String({ description: 'What people call it.' }),
    location: Type.String({ description: 'Where it stands, in words: room and rack.' }),
    building: nullable(
      Type.String(),
      'The building with its town, as on its door plate; two sites of one building are no copy elsewhere. Null: not stated.',
    ),
    medium: Medium,
    isOffsite: Type.Boolean({
      description: 'Whether it stands elsewhere than what is backed up.',
    }),
    custodianPersonId: nullable(Uuid, 'Who looks after it; null: nobody is named.'),
    isEncrypted: Type.Boolean({
      description: 'Whether the medium itself is encrypted, besides what agents seal.',
    }),
    statedByPersonId: nullable(
      Uuid,
      'Who stated all this last; null for an account without a person.',
    ),
    confirmedByPersonId: nullable(
      Uuid,
      'The second person who has looked; null: nobody has, and it counts for no floor.',
    ),
    confirmedAt: nullable(InstantOut, 'When that person confirmed it; null: nobody has.'),
    createdAt: about(InstantOut, 'When it was registered.'),
    version: Version,
  },
  { title: 'BackupSite' },
)

export const SiteEntity = entityOf(SiteView, {
  table: 'backup_site',
  kept: { statedByControllers: Type.Array(Uuid) },
  key: ['code'],
  checks: [
    {
      name: 'backup_site_medium_check',
      expression: `medium in ('disk', 'object-store', 'tape')`,
    },
  ],
})
export type Site = RowOf<typeof SiteEntity>

/** @throws Problem `backup-site-not-found` */
export async function siteOf(tx: EntityManager, code: string): Promise<Site> {
  const site = await tx.findOneBy(SiteEntity, { code })
  if (site === null)
    throw new Problem(
      'backup-site-not-found',
      said(`There is no backup site ${code}.`, `没有备份存放地 ${code}。`),
    )
  return site
}

/** As `siteOf`, locked until the transaction ends; before the targets that name it. */
export async function lockSite(tx: EntityManager, code: string): Promise<Site> {
  const site = await tx.findOne(SiteEntity, {
    where: { code },
    lock: { mode: 'pessimistic_write' },
  })
  if (site === null)
    throw new Problem(
      'backup-site-not-found',
      said(`There is no backup site ${code}.`, `没有备份存放地 ${code}。`),
    )
  return site
}
