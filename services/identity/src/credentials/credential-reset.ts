import type { Act } from '@erp-steward/contracts/act'
import { CredentialReset as CredentialResetFact } from '@erp-steward/contracts/sign-in-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { EntitySchema, type EntityManager } from 'typeorm'
import type { Account } from '../accounts/account.ts'

/**
 * A case: others issued a password for an account. Who had which half stays with it, by account and by person, so that
 * nobody stands in for two.
 */
export interface CredentialReset {
  id: string
  accountId: string
  /** `chosen`: its owner chose another; `superseded`: a later reset took its place. */
  state: 'half-issued' | 'issued' | 'chosen' | 'superseded'
  firstBy: string
  firstPerson: string | null
  firstRole: string
  firstAt: Date
  /** SHA-256 of the first half, until the second is made. */
  firstDigest: Buffer | null
  secondBy: string | null
  secondPerson: string | null
  secondRole: string | null
  secondAt: Date | null
  /** End of the half, then of the password. */
  expiresAt: Date
  chosenAt: Date | null
  coolingUntil: Date | null
  confirmedBy: string | null
  confirmedPerson: string | null
  confirmedAt: Date | null
  /** How the identity was confirmed, in the words of who did it. */
  confirmation: string | null
}

export const CredentialResetEntity = new EntitySchema<CredentialReset>({
  name: 'CredentialReset',
  tableName: 'credential_reset',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'credential_reset_pkey' },
    accountId: { type: 'uuid', name: 'account_id' },
    state: { type: 'text' },
    firstBy: { type: 'text', name: 'first_by' },
    firstPerson: { type: 'uuid', name: 'first_person', nullable: true },
    firstRole: { type: 'text', name: 'first_role' },
    firstAt: { type: 'timestamptz', name: 'first_at' },
    firstDigest: { type: 'bytea', name: 'first_digest', nullable: true },
    secondBy: { type: 'text', name: 'second_by', nullable: true },
    secondPerson: { type: 'uuid', name: 'second_person', nullable: true },
    secondRole: { type: 'text', name: 'second_role', nullable: true },
    secondAt: { type: 'timestamptz', name: 'second_at', nullable: true },
    expiresAt: { type: 'timestamptz', name: 'expires_at' },
    chosenAt: { type: 'timestamptz', name: 'chosen_at', nullable: true },
    coolingUntil: { type: 'timestamptz', name: 'cooling_until', nullable: true },
    confirmedBy: { type: 'text', name: 'confirmed_by', nullable: true },
    confirmedPerson: { type: 'uuid', name: 'confirmed_person', nullable: true },
    confirmedAt: { type: 'timestamptz', name: 'confirmed_at', nullable: true },
    confirmation: { type: 'text', nullable: true },
  },
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

type Step =
  | 'first-half-issued'
  | 'second-half-issued'
  | 'issued-at-host'
  | 'password-chosen'
  | 'identity-confirmed'

/** States a step of the case under the account, whose owner hears of it. */
export async function stateReset(
  tx: EntityManager,
  { id, personId, administratorRole }: Pick<Account, 'id' | 'personId' | 'administratorRole'>,
  reset: Pick<CredentialReset, 'id' | 'coolingUntil'>,
  step: Step,
  act: Act,
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
