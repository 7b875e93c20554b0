import { said } from '@erp-steward/contracts/bilingual'
import type { Act } from '@erp-steward/contracts/act'
import type { EntityManager } from 'typeorm'
import { AccountEntity } from './account.ts'
import type { AccountChange, AccountChangeCommand, AccountChangeKind } from './account-change.ts'
import { assertAnotherHand, type Hand } from './another-hand.ts'

/**
 * Refuses a decision about the own account, person, position or client.
 *
 * @throws Problem `same-person`
 */
export async function assertNotConcerned(
  tx: EntityManager,
  command: AccountChangeCommand,
  act: Act,
): Promise<void> {
  await assertAnotherHand(
    tx,
    act,
    await concerned(tx, command),
    said('Nobody decides about himself.', '不得审批涉及本人的事项。'),
  )
}

/**
 * Refuses to ask for rights of the own position, or of the own person, or that the own second factor is reset. To whom the own administrator account belongs may be
 * asked for: another decides it.
 *
 * @throws Problem `same-person`
 */
export async function assertNotForOneself(
  tx: EntityManager,
  command: AccountChangeCommand,
  act: Act,
): Promise<void> {
  if (!forOthers.includes(command.kind)) return
  const detail = said('Nobody asks for this for himself.', '不得为本人申请此事项。')
  await assertAnotherHand(tx, act, await concerned(tx, command), detail)
}

/** What nobody asks for himself. */
const forOthers: readonly AccountChangeKind[] = [
  'set-position-roles',
  'grant-position',
  'adopt-ebs-users',
  'reset-second-factor',
]

/** Who asked for a change, as it was kept at the time. */
export function whoAsked(change: AccountChange): Hand {
  return {
    actor: change.requestedBy,
    personId: change.requestedByPerson,
    controllers: change.requestedByControllers,
  }
}

/** Whose account, person or position it is. */
export async function concerned(tx: EntityManager, command: AccountChangeCommand): Promise<Hand[]> {
  if (command.kind === 'set-position-roles') {
    const holders: { id: string }[] = await tx.query(
      `select person.id from person join position on position.id = position_id
        where position.code = $1 and person.active`,
      [command.positionCode],
    )
    return holders.map(({ id }) => ({ actor: '', personId: id }))
  }
  if (command.kind === 'adopt-ebs-users')
    return command.users.map(({ personId }) => ({ actor: '', personId }))
  const hands: Hand[] = []
  if ('personId' in command) hands.push({ actor: '', personId: command.personId })
  if ('accountId' in command) {
    const account = await tx.findOneBy(AccountEntity, { id: command.accountId })
    hands.push({ actor: command.accountId, personId: account?.personId ?? null })
  }
  return hands
}
