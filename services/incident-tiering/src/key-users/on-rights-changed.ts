import type { Act } from '@erp-steward/contracts/act'
import { PersonChanged, StandingChanged } from '@erp-steward/contracts/directory-events'
import { on } from '@erp-steward/messaging/consumer'
import type { EntityManager } from 'typeorm'
import { releaseTicketsOf } from '../tickets/release-tickets.ts'
import { followSuperiorGaps } from '../superiors/follow-superior-gaps.ts'
import { isSuperior } from '../superiors/superior.ts'
import { endLostDuties } from './end-duties.ts'
import { followGaps } from './follow-gaps.ts'

/**
 * Duties and tickets follow the rights of the person at once, whatever took them: leave, move, freeze, lost role. What
 * counts is the copy, which is kept before: a parked event that is handed in again tells nothing new.
 */
export const onRightsChanged = [
  on(PersonChanged, (tx, { data }, act) => follow(tx, data.personId, act)),
  on(StandingChanged, (tx, { data }, act) => follow(tx, data.personId, act)),
]

async function follow(tx: EntityManager, personId: string, act: Act) {
  const onDuty = await endLostDuties(tx, personId, act)
  await releaseTicketsOf(tx, personId, act)
  if (onDuty) await followGaps(tx, act)
  if (await isSuperior(tx, personId)) await followSuperiorGaps(tx, act)
}
