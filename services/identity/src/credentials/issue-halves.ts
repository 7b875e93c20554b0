import { Problem } from '@erp-steward/contracts/problem'
import { about, Uuid } from '@erp-steward/contracts/values'
import { Type, type Static } from 'typebox'
import type { DataSource, EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { openUserName } from '../accounts/sealed-user-name.ts'
import { IssuedHalf } from './issue-half.ts'

/** Most accounts of one call; the second half of each is hashed, some 50 milliseconds of CPU. */
export const MOST_HALVES = 100

/** A half, or why there is none. */
const HalfOutcome = Type.Union([
  Type.Object(
    {
      ...IssuedHalf.properties,
      userName: Type.String({ description: 'User name of the account.' }),
    },
    { title: 'NamedPasswordHalf' },
  ),
  Type.Object(
    {
      accountId: about(Uuid, 'The account that it was asked for.'),
      code: Type.String({ description: 'Code of the problem.' }),
      detail: Type.String({ description: 'What was wrong, for people.' }),
    },
    { title: 'RefusedPasswordHalf', description: 'Why there is no half for this account.' },
  ),
])
type HalfOutcome = Static<typeof HalfOutcome>

export const HalfOutcomes = Type.Object(
  { items: Type.Array(HalfOutcome, { description: 'In the order of `accountIds`.' }) },
  { title: 'PasswordHalves' },
)

/**
 * Halves of one kind for many accounts, each in a commit of its own, as if it had been asked for alone: all rules on who may
 * have which half hold for each. What is refused refuses nothing else.
 *
 * Source, defaults 2.9.
 *
 * @param issue makes the half of one account
 */
export async function issueHalves(
  db: DataSource,
  accountIds: readonly string[],
  issue: (tx: EntityManager, accountId: string) => Promise<IssuedHalf>,
): Promise<HalfOutcome[]> {
  const outcomes: HalfOutcome[] = []
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
      outcomes.push({ accountId, code: error.code, detail: error.message })
    }
  }
  return outcomes
}
