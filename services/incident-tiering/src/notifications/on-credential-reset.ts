import { CredentialReset } from '@erp-steward/contracts/sign-in-events'
import { PersonEntity } from '@erp-steward/directory/directory'
import { on } from '@erp-steward/messaging/consumer'
import { authorities } from '../key-users/people-in-charge.ts'
import { tellPeople } from './notify.ts'
import { administratorResetMessage, isResetStep, resetMessage } from './rules/message.ts'

/**
 * Others issue a password for an account: its person is told at once, and of an administrator's the O&M authority too,
 * since nobody below can judge it. Once per step of the case. Source.
 */
export const onCredentialReset = on(CredentialReset, async (tx, { data }, act) => {
  const { resetId, personId, administratorRole, step, at } = data
  if (!isResetStep(step)) return
  const said = { key: `${resetId}/${step}`, at: new Date(at) }
  if (personId !== null) {
    // Who is not in the copy yet has no address in it: that falls back as a missing address does.
    const person = await tx.findOneBy(PersonEntity, { id: personId })
    const owner = { id: personId, email: person?.email ?? null }
    const message = resetMessage(step, at)
    await tellPeople(
      tx,
      { ...said, occasion: 'credential-reset', message, recipients: [owner] },
      act,
    )
  }
  if (administratorRole !== null) {
    const others = (await authorities(tx)).filter(({ id }) => id !== personId)
    const message = administratorResetMessage(step, administratorRole, at)
    await tellPeople(
      tx,
      { ...said, occasion: 'administrator-reset', message, recipients: others },
      act,
    )
  }
})
