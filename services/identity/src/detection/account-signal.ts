import { about, Id, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'
import { sharingRules } from './rules/signal.ts'

export const SharingRule = Type.Enum([...sharingRules], {
  title: 'SharingRule',
  description:
    '`parallel-use`: in use at two addresses or devices at nearly one time; `impossible-travel`: at two places too far apart; `many-accounts`: several accounts on one device; `maker-checker`: one thing asked for and approved on one device; `followed`: two accounts follow each other over weeks; `absent`: used while its owner is on leave or travels; `left`: used after its owner has left; `habit`: hour, device and place new at once. Source: defaults 2.9.',
})

/** A sign that others use an account, with what proves it. */
export const AccountSignalView = Type.Object(
  {
    id: Id,
    rule: SharingRule,
    score: Type.Integer({ description: 'How likely it is by this sign alone, 1 to 100.' }),
    at: about(InstantOut, 'When it showed.'),
    evidence: Type.Array(Uuid, {
      description: 'Ids of the facts that prove it, as the audit ledger has them.',
    }),
    others: Type.Array(Uuid, { description: 'The other accounts in it.' }),
    detail: Type.Unsafe<Readonly<Record<string, string | number>>>(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]), {
        description: 'What was found, in numbers and addresses.',
      }),
    ),
  },
  { title: 'AccountSignal' },
)

export const AccountSignalEntity = entityOf(AccountSignalView, {
  table: 'account_signal',
  kept: {
    accountId: Uuid,
    /** The case that it belongs to; `null`: too little for one. */
    caseId: nullable(Uuid),
    /** Versions of the parameters that judged it, by key. */
    parameterVersions: Type.Unsafe<Readonly<Record<string, number>>>({}),
    /** By what the same sign is known again. */
    fingerprint: Type.String(),
  },
  columns: {
    evidence: { type: 'uuid', array: true },
    others: { type: 'uuid', array: true },
    detail: { type: 'jsonb' },
    parameterVersions: { type: 'jsonb' },
  },
  uniques: [{ name: 'account_signal_fingerprint_key', columns: ['fingerprint'] }],
  checks: [{ name: 'account_signal_score_check', expression: 'score between 1 and 100' }],
  indices: [
    { name: 'account_signal_by_account', columns: ['accountId', 'at'] },
    { name: 'account_signal_by_case', columns: ['caseId', 'at'] },
  ],
  foreignKeys: [
    {
      name: 'account_signal_account_id_fkey',
      target: 'account',
      columnNames: ['account_id'],
      referencedColumnNames: ['id'],
    },
    {
      name: 'account_signal_case_id_fkey',
      target: 'account_case',
      columnNames: ['case_id'],
      referencedColumnNames: ['id'],
    },
  ],
})
export type AccountSignal = RowOf<typeof AccountSignalEntity>
