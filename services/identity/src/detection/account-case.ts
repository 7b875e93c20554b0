import { caseKinds } from '@erp-steward/contracts/detection-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Id, InstantOut, nullable, Uuid, Version } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'

export const CaseKind = Type.Enum([...caseKinds], {
  title: 'AccountCaseKind',
  description:
    '`theft`: somebody reported the account stolen or at risk (A-2.1.7); `lending`: signs that others use it (A-2.1.6).',
})

export const CaseState = Type.Enum(['open', 'confirmed', 'dismissed'], {
  title: 'AccountCaseState',
  description: '`open`: a person has to decide; `confirmed`: it was so; `dismissed`: it was not.',
})

/** An account that others may use, from the report or the first sign until a person has decided. */
export const AccountCaseView = Type.Object(
  {
    id: Id,
    kind: CaseKind,
    state: CaseState,
    accountId: about(Uuid, 'The account that it is about.'),
    personId: nullable(Uuid, 'Whose it is; null: an administrator that was not named.'),
    unitId: nullable(
      Uuid,
      'Unit of the person, else of who reported it, else headquarters; null: there is no unit yet.',
    ),
    score: nullable(Type.Integer(), 'How likely it is, 1 to 100; null: somebody reported it.'),
    openedBy: Type.String({ description: 'Account that reported it, or the service.' }),
    openedReason: nullable(Type.String(), 'What was reported; null: the product found it.'),
    openedAt: about(InstantOut, 'When it was reported or found.'),
    frozenAt: nullable(
      InstantOut,
      'When it shut the account; null: it was shut before, it may not be shut because no other such administrator is active, or a person has to do it.',
    ),
    decidedBy: nullable(Type.String(), 'Account that decided; null: nobody yet.'),
    decidedAt: nullable(InstantOut, 'When it was decided.'),
    decidedReason: nullable(Type.String(), 'Why it was decided so.'),
    reviewedSince: nullable(
      InstantOut,
      'The last sign-in that was known to be good: what the account did since was looked at (A-2.1.8).',
    ),
    reviewedRecords: nullable(
      Type.Integer(),
      'How many facts of the account the audit ledger had since then.',
    ),
    reviewedDigest: nullable(
      Type.String(),
      'SHA-256 over the hashes of those facts in the order of the ledger, in hexadecimal digits.',
    ),
    credentialsVoidedAt: nullable(
      InstantOut,
      'When passwords, second factor and known devices of the account were made void; null: they were not.',
    ),
    version: Version,
  },
  { title: 'AccountCase' },
)

export const AccountCaseEntity = entityOf(AccountCaseView, {
  table: 'account_case',
  checks: [
    { name: 'account_case_kind_check', expression: "kind in ('lending', 'theft')" },
    { name: 'account_case_state_check', expression: "state in ('open', 'confirmed', 'dismissed')" },
    { name: 'account_case_score_check', expression: 'score between 1 and 100' },
    {
      name: 'account_case_decided_check',
      expression: "(state = 'open') = (decided_at is null)",
    },
  ],
  indices: [
    {
      name: 'account_case_one_open',
      columns: ['accountId', 'kind'],
      unique: true,
      where: "state = 'open'",
    },
    { name: 'account_case_by_age', columns: ['openedAt', 'id'] },
    { name: 'account_case_by_reporter', columns: ['openedBy', 'openedAt'] },
  ],
  foreignKeys: [
    {
      name: 'account_case_account_id_fkey',
      target: 'account',
      columnNames: ['account_id'],
      referencedColumnNames: ['id'],
    },
  ],
})
export type AccountCase = RowOf<typeof AccountCaseEntity>

/** Whether a case about the account waits for a decision. The caller holds the account's row. */
export const hasOpenCase = (tx: EntityManager, accountId: string): Promise<boolean> =>
  tx.existsBy(AccountCaseEntity, { accountId, state: 'open' })

/**
 * Refuses to let an account be used again while a case about it is open. Source.
 *
 * @throws Problem `account-case-open`
 */
export async function assertNoOpenCase(tx: EntityManager, accountId: string): Promise<void> {
  if (await hasOpenCase(tx, accountId))
    throw new Problem(
      'account-case-open',
      said('A case about the account is open.', '该账号有未结事项。'),
    )
}
