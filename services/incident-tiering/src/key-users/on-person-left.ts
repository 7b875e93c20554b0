import { PersonChanged } from '@erp-steward/contracts/identity-events'
import { PersonEntity } from '@erp-steward/directory/directory'
import { on } from '@erp-steward/messaging/consumer'
import { releaseTicketsOf } from '../tickets/release-tickets.ts'
import { endDutiesOf } from './end-duties.ts'

/** Whoever leaves keeps no duty and no ticket; a gap that this opens in the register is announced. */
export const onPersonLeft = on(PersonChanged, async (tx, { data }, act) => {
  if (data.active) return
  // A parked event may be handed in again after the person has come back: the copy, which is kept before, knows it.
  if (await tx.existsBy(PersonEntity, { id: data.personId, active: true })) return
  await endDutiesOf(tx, data.personId, 'The person has left.', act)
  await releaseTicketsOf(tx, data.personId, act)
})
