import { someoneCan } from '@erp-steward/service-kit/someone-can'
import type { Wait, Waits } from '@erp-steward/service-kit/waits'
import { IsNull } from 'typeorm'
import { SiteEntity } from './site.ts'

/** Sites that a second person has not looked at yet; until then they count for no floor. Sources. */
export const sitesWaiting: Waits = async (tx, { now }) => {
  const sites = await tx.find(SiteEntity, {
    where: { confirmedAt: IsNull() },
    order: { code: 'asc' },
  })
  const waits: Wait[] = []
  for (const { code, statedByPersonId, statedByControllers, createdAt } of sites) {
    const isDecidable = await someoneCan(
      tx,
      'backup-orchestration',
      {
        permission: 'backup.plan',
        isOfCompany: true,
        notPersonIds: [statedByPersonId, ...statedByControllers],
        notUnitIds: [],
      },
      now,
    )
    waits.push({
      ...{ kind: 'backup-site.confirm', subject: code, permission: 'backup.plan' as const },
      ...{ unitIds: [], since: createdAt, expiresAt: null, isDecidable },
    })
  }
  return waits
}
