import { SensitiveDataInClear, SensitiveDataSealed } from '@erp-steward/contracts/directory-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import { Type } from 'typebox'

/** Looks for what identifies people in clear, and states what was found. Source. */
export const stateSealing = defineTask('state-sealing', Type.Object({}), async (tx, _, act) => {
  const { sealingKeyId: keyId } = personalDataOf(tx)
  const found: { place: string; rows: number; clear: number }[] = await tx.query(IN_CLEAR)
  const checkedAt = act.now.toISOString()
  const inClear = found.filter(({ clear }) => clear > 0)
  if (inClear.length > 0) {
    const rowsInClear = Object.fromEntries(inClear.map(({ place, clear }) => [place, clear]))
    const fact = { keyId, checkedAt, rowsInClear }
    await appendEvent(tx, 'identity', SensitiveDataInClear, 'identity', fact, act)
    return
  }
  const rows = found.reduce((sum, each) => sum + each.rows, 0)
  const fact = { keyId, checkedAt, rows }
  await appendEvent(tx, 'identity', SensitiveDataSealed, 'identity', fact, act)
})

const SEALED = `~ '^[0-9a-f]{8}\\.[A-Za-z0-9_-]{16}\\.'`

/** Facts that carry what identifies people, as the ledger and the outbox keep them. */
const PERSON_CHANGED = `'identity.directory.person-changed.v1'`

const IN_CLEAR = `
  select 'person' as place, count(*)::int as rows,
         count(*) filter (where not (name ${SEALED} and employee_number ${SEALED}
           and coalesce(email ${SEALED}, true) and coalesce(birthday ${SEALED}, true)))::int as clear
    from person
  union all
  select 'account', count(*)::int, count(*) filter (where not user_name ${SEALED})::int
    from account
  union all
  select 'account_change', 0,
         count(*) filter (where command ->> 'userName' is not null and not command ->> 'userName' ${SEALED})::int
    from account_change
  union all
  select 'provisioning_task', count(*)::int,
         count(*) filter (where not (expected ->> 'userName' ${SEALED} and user_name ${SEALED}))::int
    from provisioning_task
  union all
  select 'idempotency_key', 0,
         count(*) filter (where body is not null and body ->> 'sealed' is null)::int
    from idempotency_key
  union all
  select 'outbox', 0, count(*)::int
    from outbox
   where type = ${PERSON_CHANGED} and not payload -> 'data' ->> 'name' ${SEALED}
  union all
  -- What the ledger took in clear is older than all that it took sealed: the oldest tells whether there is any.
  select 'audit_record', 0, case when oldest.clear then (
           select count(*)::int from audit_record
            where type = ${PERSON_CHANGED} and not envelope::json -> 'data' ->> 'name' ${SEALED}) else 0 end
    from (select not envelope::json -> 'data' ->> 'name' ${SEALED} as clear
            from audit_record where type = ${PERSON_CHANGED} order by seq limit 1) as oldest`
