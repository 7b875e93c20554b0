import { someoneCan } from '@erp-steward/service-kit/someone-can'
import type { Wait, Waits } from '@erp-steward/service-kit/waits'
import { interestOfRecorder } from './confirm-record.ts'
import type { ControlRecord } from './control-record.ts'

type Unconfirmed = Pick<ControlRecord, 'id' | 'personId' | 'recordedAt' | 'validUntil'>

/** What was recorded of a clause and another person has not confirmed; it counts for nothing. Source: B-5.1, B-5.2. */
export const recordsWaiting: Waits = async (tx, { now }) => {
  const records: Unconfirmed[] = await tx.query(
    `select id, person_id as "personId", recorded_at as "recordedAt", valid_until as "validUntil"
       from control_record
      where valid_until > $1
        and not exists (select from control_confirmation where record_id = control_record.id)
      order by recorded_at, id`,
    [now],
  )
  const waits: Wait[] = []
  for (const { id, personId, recordedAt, validUntil } of records) {
    const isDecidable = await someoneCan(
      tx,
      'assessment',
      {
        permission: 'control.record',
        isOfCompany: true,
        notPersonIds: [personId],
        notUnitIds: [],
        notOf: await interestOfRecorder(tx, { personId }, now),
      },
      now,
    )
    waits.push({
      ...{ kind: 'control-record.confirm', subject: id, permission: 'control.record' as const },
      ...{ unitIds: [], since: recordedAt, expiresAt: validUntil, isDecidable },
    })
  }
  return waits
}
