import type { Act } from '@erp-steward/contracts/act'
import {
  AlertAckOverdue,
  AlertNotifyOverdue,
  InspectionUncovered,
} from '@erp-steward/contracts/monitoring-events'
import { UnitEntity } from '@erp-steward/directory/directory'
import { on } from '@erp-steward/messaging/consumer'
import type { Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { authorities, leadersOf } from '../key-users/people-in-charge.ts'
import { tellPeople, type ToldAlert } from './notify.ts'
import { watchFailedMessage, type About, type WatchFailure } from './rules/message.ts'

/** Nobody is able to inspect a unit: those who can name somebody are told before the round is due. Source. */
export const onInspectionUncovered = on(InspectionUncovered, (tx, { data }, act) =>
  tellInCharge(
    tx,
    {
      unitId: data.unitId,
      failure: 'inspection-uncovered',
      detail: data.reason,
      about: { type: 'inspection-roster', id: data.unitId },
      at: data.foundAt,
    },
    act,
  ),
)

/** Nobody took a firing alert: it climbs to those above the tiers. Source. */
export const onAlertUntaken = on(AlertAckOverdue, (tx, { data }, act) =>
  tellInCharge(tx, { ...ofAlert(data), failure: 'alert-untaken' }, act),
)

/** Nobody was reached about an alert: others may be. Source. */
export const onAlertUntold = on(AlertNotifyOverdue, (tx, { data }, act) =>
  tellInCharge(tx, { ...ofAlert(data), failure: 'alert-untold' }, act),
)

interface Failed {
  readonly unitId: string
  readonly failure: WatchFailure
  readonly detail: string
  readonly about: About
  /** When it was noticed. */
  readonly at: string
  readonly alert?: ToldAlert
}

function ofAlert(data: Static<typeof AlertNotifyOverdue.payload>): Omit<Failed, 'failure'> {
  const { episodeId, unitId, level, confirmedAt, noticedAt } = data
  return {
    unitId,
    detail: `${level}, ${confirmedAt}`,
    about: { type: 'alert', id: episodeId },
    at: noticedAt,
    alert: { episodeId, level },
  }
}

async function tellInCharge(
  tx: EntityManager,
  { unitId, failure, detail, about, at, alert }: Failed,
  act: Act,
) {
  const people = [...(await authorities(tx)), ...(await leadersOf(tx, unitId))]
  const recipients = [...new Map(people.map((person) => [person.id, person])).values()]
  const unit = await tx.findOneBy(UnitEntity, { id: unitId })
  await tellPeople(
    tx,
    {
      occasion: failure,
      message: watchFailedMessage(failure, unit?.code ?? unitId, detail, about),
      recipients,
      // Several alerts may be noticed at one instant, and one of them at two levels.
      key: `/${about.id}/${alert?.level ?? ''}`,
      at: new Date(at),
      about,
      ...(alert !== undefined && { alert }),
    },
    act,
  )
}
