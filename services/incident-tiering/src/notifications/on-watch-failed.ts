import type { Act } from '@erp-steward/contracts/act'
import {
  AlertAckOverdue,
  AlertNotifyOverdue,
  InspectionUncovered,
} from '@erp-steward/contracts/monitoring-events'
import { UnitEntity } from '@erp-steward/directory/directory'
import { on } from '@erp-steward/messaging/consumer'
import type { EntityManager } from 'typeorm'
import { authorities, leadersOf } from '../key-users/people-in-charge.ts'
import { tellPeople } from './notify.ts'
import { watchFailedMessage, type WatchFailure } from './rules/message.ts'

/** Nobody is able to inspect a unit: those who can name somebody are told before the round is due. Source. */
export const onInspectionUncovered = on(InspectionUncovered, (tx, { data }, act) =>
  tellInCharge(tx, data.unitId, 'inspection-uncovered', data.reason, act),
)

/** Nobody took a firing alert: it climbs to those above the tiers. Source. */
export const onAlertUntaken = on(AlertAckOverdue, (tx, { data }, act) =>
  tellInCharge(tx, data.unitId, 'alert-untaken', `${data.level}, ${data.confirmedAt}`, act),
)

/** Nobody was reached about an alert: others may be. Source. */
export const onAlertUntold = on(AlertNotifyOverdue, (tx, { data }, act) =>
  tellInCharge(tx, data.unitId, 'alert-untold', `${data.level}, ${data.confirmedAt}`, act),
)

async function tellInCharge(
  tx: EntityManager,
  unitId: string,
  failure: WatchFailure,
  detail: string,
  act: Act,
) {
  const people = [...(await authorities(tx)), ...(await leadersOf(tx, unitId))]
  const recipients = [...new Map(people.map((person) => [person.id, person])).values()]
  const unit = await tx.findOneBy(UnitEntity, { id: unitId })
  const message = watchFailedMessage(failure, unit?.code ?? unitId, detail)
  await tellPeople(tx, failure, message, recipients, act)
}
