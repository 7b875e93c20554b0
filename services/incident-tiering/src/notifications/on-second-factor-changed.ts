import { SecondFactorChanged } from '@erp-steward/contracts/sign-in-events'
import { PersonEntity } from '@erp-steward/directory/directory'
import { on } from '@erp-steward/messaging/consumer'
import { tellPeople } from './notify.ts'
import { factorMessage, isFactorStep } from './rules/message.ts'

/**
 * What becomes of the second factor of an account is told its person at once, whoever did it: so a change that nobody asked for
 * is noticed. Source; ASVS 5.0, 6.3.7.
 */
export const onSecondFactorChanged = on(SecondFactorChanged, async (tx, { data }, act) => {
  const { accountId, personId, step, recoveryCodesLeft, at } = data
  if (personId === null || !isFactorStep(step)) return
  // Who is not in the copy yet has no address in it: that falls back as a missing address does.
  const person = await tx.findOneBy(PersonEntity, { id: personId })
  await tellPeople(
    tx,
    {
      ...{ key: `${accountId}/second-factor/${step}/${at}`, at: new Date(at) },
      occasion: 'second-factor',
      message: factorMessage(step, recoveryCodesLeft, at),
      recipients: [{ id: personId, email: person?.email ?? null }],
    },
    act,
  )
})
