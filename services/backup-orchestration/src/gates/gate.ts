import { EntitySchema } from 'typeorm'

/** Why a gate is closed; the codes do not change. */
export const gateReasons = [
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
] as const
export type GateReasonCode = (typeof gateReasons)[number]

export interface GateReason {
  code: GateReasonCode
  /** The target it is about; `null` where it is about the whole system. */
  targetCode: string | null
  detail: string
}

/** What the gate of a system was when it was last looked at. */
export interface Gate {
  systemCode: string
  isOpen: boolean
  reasons: GateReason[]
  runIds: string[]
  /** When the oldest of the backups it rests on becomes too old. */
  openUntil: Date | null
  since: Date
  evaluatedAt: Date
}

export const GateEntity = new EntitySchema<Gate>({
  name: 'Gate',
  tableName: 'backup_gate',
  columns: {
    systemCode: {
      type: 'text',
      name: 'system_code',
      primary: true,
      primaryKeyConstraintName: 'backup_gate_pkey',
    },
    isOpen: { type: 'boolean', name: 'is_open' },
    reasons: { type: 'jsonb' },
    runIds: { type: 'jsonb', name: 'run_ids' },
    openUntil: { type: 'timestamptz', name: 'open_until', nullable: true },
    since: { type: 'timestamptz' },
    evaluatedAt: { type: 'timestamptz', name: 'evaluated_at' },
  },
  indices: [{ name: 'backup_gate_ageing', columns: ['openUntil'], where: 'is_open' }],
})

/** An answer that was given to a change, kept as evidence. Source. */
export interface GateAnswer {
  askId: string
  changeId: string
  changeNumber: string
  unitId: string
  systemCode: string
  isOpen: boolean
  reasons: GateReason[]
  runIds: string[]
  askedAt: Date
  answeredAt: Date
  validUntil: Date
  /** When what it rests on was changed; from then on it counts no longer. */
  voidedAt: Date | null
}

export const GateAnswerEntity = new EntitySchema<GateAnswer>({
  name: 'GateAnswer',
  tableName: 'gate_answer',
  columns: {
    askId: {
      type: 'uuid',
      name: 'ask_id',
      primary: true,
      primaryKeyConstraintName: 'gate_answer_pkey',
    },
    changeId: { type: 'uuid', name: 'change_id' },
    changeNumber: { type: 'text', name: 'change_number' },
    unitId: { type: 'uuid', name: 'unit_id' },
    systemCode: { type: 'text', name: 'system_code' },
    isOpen: { type: 'boolean', name: 'is_open' },
    reasons: { type: 'jsonb' },
    runIds: { type: 'jsonb', name: 'run_ids' },
    askedAt: { type: 'timestamptz', name: 'asked_at' },
    answeredAt: { type: 'timestamptz', name: 'answered_at' },
    validUntil: { type: 'timestamptz', name: 'valid_until' },
    voidedAt: { type: 'timestamptz', name: 'voided_at', nullable: true },
  },
  indices: [{ name: 'gate_answer_by_time', columns: ['answeredAt', 'askId'] }],
})
