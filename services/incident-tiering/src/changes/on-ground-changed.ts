import type { Act } from '@erp-steward/contracts/act'
import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { GateVoided } from '@erp-steward/contracts/backup-events'
import { ParameterVersionSet } from '@erp-steward/contracts/platform-events'
import { on } from '@erp-steward/messaging/consumer'
import { In, Not, type EntityManager, type FindOptionsWhere } from 'typeorm'
import { ChangeEntity, lockedChange, type Change } from './change.ts'
import { holdChange } from './hold-change.ts'
import { LONGEST_PLANNED_TIME } from './planned-time-of-change.ts'

/** Parameters that say when a change may start. */
const READ_BY_WINDOWS: readonly string[] = [
  'incident.change.windows',
  'incident.change.major_windows',
  'incident.change.freeze.before_month_end',
  'incident.change.freeze.after_month_start',
  LONGEST_PLANNED_TIME,
]

/** What the gate of a system reads was changed: a change that rests on it is held, and asks anew. Sources. */
export const onGateVoided = on(GateVoided, (tx, { data }, act) =>
  holdWaiting(
    tx,
    { systemCode: data.systemCode },
    said(
      `The gate was voided. ${data.detail}`,
      `门禁的答复已作废。${data.detailInChinese ?? data.detail}`,
    ),
    act,
  ),
)

/** Windows or freeze were changed: a change that was approved under the former ones is held. Source. */
export const onWindowsChanged = on(ParameterVersionSet, async (tx, { data }, act) => {
  if (!READ_BY_WINDOWS.includes(data.key)) return
  const where = {
    class: Not('emergency' as const),
    ...(data.unitId !== null && { unitId: data.unitId }),
  }
  await holdWaiting(tx, where, said(`${data.key} was set anew.`, `${data.key} 已重新设置。`), act)
})

async function holdWaiting(
  tx: EntityManager,
  where: FindOptionsWhere<Change>,
  reason: Bilingual,
  act: Act,
) {
  const waiting = await tx.find(ChangeEntity, {
    where: { ...where, state: In(['approved', 'asking']) },
    select: { id: true },
    order: { id: 'asc' },
  })
  for (const { id } of waiting) {
    const change = await lockedChange(tx, id)
    if (change?.state === 'approved' || change?.state === 'asking')
      await holdChange(tx, change, 'gate-voided', [reason], act)
  }
}
