import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, InstantOut, Uuid } from '@erp-steward/contracts/values'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { assertAnotherHand, assertNamed } from '../accounts/another-hand.ts'
import { lockAccount, type HeldAccount } from '../accounts/lock-account.ts'
import { loneHandsOn } from '../people/person-hand.ts'
import { digestOf } from '../sessions/refresh-token.ts'
import { revokeAccount } from '../sessions/revoke-account.ts'
import { joinedHalves } from './claim-code.ts'
import { CredentialEntity } from './credential.ts'
import {
  CredentialResetEntity,
  openReset,
  stateReset,
  supersedeReset,
  type CredentialReset,
} from './credential-reset.ts'
import { initialLife, putInitialInForce } from './issue-initial-password.ts'
import { randomHalf } from './random-password.ts'
import { mayHoldHalf } from './rules/half-holders.ts'

/** Half of an initial password, shown this once to who asked for it. */
export const IssuedHalf = Type.Object(
  {
    accountId: about(Uuid, 'The account that it is for.'),
    half: Type.Enum(['first', 'second'], { description: 'Which half.' }),
    claimCode: Type.String({
      description: 'The password is the first half, a dash and the second half.',
    }),
    expiresAt: about(InstantOut, 'End of the half, or of the password once both were issued.'),
  },
  { title: 'PasswordHalf' },
)
export type IssuedHalf = Static<typeof IssuedHalf>

/**
 * Makes the first half of an initial password. It opens nothing and voids nothing: one person alone neither takes an
 * account over nor locks its owner out. A later first half takes the place of an earlier one.
 *
 * Source, defaults 2.9.
 *
 * @param sealedTo fingerprint of the key that the caller seals the half to
 * @throws Problem `not-found`, `account-state` when it is not active, `same-person` (also who took the person in),
 *   `half-not-for-role`, `administrator-unnamed`
 */
export async function issueFirstHalf(
  tx: EntityManager,
  accountId: string,
  act: Act,
  sealedTo?: string,
): Promise<IssuedHalf> {
  const { account } = await accountFor(tx, accountId, act)
  const claimCode = randomHalf()
  const { expiresAt } = await initialLife(tx, account, act.now)
  await supersedeReset(tx, accountId)
  const reset: CredentialReset = {
    id: randomUUID(),
    accountId,
    state: 'half-issued',
    firstBy: act.actor,
    firstPerson: act.personId,
    firstRole: act.role,
    firstAt: act.now,
    firstDigest: digestOf(claimCode),
    firstSealedTo: sealedTo ?? null,
    secondBy: null,
    secondPerson: null,
    secondRole: null,
    secondAt: null,
    expiresAt,
    chosenAt: null,
    coolingUntil: null,
    confirmedBy: null,
    confirmedPerson: null,
    confirmedAt: null,
    confirmation: null,
  }
  await tx.insert(CredentialResetEntity, reset)
  await stateReset(tx, account, reset, 'first-half-issued', act, sealedTo)
  return { accountId, half: 'first', claimCode, expiresAt }
}

/**
 * Makes the second half, by another person of another role: from now on the two with a dash between them open sessions
 * that can only choose a password. What the account had before is void, and its sessions end.
 *
 * @param ownUnit the unit of a caller whose range is a unit; `null` for the company
 * @param sealedTo fingerprint of the key that the caller seals the half to
 * @throws Problem `not-found`, `account-state`, `same-person`, `half-not-for-role` (also a delivery agent where the owner
 *   has chosen a password before, and the key of the first half), `first-half-missing`,
 *   `administrator-unnamed`
 */
export async function issueSecondHalf(
  tx: EntityManager,
  accountId: string,
  ownUnit: string | null,
  act: Act,
  sealedTo?: string,
): Promise<IssuedHalf> {
  const { account, holder } = await accountFor(tx, accountId, act)
  if (ownUnit !== null && holder?.person.unitId !== ownUnit)
    throw new Problem(
      'not-found',
      said(`There is no account ${accountId}.`, `没有账号 ${accountId}。`),
    )
  if (act.role === 'DELIVERY_AGENT') await assertNewcomer(tx, accountId)
  const reset = await openReset(tx, accountId)
  const firstDigest = reset?.firstDigest ?? null
  if (reset === null || firstDigest === null || reset.expiresAt <= act.now)
    throw new Problem(
      'first-half-missing',
      said('No first half waits for a second one.', '没有等待第二半的前一半。'),
    )
  const first = { actor: reset.firstBy, personId: reset.firstPerson }
  await assertAnotherHand(tx, act, [first], said('You have the first half.', '您已持有前一半。'))
  await assertNamed(tx, act, [first])
  if (reset.firstRole === act.role)
    throw new Problem(
      'half-not-for-role',
      said(
        'The second half goes to another role than the first.',
        '第二半须交给与第一半不同的角色。',
      ),
    )
  if (sealedTo !== undefined && reset.firstSealedTo === sealedTo)
    throw new Problem(
      'half-not-for-role',
      said(
        'The first half was sealed to this key: the second goes another way.',
        '前一半已用此密钥封装，后一半须走另一渠道。',
      ),
    )
  const claimCode = randomHalf()
  const text = joinedHalves(firstDigest, claimCode)
  const epoch = await revokeAccount(tx, accountId, 'initial-password-issued', act)
  const inForce = { text, halved: true, cools: true }
  const expiresAt = await putInitialInForce(tx, { ...account, epoch }, inForce, act)
  await tx.update(CredentialResetEntity, reset.id, {
    state: 'issued',
    firstDigest: null,
    secondBy: act.actor,
    secondPerson: act.personId,
    secondRole: act.role,
    secondAt: act.now,
    expiresAt,
  })
  await stateReset(tx, account, reset, 'second-half-issued', act, sealedTo)
  return { accountId, half: 'second', claimCode, expiresAt }
}

/** A program lets newcomers in; whoever has been in before is reset by people. */
async function assertNewcomer(tx: EntityManager, accountId: string): Promise<void> {
  if (await tx.existsBy(CredentialEntity, { accountId, kind: 'chosen' }))
    throw new Problem(
      'half-not-for-role',
      said(
        'The owner has chosen a password before: people reset it.',
        '账号持有人曾自行设置密码，须由人员重置。',
      ),
    )
}

async function accountFor(tx: EntityManager, accountId: string, act: Act): Promise<HeldAccount> {
  const held = await lockAccount(tx, accountId)
  if (held === null)
    throw new Problem(
      'not-found',
      said(`There is no account ${accountId}.`, `没有账号 ${accountId}。`),
    )
  const { account } = held
  const owner = { actor: accountId, personId: account.personId }
  await assertAnotherHand(
    tx,
    act,
    [owner],
    said('Nobody issues a password for the own account.', '不得为本人账号签发密码。'),
  )
  if (!mayHoldHalf(act.role, account.administratorRole))
    throw new Problem(
      'half-not-for-role',
      said(`A half of this password is not for ${act.role}.`, `此密码的一半不能交给 ${act.role}。`),
    )
  if (account.status !== 'active')
    throw new Problem(
      'account-state',
      said(`The account is ${account.status}.`, `该账号的状态为 ${account.status}。`),
    )
  await assertNamed(tx, act)
  const takers = account.personId === null ? [] : await loneHandsOn(tx, account.personId)
  await assertAnotherHand(
    tx,
    act,
    takers,
    said(
      'Who took the person in, moved or rewrote it, has no half.',
      '办理该人员入职、调动或变更的人不得领取任何一半。',
    ),
  )
  return held
}
