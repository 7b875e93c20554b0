import { ModuleChanged, UnitChanged } from '@erp-steward/contracts/directory-events'
import { on } from '@erp-steward/messaging/consumer'
import { followGaps } from './follow-gaps.ts'

/** A new unit or module has no key users yet; one that is closed needs none. */
export const onDutiesChanged = [
  on(UnitChanged, (tx, _event, act) => followGaps(tx, act)),
  on(ModuleChanged, (tx, _event, act) => followGaps(tx, act)),
]
