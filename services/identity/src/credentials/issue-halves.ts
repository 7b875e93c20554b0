import type { Bilingual } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Uuid } from '@erp-steward/contracts/values'
import { Type, type Static } from 'typebox'
import type { DataSource, EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { openUserName } from '../accounts/sealed-user-name.ts'
import { IssuedHalf } from './issue-half.ts'
import { SealedHalf } from './seal-half.ts'

/** Most accounts of one call; the second half of each is hashed, some 50 milliseconds of CPU. */
export const MOST_HALVES = 100

const userName = Type.String({ description: 'User name of the account.' })
const NamedHalf = Type.Object(
  { ...IssuedHalf.properties, userName },
  { title: 'NamedPasswordHalf' },
)
const NamedSealedHalf = Type.Object(
  { ...SealedHalf.properties, userName },
  { title: 'SealedPasswordHalf' },
)
const RefusedHalf = Type.Object(
  {
    accountId: about(Uuid, 'The account that it was asked for.'),
    code: Type.String({ description: 'Code of the problem.' }),
    detail: Type.String({ description: 'What was wrong, for people.' }),
  },
  { title: 'RefusedPasswordHalf', description: 'Why there is no half for this account.' },
)

const inOrder = { description: 'In the order of `accountIds`.' }
export const HalfOutcomes = Type.Object(
  { items: Type.Array(Type.Union([NamedHalf, NamedSealedHalf, RefusedHalf]), inOrder) },
  { title: 'PasswordHalves' },
)
export const SealedHalfOutcomes = Type.Object(
  { items: Type.Array(Type.Union([NamedSealedHalf, RefusedHalf]), inOrder) },
  { title: 'SealedPasswordHalves' },
)

/** A half, or why there is none, in both languages until the caller is told of it. */
type HalfOutcome<Half> =
  | (Half & { userName: string })
  | (Omit<Static<typeof RefusedHalf>, 'detail'> & { readonly detail: Bilingual })

/**
 * Halves of one kind for many accounts, each in a commit of its own, as if it had been asked for alone: all rules on who may
 * have which half hold for each. What is refused refuses nothing else.
 *
 * Source, defaults 2.9.
 *
 * @param issue makes the half of one account
 */
export async function issueHalves<Half extends IssuedHalf | SealedHalf>(
  db: DataSource,
  accountIds: readonly string[],
  issue: (tx: EntityManager, accountId: string) => Promise<Half>,
): Promise<HalfOutcome<Half>[]> {
  const outcomes: HalfOutcome<Half>[] = []
  for (const accountId of accountIds) {
    try {
      outcomes.push(
        await db.transaction(async (tx) => {
          const half = await issue(tx, accountId)
          const account = await tx.findOneByOrFail(AccountEntity, { id: accountId })
          return { ...half, userName: openUserName(tx, account) }
        }),
      )
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      outcomes.push({ accountId, code: error.code, detail: error.detail })
    }
  }
  return outcomes
}
