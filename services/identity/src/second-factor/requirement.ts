import { durationMs } from '@erp-steward/regulation/duration'
import { readParameters } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import type { Account } from '../accounts/account.ts'
import { bindsAccount } from './rules/binds-account.ts'

/** What the rules ask of an account besides its password. */
export interface Requirement {
  /** Whether it has to have a second factor. */
  readonly isBound: boolean
  /** For how long after it was proved it is fresh enough for a decision, in milliseconds. */
  readonly freshMs: number
}

const KEYS = ['identity.second_factor.required', 'identity.second_factor.fresh'] as const

/** What is asked of the account at `at`. Source, defaults 2.9. */
export async function requirementOf(
  tx: EntityManager,
  { administratorRole }: Pick<Account, 'administratorRole'>,
  unitId: string | null,
  at: Date,
): Promise<Requirement> {
  const read = await readParameters(tx, KEYS, unitId, at)
  return {
    isBound: bindsAccount(
      read['identity.second_factor.required'].value,
      administratorRole !== null,
    ),
    freshMs: durationMs(read['identity.second_factor.fresh'].value),
  }
}
