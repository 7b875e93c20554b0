import { said } from '@erp-steward/contracts/bilingual'
import { ParameterVersionSet } from '@erp-steward/contracts/platform-events'
import { on } from '@erp-steward/messaging/consumer'
import { voidGate } from './void-gate.ts'

/** Parameters that the verdict of a gate rests on. */
const READ_BY_GATES: readonly string[] = ['backup.prechange.max_age']

/** A parameter that gates read has another value: what was answered by the former one is void. Source. */
export const onParameterSet = on(ParameterVersionSet, async (tx, { data }, act) => {
  if (!READ_BY_GATES.includes(data.key)) return
  const systems: { systemCode: string }[] = await tx.query(
    `select distinct system_code as "systemCode" from backup_target
      where required_before_change and ($1::uuid is null or unit_id = $1) order by system_code`,
    [data.unitId],
  )
  const detail = said(`${data.key} was set anew.`, `${data.key} 已重新设置。`)
  for (const { systemCode } of systems) await voidGate(tx, systemCode, 'parameter', detail, act)
})
