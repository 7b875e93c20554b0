import type { Act } from '@erp-steward/contracts/act'
import { BackupSiteConfirmed } from '@erp-steward/contracts/backup-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertAnotherPerson } from '@erp-steward/service-kit/another-person'
import { assertVersion } from '@erp-steward/service-kit/commit'
import type { EntityManager } from 'typeorm'
import { settleSite } from './settle-site.ts'
import { lockSite, SiteEntity, type Site } from './site.ts'

/**
 * A second person has looked and confirms where the site stands and what its medium is. Sources.
 *
 * @throws Problem `backup-site-not-found`, `version-stale`, `backup-site-state`, `person-required`, `same-person`
 */
export async function confirmSite(
  tx: EntityManager,
  code: string,
  expected: number,
  act: Act,
): Promise<Site> {
  const site = await lockSite(tx, code)
  assertVersion(site.version, expected)
  const { personId } = act
  if (personId === null)
    throw new Problem(
      'person-required',
      said(
        'A person confirms a site: somebody has to look.',
        '存放地须由人员确认：必须有人实地查看。',
      ),
    )
  assertAnotherPerson(
    act,
    [site.statedByPersonId, ...site.statedByControllers],
    said('Who stated what a site is does not confirm it.', '存放地信息填报人不得确认该存放地。'),
  )
  if (site.confirmedAt !== null)
    throw new Problem(
      'backup-site-state',
      said('What is stated of the site is confirmed already.', '该存放地的说明已经确认。'),
    )
  const confirmed = {
    confirmedByPersonId: personId,
    confirmedAt: act.now,
    version: site.version + 1,
  }
  await tx.update(SiteEntity, { code }, confirmed)
  await appendEvent(
    tx,
    'backup-orchestration',
    BackupSiteConfirmed,
    code,
    {
      siteCode: code,
      isOffsite: site.isOffsite,
      isEncrypted: site.isEncrypted,
      statedByPersonId: site.statedByPersonId,
      confirmedByPersonId: personId,
      confirmedAt: act.now.toISOString(),
    },
    act,
  )
  const detail = said(`The site ${code} was confirmed.`, `存放地 ${code} 已确认。`)
  await settleSite(tx, code, detail, act)
  return { ...site, ...confirmed }
}
