import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import { settleGate } from './settle-gate.ts'

/** Each minute: gates whose backups have aged; and each gate once an hour, since a parameter may have changed. */
export const settleGates = defineTask('settle-gates', Type.Object({}), async (tx, _, act) => {
  const due: { systemCode: string }[] = await tx.query(
    `select system_code as "systemCode" from backup_gate
      where (is_open and open_until < $1) or evaluated_at < $1::timestamptz - interval '1 hour'
      order by system_code limit 500`,
    [act.now],
  )
  for (const { systemCode } of due) await settleGate(tx, systemCode, act)
})
