import { Problem } from '@erp-steward/contracts/problem'
import { EntitySchema, type EntityManager } from 'typeorm'

export const media = ['disk', 'object-store', 'tape'] as const
export type Medium = (typeof media)[number]

/** A place where copies lie: an entry of the register of media. Source. */
export interface Site {
  code: string
  name: string
  /** Where it stands, in words: room, building, town. */
  location: string
  medium: Medium
  /** Whether it stands elsewhere than what is backed up. */
  isOffsite: boolean
  custodianPersonId: string | null
  isEncrypted: boolean
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
    medium: { type: 'text' },
    isOffsite: { type: 'boolean', name: 'is_offsite' },
    custodianPersonId: { type: 'uuid', name: 'custodian_person_id', nullable: true },
    isEncrypted: { type: 'boolean', name: 'is_encrypted' },
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
