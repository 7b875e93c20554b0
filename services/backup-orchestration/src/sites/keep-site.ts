import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { activePerson } from '@erp-steward/directory/directory'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { isConstraintViolation } from '@erp-steward/service-kit/constraint'
import type { EntityManager } from 'typeorm'
import { settleSite } from './settle-site.ts'
import { lockSite, SiteEntity, type Site } from './site.ts'

export type RegisterSite = Pick<
  Site,
  | 'code'
  | 'name'
  | 'location'
  | 'building'
  | 'medium'
  | 'isOffsite'
  | 'custodianPersonId'
  | 'isEncrypted'
>

/**
 * Registers what one person states of a site; it counts for no floor until a second has confirmed it. Source.
 *
 * @throws Problem `backup-site-exists`, `person-unknown` for a custodian who is not there, `validation-failed` for a site
 *   off site without its building
 */
export async function registerSite(
  tx: EntityManager,
  command: RegisterSite,
  act: Act,
): Promise<Site> {
  assertBuilding(command)
  if (command.custodianPersonId !== null) await activePerson(tx, command.custodianPersonId)
  const site: Site = { ...command, ...statedBy(act), createdAt: act.now, version: 1 }
  try {
    await tx.insert(SiteEntity, site)
  } catch (error) {
    if (isConstraintViolation(error, 'backup_site_pkey'))
      throw new Problem(
        'backup-site-exists',
        said(`There is a backup site ${site.code} already.`, `备份存放地 ${site.code} 已存在。`),
      )
    throw error
  }
  return site
}

/** Its code and whether it is off site stay: copies were confirmed on the strength of them. */
export type ChangeSite = Partial<
  Pick<Site, 'name' | 'location' | 'building' | 'custodianPersonId' | 'isEncrypted'>
>

/**
 * Changes what is known of a site. Another place or medium is confirmed anew; until then gates and targets that rest on
 * it are looked at again. Sources.
 *
 * @throws Problem `backup-site-not-found`, `version-stale`, `person-unknown`, `validation-failed`
 */
export async function changeSite(
  tx: EntityManager,
  code: string,
  changes: ChangeSite,
  expected: number,
  act: Act,
): Promise<Site> {
  const site = await lockSite(tx, code)
  assertVersion(site.version, expected)
  const { custodianPersonId } = changes
  if (custodianPersonId !== undefined && custodianPersonId !== null)
    await activePerson(tx, custodianPersonId)
  const differs = (['location', 'building', 'isEncrypted'] as const).some(
    (member) => changes[member] !== undefined && changes[member] !== site[member],
  )
  const written = {
    ...changes,
    ...(differs && statedBy(act)),
    version: site.version + 1,
  }
  const changed: Site = { ...site, ...written }
  assertBuilding(changed)
  await tx.update(SiteEntity, { code }, written)
  const detail = said(`The site ${code} was stated anew.`, `存放地 ${code} 已重新申报。`)
  if (differs) await settleSite(tx, code, detail, act)
  return changed
}

function statedBy({ personId, controllers }: Act) {
  return {
    statedByPersonId: personId,
    statedByControllers: [...controllers],
    confirmedByPersonId: null,
    confirmedAt: null,
  }
}

function assertBuilding({ isOffsite, building }: Pick<Site, 'isOffsite' | 'building'>) {
  if (!isOffsite || building !== null) return
  const detail = said(
    'A site that is off site states its building, so that it can be told from others.',
    '异地存放地须说明所在建筑，以便与其他存放地区分。',
  )
  throw new Problem('validation-failed', detail, { errors: [{ pointer: '#/building', detail }] })
}
