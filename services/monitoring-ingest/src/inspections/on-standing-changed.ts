import {
  PersonChanged,
  StandingChanged,
  UnitChanged,
} from '@erp-steward/contracts/directory-events'
import type { Act } from '@erp-steward/contracts/act'
import { UnitEntity } from '@erp-steward/directory/directory'
import { on } from '@erp-steward/messaging/consumer'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { stateCover } from './cover.ts'
import { InspectionRosterEntity } from './round.ts'

/** What a person may do changed: the rosters that name the person may be empty now. */
export const onStandingChanged = on(StandingChanged, (tx, { data }, act) =>
  stateRosters(tx, data.personId, act),
)

/** A person moved or left: as above. */
export const onInspectorChanged = on(PersonChanged, (tx, { data }, act) =>
  stateRosters(tx, data.personId, act),
)

/** A unit that runs the ERP from today on needs an inspector from today on. */
export const onInspectedUnitChanged = on(UnitChanged, (tx, { data }, act) =>
  stateCover(tx, data.unitId, act),
)

/** Looks at every unit again: for what was changed by no event, the parameters of a restored copy for example. */
export const checkCover = defineTask(
  'check-inspection-cover',
  Type.Object({}),
  async (tx, _, act) => {
    const units = await tx.findBy(UnitEntity, { usesErp: true, active: true })
    for (const { id } of units) await stateCover(tx, id, act)
  },
)

async function stateRosters(tx: EntityManager, personId: string, act: Act) {
  const rosters = await tx.find(InspectionRosterEntity, {
    where: [{ inspectorPersonId: personId }, { deputyPersonId: personId }],
    order: { unitId: 'asc' },
  })
  for (const { unitId } of rosters) await stateCover(tx, unitId, act)
}
