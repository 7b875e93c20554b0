import { said } from '@erp-steward/contracts/bilingual'
import type { Act } from '@erp-steward/contracts/act'
import type { EntityManager } from 'typeorm'
import { loneHandsOn, placedBy } from '../people/person-hand.ts'
import { AccountEntity } from './account.ts'
import type { AccountChangeCommand } from './account-change.ts'
import { assertAnotherHand, type Hand } from './another-hand.ts'

/**
 * Refuses to approve an account, or rights of a position, to whoever gave the person that place: as for a mover, whose
 * rights they ask for, so that an account that is made later is no way round. Of an administrator, to whoever took the
 * person in alone.
 *
 * Source, defaults 2.8.
 *
 * @throws Problem `same-person`
 */
export async function assertNotWhoPlaced(
  tx: EntityManager,
  command: AccountChangeCommand,
  act: Act,
): Promise<void> {
  const detail = said(
    'Who gave the person this place decides no rights of it.',
    '安排该人员到此岗位的人不得审批由此产生的权限。',
  )
  await assertAnotherHand(tx, act, await whoPlaced(tx, command), detail)
}

/** Who gave the person the place that the rights come from; of an administrator, who took the person in alone. */
export async function whoPlaced(tx: EntityManager, command: AccountChangeCommand): Promise<Hand[]> {
  switch (command.kind) {
    case 'create-account':
    case 'grant-position':
      return placedBy(tx, [command.personId])
    case 'adopt-ebs-users':
      return placedBy(
        tx,
        command.users.map(({ personId }) => personId),
      )
    case 'create-administrator':
    case 'name-administrator':
      return loneHandsOn(tx, command.personId)
    case 'enable-account': {
      const account = await tx.findOneBy(AccountEntity, { id: command.accountId })
      const personId = account?.personId ?? null
      if (personId === null) return []
      return account?.administratorRole === null
        ? placedBy(tx, [personId])
        : loneHandsOn(tx, personId)
    }
    default:
      return []
  }
}
