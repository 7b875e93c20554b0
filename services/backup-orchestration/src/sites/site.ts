import { Problem } from '@erp-steward/contracts/problem'
import { EntitySchema, type EntityManager } from 'typeorm'

export const media = ['disk', 'object-store', 'tape'] as const
export type Medium = (typeof media)[number]

/** A place where copies lie: an entry of the register of media. Source. */
export interface Site {
  code: string
  name: string
  /** Where it stands, in words: room and rack. */
  location: string
  /** The building with its town, as on its door plate; two sites of one building are no copy elsewhere. `null`: not stated. */
  building: string | null
  medium: Medium
  /** Whether it stands elsewhere than what is backed up. */
  isOffsite: boolean
  custodianPersonId: string | null
  isEncrypted: boolean
  /** Who stated all this last; `null` for an account without a person. */
  statedByPersonId: string | null
  statedByControllers: string[]
  /** The second person who has looked, since when it counts; `null`: nobody has, and it counts for no floor. */
  confirmedByPersonId: string | null
  confirmedAt: Date | null
  createdAt: Date
  version: number
}

export const SiteEntity = new EntitySchema<Site>({
  name: 'Site',
  tableName: 'backup_site',
  columns: {
    code: { type: 'text', primary: true, primaryKeyConstraintName: 'backup_site_pkey' },
    name: { type: 'text' },
    location: { type: 'text' },
    building: { type: 'text', nullable: true },
    medium: { type: 'text' },
    isOffsite: { type: 'boolean', name: 'is_offsite' },
    custodianPersonId: { type: 'uuid', name: 'custodian_person_id', nullable: true },
    isEncrypted: { type: 'boolean', name: 'is_encrypted' },
    statedByPersonId: { type: 'uuid', name: 'stated_by_person_id', nullable: true },
    statedByControllers: { type: 'uuid', array: true, name: 'stated_by_controllers' },
    confirmedByPersonId: { type: 'uuid', name: 'confirmed_by_person_id', nullable: true },
    confirmedAt: { type: 'timestamptz', name: 'confirmed_at', nullable: true },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    version: { type: 'integer' },
  },
  checks: [
    {
      name: 'backup_site_medium_check',
      expression: `medium in ('disk', 'object-store', 'tape')`,
    },
  ],
})

/** @throws Problem `backup-site-not-found` */
export async function siteOf(tx: EntityManager, code: string): Promise<Site> {
  const site = await tx.findOneBy(SiteEntity, { code })
  if (site === null) throw new Problem('backup-site-not-found', `There is no backup site ${code}.`)
  return site
}

/** As `siteOf`, locked until the transaction ends; before the targets that name it. */
export async function lockSite(tx: EntityManager, code: string): Promise<Site> {
  const site = await tx.findOne(SiteEntity, {
    where: { code },
    lock: { mode: 'pessimistic_write' },
  })
  if (site === null) throw new Problem('backup-site-not-found', `There is no backup site ${code}.`)
  return site
}
