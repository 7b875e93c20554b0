import type { Act } from '@erp-steward/contracts/act'
import { Problem } from '@erp-steward/contracts/problem'
import { activePerson } from '@erp-steward/directory/directory'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { isConstraintViolation } from '@erp-steward/service-kit/constraint'
import type { EntityManager } from 'typeorm'
import { SiteEntity, type Site } from './site.ts'

export type RegisterSite = Omit<Site, 'createdAt' | 'version'>

/** @throws Problem `backup-site-exists`, `person-unknown` for a custodian who is not there */
export async function registerSite(
  tx: EntityManager,
  command: RegisterSite,
  act: Act,
): Promise<Site> {
  if (command.custodianPersonId !== null) await activePerson(tx, command.custodianPersonId)
  const site: Site = { ...command, createdAt: act.now, version: 1 }
  try {
    await tx.insert(SiteEntity, site)
  } catch (error) {
    if (isConstraintViolation(error, 'backup_site_pkey'))
      throw new Problem('backup-site-exists', `There is a backup site ${site.code} already.`)
    throw error
  }
  return site
}

/** Its code and whether it is off site stay: copies were confirmed on the strength of them. */
export type ChangeSite = Partial<
  Pick<Site, 'name' | 'location' | 'custodianPersonId' | 'isEncrypted'>
>

/** @throws Problem `backup-site-not-found`, `version-stale`, `person-unknown` */
export async function changeSite(
  tx: EntityManager,
  code: string,
  changes: ChangeSite,
  expected: number,
): Promise<Site> {
  const site = await tx.findOne(SiteEntity, {
    where: { code },
    lock: { mode: 'pessimistic_write' },
  })
  if (site === null) throw new Problem('backup-site-not-found', `There is no backup site ${code}.`)
  assertVersion(site.version, expected)
  const { custodianPersonId } = changes
  if (custodianPersonId !== undefined && custodianPersonId !== null)
    await activePerson(tx, custodianPersonId)
  const changed = { ...site, ...changes, version: site.version + 1 }
  await tx.update(SiteEntity, { code }, { ...changes, version: changed.version })
  return changed
}
