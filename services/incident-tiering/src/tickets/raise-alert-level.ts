import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import type { Priority, SupportTier } from '@erp-steward/contracts/values'
import { PersonEntity } from '@erp-steward/directory/directory'
import type { EntityManager } from 'typeorm'
import { membersOfTier } from '../key-users/members-of-tier.ts'
import { authorities, leadersOf, type Addressee } from '../key-users/people-in-charge.ts'
import { notify } from '../notifications/notify.ts'
import { raisePriority } from './raise-priority.ts'
import { tiersCalledAtOnce } from './rules/tier-path.ts'
import { updateTicket, type AlertLevel, type Ticket } from './ticket.ts'

export interface RaiseAlertLevel {
  readonly level: AlertLevel
  /** The priority of the new level; the ticket keeps its own where that is as grave. */
  readonly priority: Priority
  /** The value that was read, and its limit. */
  readonly reading: string
}

/**
 * The alert behind a ticket that is worked on got graver: whoever is in charge at the new level is told, also those who
 * were told of the milder one, whatever the priority was already. Where no one is in charge, the O&M authority and the
 * leaders of the unit are. The caller holds the ticket. Source.
 */
export async function raiseAlertLevel(
  tx: EntityManager,
  ticket: Ticket,
  { level, priority, reading }: RaiseAlertLevel,
  act: Act,
): Promise<Ticket> {
  const risen = await updateTicket(tx, ticket, { alertLevel: level })
  const reason = said(`The alert is ${level} now.`, `告警级别现为 ${level}。`)
  const raised = await raisePriority(tx, risen.id, priority, reason, act)
  const { told, untold } = await inChargeOf(tx, raised, tiersCalledAtOnce(ticket.priority))
  const recipients =
    told.length + untold.length > 0
      ? untold
      : [...(await authorities(tx)), ...(await leadersOf(tx, raised.unitId))]
  await notify(
    tx,
    raised,
    {
      occasion: 'alert-raised',
      tier: null,
      recipients: [...new Map(recipients.map((person) => [person.id, person])).values()],
      note: `${level}: ${reading}`,
    },
    act,
  )
  return raised
}

/**
 * The owner, the tier that holds the ticket and those that hear of its priority at once; told are those of the tiers that
 * the raised priority has just called.
 */
async function inChargeOf(tx: EntityManager, ticket: Ticket, calledBefore: readonly SupportTier[]) {
  const { ownerPersonId: id, tier, priority } = ticket
  const owner = id === null ? null : await tx.findOneBy(PersonEntity, { id, active: true })
  const untold: Addressee[] = owner === null ? [] : [owner]
  const told: Addressee[] = []
  const called = tiersCalledAtOnce(priority)
  for (const each of new Set([tier, ...called])) {
    const isTold = called.includes(each) && !calledBefore.includes(each)
    const members = await membersOfTier(tx, ticket, each)
    if (isTold) told.push(...members)
    else untold.push(...members)
  }
  const heard = new Set(told.map((person) => person.id))
  return { told, untold: untold.filter((person) => !heard.has(person.id)) }
}
