import type { Act } from '@erp-steward/contracts/act'
import { AccountCaseJoined, AccountCaseOpened } from '@erp-steward/contracts/detection-events'
import { PersonEntity } from '@erp-steward/directory/directory'
import { on } from '@erp-steward/messaging/consumer'
import type { EntityManager } from 'typeorm'
import { tellPeople } from './notify.ts'
import { accountCaseMessage } from './rules/message.ts'

interface Told {
  readonly caseId: string
  readonly personId: string | null
  readonly occasion: 'account-shut' | 'account-reported'
  readonly at: string
}

/** Whose account was shut, or reported, is told. Signs of lending that shut nothing are told to nobody who may be in them. */
export const onAccountShut = [
  on(AccountCaseOpened, async (tx, { data }, act) => {
    const { caseId, personId, kind, frozen, openedAt: at } = data
    if (frozen) await tell(tx, { caseId, personId, occasion: 'account-shut', at }, act)
    else if (kind === 'theft')
      await tell(tx, { caseId, personId, occasion: 'account-reported', at }, act)
  }),
  on(AccountCaseJoined, async (tx, { data }, act) => {
    const { caseId, personId, frozen, joinedAt: at } = data
    if (frozen) await tell(tx, { caseId, personId, occasion: 'account-shut', at }, act)
  }),
]

/** Source: defaults 2.9, freeze and inform. */
async function tell(
  tx: EntityManager,
  { caseId, personId, occasion, at }: Told,
  act: Act,
): Promise<void> {
  if (personId === null) return
  // Who is not in the copy yet has no address in it: that falls back as a missing address does.
  const person = await tx.findOneBy(PersonEntity, { id: personId })
  const recipients = [{ id: personId, email: person?.email ?? null }]
  const message = accountCaseMessage(occasion, at)
  await tellPeople(tx, { occasion, message, recipients, key: `/${caseId}`, at: new Date(at) }, act)
}
