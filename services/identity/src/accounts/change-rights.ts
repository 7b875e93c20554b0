import type { Act } from '@erp-steward/contracts/act'
import { AccountRolesChanged } from '@erp-steward/contracts/identity-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import type { Position } from '../organisation/position.ts'
import type { Person } from '../people/person.ts'
import { queueAccessChange } from '../provisioning/queue-access.ts'
import { revokeAccount } from '../sessions/revoke-account.ts'
import { AccountEntity } from './account.ts'
import { stateStanding } from './state-standing.ts'

/**
 * Gives the account of a person another set of rights: the old set ends, every token becomes void, the new set
 * begins. A person without a usable account has nothing to change. The caller holds the person's row.
 */
export async function changeRights(
  tx: EntityManager,
  person: Pick<Person, 'id' | 'unitId'>,
  from: Position,
  to: Position,
  act: Act,
): Promise<void> {
  const account = await tx.findOne(AccountEntity, {
    where: { personId: person.id },
    lock: { mode: 'pessimistic_write' },
  })
  if (account === null || account.status === 'disabled') return
  const { id, userName, personId } = account
  await revokeAccount(tx, id, 'rights-changed', act)
  const target = { account, unitId: person.unitId }
  const { ended, added } = await queueAccessChange(tx, target, from, to, act)
  await appendEvent(
    tx,
    'identity',
    AccountRolesChanged,
    id,
    {
      accountId: id,
      userName,
      personId,
      positionId: to.id,
      roles: to.roles,
      responsibilitiesEnded: ended,
      responsibilitiesAdded: added,
      changedAt: act.now.toISOString(),
    },
    act,
  )
  await stateStanding(tx, person.id, act)
}
