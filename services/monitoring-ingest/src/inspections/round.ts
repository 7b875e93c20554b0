import { Problem } from '@erp-steward/contracts/problem'
import { EntitySchema, type EntityManager } from 'typeorm'
import type { AlertLevel } from '../alerts/rules/alert-machine.ts'
import { dayInChina } from './rules/shanghai-day.ts'
import type { Suspicion } from './rules/suspicions.ts'

/** Who inspects a unit, and who does it when the inspector does not. Source. */
export interface InspectionRoster {
  unitId: string
  inspectorPersonId: string
  deputyPersonId: string | null
  setBy: string
  setAt: Date
  version: number
}

export const InspectionRosterEntity = new EntitySchema<InspectionRoster>({
  name: 'InspectionRoster',
  tableName: 'inspection_roster',
  columns: {
    unitId: {
      type: 'uuid',
      name: 'unit_id',
      primary: true,
      primaryKeyConstraintName: 'inspection_roster_pkey',
    },
    inspectorPersonId: { type: 'uuid', name: 'inspector_person_id' },
    deputyPersonId: { type: 'uuid', name: 'deputy_person_id', nullable: true },
    setBy: { type: 'text', name: 'set_by' },
    setAt: { type: 'timestamptz', name: 'set_at' },
    version: { type: 'integer' },
  },
})

/** A unit that nobody on its roster is able to inspect; the row ends with the condition. Source. */
export interface InspectionGap {
  unitId: string
  reason: 'no-roster' | 'nobody-able'
  foundAt: Date
}

export const InspectionGapEntity = new EntitySchema<InspectionGap>({
  name: 'InspectionGap',
  tableName: 'inspection_gap',
  columns: {
    unitId: {
      type: 'uuid',
      name: 'unit_id',
      primary: true,
      primaryKeyConstraintName: 'inspection_gap_pkey',
    },
    reason: { type: 'text' },
    foundAt: { type: 'timestamptz', name: 'found_at' },
  },
  checks: [
    { name: 'inspection_gap_reason_check', expression: `reason in ('no-roster', 'nobody-able')` },
  ],
})

/** The daily inspection of one unit on one day in China. */
export interface InspectionRound {
  id: string
  unitId: string
  /** `2026-11-22`. */
  date: string
  state: 'open' | 'signed'
  /** `null` while the unit has no roster; then nobody can sign. */
  inspectorPersonId: string | null
  deputyPersonId: string | null
  dueAt: Date
  deputyDueAt: Date
  /** Versions of the parameters behind the two. */
  dueVersion: number
  deputyDueVersion: number
  generatedAt: Date
  overdueAt: Date | null
  handedOverAt: Date | null
  signedByPersonId: string | null
  signedAt: Date | null
  /** What made the answers look copied when it was signed. */
  suspicions: Suspicion[]
  version: number
}

export const InspectionRoundEntity = new EntitySchema<InspectionRound>({
  name: 'InspectionRound',
  tableName: 'inspection_round',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'inspection_round_pkey' },
    unitId: { type: 'uuid', name: 'unit_id' },
    date: { type: 'date' },
    state: { type: 'text' },
    inspectorPersonId: { type: 'uuid', name: 'inspector_person_id', nullable: true },
    deputyPersonId: { type: 'uuid', name: 'deputy_person_id', nullable: true },
    dueAt: { type: 'timestamptz', name: 'due_at' },
    deputyDueAt: { type: 'timestamptz', name: 'deputy_due_at' },
    dueVersion: { type: 'integer', name: 'due_version' },
    deputyDueVersion: { type: 'integer', name: 'deputy_due_version' },
    generatedAt: { type: 'timestamptz', name: 'generated_at' },
    overdueAt: { type: 'timestamptz', name: 'overdue_at', nullable: true },
    handedOverAt: { type: 'timestamptz', name: 'handed_over_at', nullable: true },
    signedByPersonId: { type: 'uuid', name: 'signed_by_person_id', nullable: true },
    signedAt: { type: 'timestamptz', name: 'signed_at', nullable: true },
    suspicions: { type: 'text', array: true, default: '{}' },
    version: { type: 'integer' },
  },
  uniques: [{ name: 'inspection_round_unit_key', columns: ['unitId', 'date'] }],
  checks: [
    { name: 'inspection_round_state_check', expression: `state in ('open', 'signed')` },
    {
      name: 'inspection_round_signed_check',
      expression: `(state = 'signed') = (signed_by_person_id is not null and signed_at is not null)`,
    },
  ],
})

/** The limits a measured value was held against, with the versions of the parameters that gave them. */
export interface ItemLimits {
  comparison: 'above' | 'below'
  warning: number | null
  critical: number | null
  warningVersion: number | null
  criticalVersion: number | null
}

/** One item of a round. */
export interface InspectionItem {
  roundId: string
  code: string
  /** `measured`: the value comes from samples; `entered`: from a person; `null` while there is none. */
  origin: 'measured' | 'entered' | null
  value: string | null
  verdict: 'normal' | 'abnormal' | null
  level: AlertLevel | null
  note: string | null
  limits: ItemLimits | null
  valueAt: Date | null
  /** Sources whose sample gave the value; `null` for one that was entered, or measured before this was noted. */
  sourceIds: string[] | null
  recordedByPersonId: string | null
  recordedAt: Date | null
  /** The level that a second person said is no finding; `null` while nobody did, as the three after it. */
  overruledLevel: AlertLevel | null
  overruledByPersonId: string | null
  overruledAt: Date | null
  overruleReason: string | null
  version: number
}

export const InspectionItemEntity = new EntitySchema<InspectionItem>({
  name: 'InspectionItem',
  tableName: 'inspection_item',
  columns: {
    roundId: {
      type: 'uuid',
      name: 'round_id',
      primary: true,
      primaryKeyConstraintName: 'inspection_item_pkey',
    },
    code: { type: 'text', primary: true, primaryKeyConstraintName: 'inspection_item_pkey' },
    origin: { type: 'text', nullable: true },
    value: { type: 'text', nullable: true },
    verdict: { type: 'text', nullable: true },
    level: { type: 'text', nullable: true },
    note: { type: 'text', nullable: true },
    limits: { type: 'jsonb', nullable: true },
    valueAt: { type: 'timestamptz', name: 'value_at', nullable: true },
    sourceIds: { type: 'uuid', name: 'source_ids', array: true, nullable: true },
    recordedByPersonId: { type: 'uuid', name: 'recorded_by_person_id', nullable: true },
    recordedAt: { type: 'timestamptz', name: 'recorded_at', nullable: true },
    overruledLevel: { type: 'text', name: 'overruled_level', nullable: true },
    overruledByPersonId: { type: 'uuid', name: 'overruled_by_person_id', nullable: true },
    overruledAt: { type: 'timestamptz', name: 'overruled_at', nullable: true },
    overruleReason: { type: 'text', name: 'overrule_reason', nullable: true },
    version: { type: 'integer' },
  },
  checks: [
    { name: 'inspection_item_verdict_check', expression: `verdict in ('normal', 'abnormal')` },
    {
      name: 'inspection_item_level_check',
      expression: `(verdict is not distinct from 'abnormal') = (level is not null)`,
    },
    {
      name: 'inspection_item_overruled_check',
      expression: `overruled_by_person_id is distinct from recorded_by_person_id or overruled_by_person_id is null`,
    },
  ],
})

/** An abnormal item, on record with what was found. Source. */
export interface InspectionFinding {
  id: string
  roundId: string
  item: string
  unitId: string
  severity: 'simple' | 'complex'
  level: AlertLevel
  note: string
  value: string | null
  foundByPersonId: string
  foundAt: Date
}

export const InspectionFindingEntity = new EntitySchema<InspectionFinding>({
  name: 'InspectionFinding',
  tableName: 'inspection_finding',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'inspection_finding_pkey' },
    roundId: { type: 'uuid', name: 'round_id' },
    item: { type: 'text' },
    unitId: { type: 'uuid', name: 'unit_id' },
    severity: { type: 'text' },
    level: { type: 'text' },
    note: { type: 'text' },
    value: { type: 'text', nullable: true },
    foundByPersonId: { type: 'uuid', name: 'found_by_person_id' },
    foundAt: { type: 'timestamptz', name: 'found_at' },
  },
  uniques: [{ name: 'inspection_finding_item_key', columns: ['roundId', 'item'] }],
})

/** @throws Problem `inspection-not-found` */
export async function roundById(tx: EntityManager, id: string): Promise<InspectionRound> {
  const round = await tx.findOneBy(InspectionRoundEntity, { id })
  if (round === null) throw new Problem('inspection-not-found', `There is no round ${id}.`)
  return round
}

/**
 * The round, locked: whoever works on its items takes turns with who signs it.
 *
 * @throws Problem `inspection-not-found`, `inspection-signed`
 */
export async function lockOpenRound(tx: EntityManager, id: string): Promise<InspectionRound> {
  const round = await tx.findOne(InspectionRoundEntity, {
    where: { id },
    lock: { mode: 'pessimistic_write' },
  })
  if (round === null) throw new Problem('inspection-not-found', `There is no round ${id}.`)
  if (round.state === 'signed')
    throw new Problem('inspection-signed', `The round of ${round.date} is signed.`)
  return round
}

/**
 * As `lockOpenRound`, for work on the items: nobody has seen anything of a day that has not begun.
 *
 * @throws Problem `inspection-not-found`, `inspection-signed`, `inspection-not-open`
 */
export async function lockWorkableRound(
  tx: EntityManager,
  id: string,
  now: Date,
): Promise<InspectionRound> {
  const round = await lockOpenRound(tx, id)
  if (!hasBegun(round, now))
    throw new Problem('inspection-not-open', `The round is about ${round.date}.`)
  return round
}

/** Whether the day of the round has begun in China. */
export function hasBegun({ date }: Pick<InspectionRound, 'date'>, now: Date): boolean {
  return dayInChina(now) >= date
}

/** Whether the round was, or still is, not signed by its time. */
export function isLate({ signedAt, overdueAt, dueAt }: InspectionRound): boolean {
  return signedAt === null ? overdueAt !== null : signedAt > dueAt
}

/** What every event says of a round. */
export function factOf({ id, unitId, date }: InspectionRound) {
  return { roundId: id, unitId, date }
}
