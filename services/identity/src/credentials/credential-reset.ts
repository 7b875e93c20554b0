import type { Act } from '@erp-steward/contracts/act'
import { CredentialReset as CredentialResetFact } from '@erp-steward/contracts/sign-in-events'
import { about, Id, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import type { Account } from '../accounts/account.ts'

const ResetState = Type.Enum(['half-issued', 'issued', 'chosen', 'superseded'], {
  title: 'CredentialResetState',
  description:
    '`half-issued`: alone it opens nothing; `chosen`: its owner chose another; `superseded`: a later reset took its place.',
})

/**
 * A case: others issued a password for an account. Who had which half stays with it, by account and by person, so that
 * nobody stands in for two.
 */
export const ResetView = Type.Object(
  {
    id: Id,
    accountId: about(Uuid, 'The account that the password was issued for.'),
    userName: Type.String({ description: 'User name of that account.' }),
    state: ResetState,
    firstBy: Type.String({ description: 'Account that got the first half.' }),
    firstRole: Type.String({ description: 'Role in which it did.' }),
    firstAt: about(InstantOut, 'When the first half was issued.'),
    secondBy: nullable(Type.String(), 'Account that got the second half; null: nobody yet.'),
    secondRole: nullable(Type.String(), 'Role in which it did.'),
    secondAt: nullable(InstantOut, 'When the second half was issued.'),
    expiresAt: about(InstantOut, 'End of the half, then of the password.'),
    chosenAt: nullable(InstantOut, 'When the owner chose another password.'),
    coolingUntil: nullable(
      InstantOut,
      'Until then the account may not approve; null: no cooling time was set, or a third person ended it.',
    ),
    confirmedBy: nullable(Type.String(), 'Account that vouched for the owner; null: nobody did.'),
    confirmedAt: nullable(InstantOut, 'When it did.'),
    confirmation: nullable(
      Type.String(),
      'How the identity was confirmed, in the words of who did it.',
    ),
  },
  { title: 'CredentialReset' },
)

export const CredentialResetEntity = entityOf(ResetView, {
  table: 'credential_reset',
  derived: ['userName'],
  kept: {
    firstPerson: nullable(Uuid),
    secondPerson: nullable(Uuid),
    confirmedPerson: nullable(Uuid),
    /** SHA-256 of the first half, until the second is made. */
    firstDigest: nullable(Type.Unsafe<Buffer>({})),
    /** SHA-256 of the key that the first half was sealed to; `null` where its taker read it. */
    firstSealedTo: nullable(Type.String()),
  },
  columns: { firstDigest: { type: 'bytea' } },
  foreignKeys: [
    {
      name: 'credential_reset_account_id_fkey',
      target: 'Account',
      columnNames: ['account_id'],
      referencedColumnNames: ['id'],
    },
  ],
  checks: [
    {
      name: 'credential_reset_state_check',
      expression: `state in ('half-issued', 'issued', 'chosen', 'superseded')`,
    },
    {
      name: 'credential_reset_digest_check',
      expression: `(state = 'half-issued') = (first_digest is not null)`,
    },
  ],
  indices: [
    { name: 'credential_reset_by_time', columns: ['firstAt', 'id'] },
    {
      name: 'credential_reset_open_key',
      columns: ['accountId'],
      unique: true,
      where: `state in ('half-issued', 'issued')`,
    },
  ],
})
export type CredentialReset = RowOf<typeof CredentialResetEntity>

type Step =
  | 'first-half-issued'
  | 'second-half-issued'
  | 'issued-at-host'
  | 'password-chosen'
  | 'identity-confirmed'

/**
 * States a step of the case under the account, whose owner hears of it.
 *
 * @param sealedTo fingerprint of the key that a half was sealed to; absent where somebody read it
 */
export async function stateReset(
  tx: EntityManager,
  { id, personId, administratorRole }: Pick<Account, 'id' | 'personId' | 'administratorRole'>,
  reset: Pick<CredentialReset, 'id' | 'coolingUntil'>,
  step: Step,
  act: Act,
  sealedTo?: string,
): Promise<void> {
  await appendEvent(
    tx,
    'identity',
    CredentialResetFact,
    id,
    {
      resetId: reset.id,
      accountId: id,
      personId,
      administratorRole,
      step,
      coolingUntil: reset.coolingUntil?.toISOString() ?? null,
      ...(sealedTo !== undefined && { sealedTo }),
      at: act.now.toISOString(),
    },
    act,
  )
}

/** The open case of an account whose row the caller holds; `null` when there is none. */
export function openReset(tx: EntityManager, accountId: string): Promise<CredentialReset | null> {
  return tx
    .createQueryBuilder(CredentialResetEntity, 'reset')
    .where('reset.accountId = :accountId', { accountId })
    .andWhere("reset.state in ('half-issued', 'issued')")
    .getOne()
}

/** Ends the open case of an account: a later reset takes its place. */
export async function supersedeReset(tx: EntityManager, accountId: string): Promise<void> {
  await tx.query(
    `update credential_reset set state = 'superseded', first_digest = null
      where account_id = $1 and state in ('half-issued', 'issued')`,
    [accountId],
  )
}
