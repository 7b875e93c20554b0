import type { Act } from '@erp-steward/contracts/act'
import { SecondFactorChanged } from '@erp-steward/contracts/sign-in-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import type { Account } from '../accounts/account.ts'

type Step =
  'begun' | 'set-up' | 'recovery-code-used' | 'recovery-codes-renewed' | 'removed' | 'reset'

/** Recovery codes of a factor that nobody has used. */
export async function recoveryCodesLeft(
  tx: EntityManager,
  secondFactorId: string,
): Promise<number> {
  const [counted]: { left: number }[] = await tx.query(
    `select count(*)::integer as left from recovery_code
      where second_factor_id = $1 and used_at is null`,
    [secondFactorId],
  )
  return counted?.left ?? 0
}

/** States a step of the second factor under its account. */
export async function stateSecondFactor(
  tx: EntityManager,
  { id, personId, administratorRole }: Pick<Account, 'id' | 'personId' | 'administratorRole'>,
  secondFactorId: string,
  step: Step,
  act: Act,
): Promise<void> {
  const left = await recoveryCodesLeft(tx, secondFactorId)
  await appendEvent(
    tx,
    'identity',
    SecondFactorChanged,
    id,
    {
      ...{ accountId: id, personId, administratorRole, step },
      recoveryCodesLeft: left,
      at: act.now.toISOString(),
    },
    act,
  )
}
