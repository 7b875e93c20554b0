import { AccountDormant } from '@erp-steward/contracts/account-events'
import { PersonEntity } from '@erp-steward/directory/directory'
import { on } from '@erp-steward/messaging/consumer'
import { authorities, leadersOf } from '../key-users/people-in-charge.ts'
import { tellPeople } from './notify.ts'
import { dormantMessage } from './rules/message.ts'

/**
 * Nobody uses an account: its person and those who lead the unit are told at each step; of an account without a unit the O&M
 * authority is. Source, defaults 2.8.
 */
export const onAccountDormant = on(AccountDormant, async (tx, { data }, act) => {
  const { findingId, personId, unitId, stage, at } = data
  const person = personId === null ? null : await tx.findOneBy(PersonEntity, { id: personId })
  const leaders = unitId === null ? await authorities(tx) : await leadersOf(tx, unitId)
  const owner = personId === null ? [] : [{ id: personId, email: person?.email ?? null }]
  const recipients = [...owner, ...leaders.filter(({ id }) => id !== personId)]
  const message = dormantMessage(stage, data)
  const said = {
    occasion: 'account-dormant',
    key: `${findingId}/${stage}`,
    at: new Date(at),
  } as const
  await tellPeople(tx, { ...said, message, recipients }, act)
})
