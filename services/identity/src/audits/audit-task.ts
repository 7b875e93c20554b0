import { Witness, WitnessState } from '@erp-steward/contracts/ledger-events'
import {
  about,
  Id,
  InstantOut,
  nullable,
  Paragraph,
  Reason,
  Uuid,
  Version,
} from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'
import { strata } from './rules/strata.ts'

export const AuditStratum = Type.Enum([...strata], {
  title: 'AuditStratum',
  description:
    '`access`: who came in or was refused, who read the ledger; `operation`: what else people and their machines did.',
})

export const AuditConclusion = Type.Enum(['in-order', 'anomalies'], {
  title: 'AuditConclusion',
  description:
    '`in-order`: nothing was found; `anomalies`: what the items and the summary say has to be followed up.',
})
export type AuditConclusion = Static<typeof AuditConclusion>

export const AuditJudgement = Type.Enum(['in-order', 'anomaly'], {
  title: 'AuditJudgement',
  description: '`anomaly`: it has to be explained; it stays one.',
})
export type AuditJudgement = Static<typeof AuditJudgement>

export const AuditTaskState = Type.Enum(['open', 'signed'], {
  title: 'AuditTaskState',
  description: '`signed`: its report is signed, and nothing of it changes any more.',
})

/** How many facts of each stratum there are. */
const Population = Type.Object(
  {
    access: Type.Integer({ description: 'Access records.' }),
    operation: Type.Integer({ description: 'Operations of people and machines.' }),
  },
  { title: 'AuditPopulation' },
)

/** What the ledger said of itself when the report was signed. Source, log integrity and retention. */
const LedgerState = Type.Object(
  {
    state: Type.Enum(['intact', 'unproven', 'broken'], {
      description: 'Outcome of the last verification before the signature.',
    }),
    verifiedAt: about(InstantOut, 'When it was verified.'),
    checked: Type.Integer({ description: 'Records that were computed anew.' }),
    witnesses: Type.Array(
      Type.Object({ witness: Witness, state: WitnessState }, { title: 'WitnessSaid' }),
      { description: 'What each witness said.' },
    ),
    records: Type.Integer({ description: 'Records in the ledger at the signature.' }),
    oldestAt: about(InstantOut, 'When the oldest record that can be read online was made.'),
  },
  { title: 'AuditedLedger' },
)

/** One audit of a stretch of the ledger by its administrator. Source. */
export const AuditTaskView = Type.Object(
  {
    id: Id,
    kind: Type.Enum(['periodic', 'extra'], {
      title: 'AuditTaskKind',
      description:
        '`periodic`: opened by the clock for what the one before did not cover; `extra`: asked for.',
    }),
    state: AuditTaskState,
    recordedBefore: about(InstantOut, 'What was recorded before this instant is audited.'),
    afterSeq: Type.Integer({ description: 'Records after this number.' }),
    throughSeq: Type.Integer({ description: 'Up to this record.' }),
    seed: Type.String({
      description:
        'Hash of record `throughSeq`. Of each stratum those facts are drawn whose SHA-256 of `<seed>:<seq>` is smallest, so that whoever has a copy can draw them again.',
    }),
    population: about(Population, 'Facts of the stretch to draw from.'),
    items: Type.Integer({ description: 'Facts that were drawn.' }),
    openItems: Type.Integer({ description: 'Facts that nobody has judged yet.' }),
    anomalies: Type.Integer({ description: 'Facts that were judged to be anomalies.' }),
    openedAt: about(InstantOut, 'When it was opened.'),
    openedBy: Type.String({ description: 'Account that asked for it, or the service.' }),
    reason: nullable(Reason, 'Why it was asked for; null: it was due.'),
    dueAt: about(InstantOut, 'Until when it has to be signed.'),
    parameterVersions: Type.Record(Type.String(), Type.Integer(), {
      description: 'Version of each parameter that was in force; 0: as shipped.',
    }),
    conclusion: nullable(AuditConclusion, 'Null: not signed yet.'),
    summary: nullable(Paragraph(4_000), 'What the signer found, in words.'),
    ledger: nullable(LedgerState, 'How the ledger stood when it was signed.'),
    report: nullable(
      Type.String(),
      'The report as the very text that is signed: JSON with its members sorted by name.',
    ),
    sha256: nullable(Type.String(), 'SHA-256 of that text in lower-case hex.'),
    keyId: nullable(Type.String(), 'Which key of the ledger signed.'),
    signature: nullable(
      Type.String(),
      'Ed25519 in base64url over the lines that docs/guides/operate.md gives.',
    ),
    signedAt: nullable(InstantOut, 'When it was signed.'),
    signedBy: nullable(Uuid, 'Account that signed.'),
    withinTarget: nullable(Type.Boolean(), 'Whether it was signed in time; null: not signed yet.'),
    version: Version,
  },
  { title: 'AuditTask' },
)

export const AuditTaskEntity = entityOf(AuditTaskView, {
  table: 'audit_task',
  columns: {
    afterSeq: { type: 'bigint', transformer: { from: Number, to: String } },
    throughSeq: { type: 'bigint', transformer: { from: Number, to: String } },
  },
  checks: [
    { name: 'audit_task_kind_check', expression: `kind in ('periodic', 'extra')` },
    {
      name: 'audit_task_signed_check',
      expression: `(state = 'signed') = (signature is not null)`,
    },
  ],
  indices: [
    { name: 'audit_task_by_age', columns: ['openedAt', 'id'] },
    {
      name: 'audit_task_one_per_stretch',
      columns: ['throughSeq'],
      unique: true,
      where: `kind = 'periodic'`,
    },
    { name: 'audit_task_open', columns: ['dueAt'], where: `state = 'open'` },
  ],
})
export type AuditTask = RowOf<typeof AuditTaskEntity>
