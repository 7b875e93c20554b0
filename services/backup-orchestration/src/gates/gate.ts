import type { Bilingual } from '@erp-steward/contracts/bilingual'
import { about, Code, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { StoredText } from '@erp-steward/service-kit/stored-text'
import { Type, type Static } from 'typebox'

/** Why a gate is closed. */
export const GateReason = Type.Object(
  {
    code: Type.Enum(
      [
        'system-unknown',
        'no-required-target',
        'target-foreign',
        'no-policy',
        'no-backup',
        'backup-too-old',
        'primary-missing',
        'primary-damaged',
        'offsite-unconfirmed',
        'offsite-missing',
        'offsite-damaged',
      ],
      { title: 'GateReasonCode', description: 'Why a gate is closed; the codes do not change.' },
    ),
    targetCode: nullable(
      Type.String(),
      'The target it is about; null where it is about the whole system.',
    ),
    detail: Type.String({
      description: 'What is in the way, for people, in the language preferred.',
    }),
  },
  { title: 'GateReason' },
)
/** Why a gate is closed, as it is found. */
export type GateReason = Omit<Static<typeof GateReason>, 'detail'> & { detail: Bilingual }

/** As rows keep it. */
const KeptReason = Type.Object({ ...GateReason.properties, detail: StoredText })
export type KeptReason = Static<typeof KeptReason>

const verdict = {
  isOpen: Type.Boolean({ description: 'Whether the change may start. Source: A-2.4.4.' }),
  reasons: Type.Array(GateReason, { description: 'Why it is closed; empty when it is open.' }),
  runIds: Type.Array(Uuid, { description: 'The backups that it rests on.' }),
}
const kept = { reasons: Type.Array(KeptReason) }
/** It was made a list in JSON. */
const columns = { runIds: { type: 'jsonb', array: false } } as const

/** Whether a change of a system could start. Source. */
export const GateView = Type.Object(
  {
    systemCode: about(Code, 'The system whose backups are asked for.'),
    ...verdict,
    openUntil: nullable(
      InstantOut,
      'When the oldest of the backups it rests on becomes too old; null when closed.',
    ),
    evaluatedAt: about(InstantOut, 'When it was looked at.'),
  },
  { title: 'BackupGate' },
)

/** What the gate of a system was when it was last looked at. */
export const GateEntity = entityOf(GateView, {
  table: 'backup_gate',
  kept: { ...kept, since: InstantOut },
  key: ['systemCode'],
  columns,
  indices: [{ name: 'backup_gate_ageing', columns: ['openUntil'], where: 'is_open' }],
})

/** An answer that was given to a change, kept as evidence. Source. */
export const GateAnswerView = Type.Object(
  {
    askId: about(Uuid, 'The question that is answered.'),
    changeId: about(Uuid, 'The change that asked.'),
    changeNumber: Type.String({ description: 'What people call that change: `CHG-2026-000042`.' }),
    unitId: about(Uuid, 'The unit of the change.'),
    systemCode: Type.String({ description: 'The system that it is about.' }),
    ...verdict,
    askedAt: about(InstantOut, 'When it was asked.'),
    answeredAt: about(InstantOut, 'When it was answered.'),
    validUntil: about(InstantOut, 'Until when the change may start on this answer.'),
    voidedAt: nullable(
      InstantOut,
      'When what it rests on was changed; from then on it counts no longer.',
    ),
  },
  { title: 'GateAnswer' },
)

export const GateAnswerEntity = entityOf(GateAnswerView, {
  table: 'gate_answer',
  kept,
  key: ['askId'],
  columns,
  indices: [{ name: 'gate_answer_by_time', columns: ['answeredAt', 'askId'] }],
})
export type GateAnswer = RowOf<typeof GateAnswerEntity>
