import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { assertAnotherHand, assertNamed, type Hand } from '../accounts/another-hand.ts'
import { lockAccount } from '../accounts/lock-account.ts'
import { loneHandsOn } from '../people/person-hand.ts'
import { CredentialResetEntity, stateReset } from './credential-reset.ts'

/** Who asked for the last reset of a lost second factor, and who decided it: each vouches for nobody in it. */
const LAST_RESET_OF_FACTOR = `
  select requested_by, requested_by_person, decided_by, decided_by_person from account_change
   where kind = 'reset-second-factor' and subject_id = $1 and status = 'approved'
   order by decided_at desc limit 1`

interface ResetOfFactor {
  readonly requested_by: string
  readonly requested_by_person: string | null
  readonly decided_by: string
  readonly decided_by_person: string | null
}

/** Roles that confirm the identity of a person, but not of an administrator. */
const ofPeople: readonly string[] = ['OM_AUTHORITY', 'BUSINESS_OWNER']

/**
 * Ends the cooling time of an account at once: a third person, who had no half of the password, vouches that its owner chose
 * the new one. Nor is it one who took the person in, moved or rewrote it alone. Tokens that are out say so from their next
 * refresh on.
 *
 * @param ownUnit the unit of a caller whose range is a unit; `null` for the company
 * @throws Problem `not-found`, `account-not-cooling`, `same-person`, `half-not-for-role`,
 *   `administrator-unnamed`
 */
export async function confirmIdentity(
  tx: EntityManager,
  { accountId, how }: { readonly accountId: string; readonly how: string },
  ownUnit: string | null,
  act: Act,
): Promise<void> {
  const held = await lockAccount(tx, accountId)
  if (held === null || (ownUnit !== null && held.holder?.person.unitId !== ownUnit))
    throw new Problem(
      'not-found',
      said(`There is no account ${accountId}.`, `没有账号 ${accountId}。`),
    )
  const { account } = held
  if (account.coolingUntil === null || account.coolingUntil <= act.now)
    throw new Problem(
      'account-not-cooling',
      said('No cooling time runs for the account.', '该账号没有冷静期。'),
    )
  if (account.administratorRole !== null && ofPeople.includes(act.role))
    throw new Problem(
      'half-not-for-role',
      said('An administrator is confirmed by an administrator.', '管理员须由管理员确认。'),
    )
  const reset = await tx.findOne(CredentialResetEntity, {
    where: { accountId, state: 'chosen' },
    order: { chosenAt: 'DESC' },
  })
  const hands: Hand[] = [
    { actor: accountId, personId: account.personId },
    ...(reset === null
      ? []
      : [
          { actor: reset.firstBy, personId: reset.firstPerson },
          { actor: reset.secondBy ?? '', personId: reset.secondPerson },
        ]),
  ]
  const [lost]: ResetOfFactor[] = await tx.query(LAST_RESET_OF_FACTOR, [accountId])
  if (lost !== undefined)
    hands.push(
      { actor: lost.requested_by, personId: lost.requested_by_person },
      { actor: lost.decided_by, personId: lost.decided_by_person },
    )
  if (account.personId !== null) hands.push(...(await loneHandsOn(tx, account.personId)))
  const detail = said(
    'Whose account it is, who had a half of its password, a hand in its second factor or in the person, confirms nothing.',
    '账号本人、领取过其密码任何一半的人、参与重置其第二验证因素的人以及办理过该人员的人不得确认。',
  )
  await assertAnotherHand(tx, act, hands, detail)
  await assertNamed(tx, act)
  await tx.update(AccountEntity, accountId, { coolingUntil: null })
  if (reset === null) return
  await tx.update(CredentialResetEntity, reset.id, {
    coolingUntil: null,
    confirmedBy: act.actor,
    confirmedPerson: act.personId,
    confirmedAt: act.now,
    confirmation: how,
  })
  await stateReset(tx, account, { ...reset, coolingUntil: null }, 'identity-confirmed', act)
}
