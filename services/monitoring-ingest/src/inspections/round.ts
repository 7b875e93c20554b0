import { AlertLevel } from '@erp-steward/contracts/monitoring-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import {
  about,
  Id,
  InstantOut,
  LocalDate,
  nullable,
  Uuid,
  Version,
} from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { dayInChina } from './rules/shanghai-day.ts'
import type { Suspicion } from './rules/suspicions.ts'

/** Who inspects a unit, and who does it when the inspector does not. Source. */
export const RosterView = Type.Object(
  {
    unitId: about(Uuid, 'The unit that is inspected.'),
    inspectorPersonId: nullable(Uuid, 'Null before somebody was named.'),
    deputyPersonId: nullable(
      Uuid,
      'Who inspects when the inspector does not; null: nobody is named.',
    ),
    uncoveredSince: nullable(
      InstantOut,
      'Since when nobody named is able to inspect the unit; null while somebody is.',
    ),
    version: Version,
  },
  { title: 'InspectionRoster' },
)

export const InspectionRosterEntity = entityOf(RosterView, {
  table: 'inspection_roster',
  derived: ['uncoveredSince'],
  kept: { inspectorPersonId: Uuid, setBy: Type.String(), setAt: InstantOut },
  key: ['unitId'],
})
export type InspectionRoster = RowOf<typeof InspectionRosterEntity>

/** A unit that nobody on its roster is able to inspect; the row ends with the condition. Source. */
export const InspectionGapEntity = entityOf(
  Type.Object({
    unitId: Uuid,
    reason: Type.Enum(['no-roster', 'nobody-able']),
    foundAt: InstantOut,
  }),
  {
    table: 'inspection_gap',
    key: ['unitId'],
    checks: [
      { name: 'inspection_gap_reason_check', expression: `reason in ('no-roster', 'nobody-able')` },
    ],
  },
)
export type InspectionGap = RowOf<typeof InspectionGapEntity>

export const RoundState = Type.Enum(['open', 'signed'], {
  title: 'InspectionRoundState',
  description: '`open`: items are recorded; `signed`: nothing changes any more.',
})

/** The daily inspection of one unit on one day in China. */
export const RoundView = Type.Object(
  {
    id: Id,
    unitId: about(Uuid, 'The unit that is inspected.'),
    date: about(LocalDate, 'The day in China that it is about.'),
    state: RoundState,
    inspectorPersonId: nullable(Uuid, 'Null while the unit has no roster; then nobody can sign.'),
    deputyPersonId: nullable(
      Uuid,
      'Who signs when the inspector does not in time; null: nobody is named.',
    ),
    dueAt: about(
      InstantOut,
      'Until when the inspector signs. Source: A-3.1.1, parameter `monitoring.inspection.daily_due`.',
    ),
    deputyDueAt: about(InstantOut, 'Until when the deputy signs in place of the inspector.'),
    generatedAt: about(InstantOut, 'When it was drawn up.'),
    overdueAt: nullable(
      InstantOut,
      'When it was noticed that nobody had signed in time; null otherwise.',
    ),
    handedOverAt: nullable(InstantOut, 'When it went to the deputy.'),
    signedByPersonId: nullable(Uuid, 'Who signed; null while it is open.'),
    signedAt: nullable(InstantOut, 'When it was signed; null while it is open.'),
    late: Type.Boolean({ description: 'Signed after its time, or over its time and not signed.' }),
    suspicions: Type.Array(Type.Enum<Suspicion[]>(['same-everywhere', 'same-as-before']), {
      description: 'Why the answers look copied; known once the round is signed.',
    }),
    version: Version,
  },
  { title: 'InspectionRound' },
)

export const InspectionRoundEntity = entityOf(RoundView, {
  table: 'inspection_round',
  derived: ['late'],
  kept: {
    /** Versions of the parameters behind the two due times. */
    dueVersion: Type.Integer(),
    deputyDueVersion: Type.Integer(),
  },
  columns: { suspicions: { default: '{}' } },
  uniques: [{ name: 'inspection_round_unit_key', columns: ['unitId', 'date'] }],
  indices: [{ name: 'inspection_round_open', columns: ['dueAt'], where: `state = 'open'` }],
  checks: [
    { name: 'inspection_round_state_check', expression: `state in ('open', 'signed')` },
    {
      name: 'inspection_round_signed_check',
      expression: `(state = 'signed') = (signed_by_person_id is not null and signed_at is not null)`,
    },
  ],
})
export type InspectionRound = RowOf<typeof InspectionRoundEntity>

/** The limits a measured value was held against, with the versions of the parameters that gave them. */
export interface ItemLimits {
  comparison: 'above' | 'below'
  warning: number | null
  critical: number | null
  warningVersion: number | null
  criticalVersion: number | null
}

export const Verdict = Type.Enum(['normal', 'abnormal'], {
  title: 'InspectionVerdict',
  description: 'What is said of an item; an `abnormal` one is a finding. Source: A-3.1.3.',
})

/** One item of a round. */
export const ItemView = Type.Object(
  {
    code: Type.String({ description: 'Its name in paths and findings, the same in every round.' }),
    title: Type.String({ description: 'What is inspected, in the language of the caller.' }),
    metric: nullable(Type.String(), 'The metric that fills it; null: it is entered by hand.'),
    type: Type.Enum(['number', 'choice', 'text'], { description: 'What is entered by hand.' }),
    unit: nullable(
      Type.Enum(['percent', 'hours', 'minutes', 'seconds', 'milliseconds', 'count', 'up']),
      'Of a number; `up` is 1 for running and 0 for not.',
    ),
    options: Type.Array(
      Type.Object({
        value: Type.String({ description: 'What is sent for it.' }),
        title: Type.String({ description: 'For people, in the language of the caller.' }),
        level: nullable(AlertLevel, 'Level of the finding that it is; null: it is none.'),
      }),
      { description: 'What may be chosen, each with the level of a finding that it is.' },
    ),
    limits: nullable(
      Type.Object({
        comparison: Type.Enum(['above', 'below'], {
          description: 'From the limit up or from the limit down is a finding.',
        }),
        warning: nullable(Type.Number(), 'Limit of a warning, in `unit`.'),
        critical: nullable(Type.Number(), 'Limit of the critical level, in `unit`.'),
      }),
      'What a measured value was held against.',
    ),
    origin: nullable(
      Type.Enum(['measured', 'entered']),
      '`measured`: the value comes from samples; `entered`: from a person; null while there is none.',
    ),
    value: nullable(Type.String(), 'What was measured or seen, as text; null while there is none.'),
    verdict: nullable(
      Verdict,
      'Null while there is none; every item needs one before the round is signed.',
    ),
    level: nullable(AlertLevel, 'Of an abnormal one.'),
    note: nullable(Type.String(), 'What the inspector adds; null for nothing.'),
    valueAt: nullable(
      InstantOut,
      'When it was measured, or entered; null while there is no value.',
    ),
    recordedByPersonId: nullable(
      Uuid,
      'Who recorded it; null where it was measured, or is still open.',
    ),
    recordedAt: nullable(InstantOut, 'When it was recorded; null while it is open.'),
    overruledLevel: nullable(
      AlertLevel,
      'The level that a second person said is no finding; null while nobody did, as the three after it.',
    ),
    overruledByPersonId: nullable(Uuid, 'The second person, who did not record it.'),
    overruledAt: nullable(InstantOut, 'When that was.'),
    overruleReason: nullable(Type.String(), 'Why it is no finding.'),
    version: Version,
  },
  { title: 'InspectionItem' },
)

export const InspectionItemEntity = entityOf(ItemView, {
  table: 'inspection_item',
  derived: ['title', 'metric', 'type', 'unit', 'options'],
  kept: {
    roundId: Uuid,
    limits: nullable(Type.Unsafe<ItemLimits>({})),
    /** Sources whose sample gave the value; `null` for one that was entered, or measured before this was noted. */
    sourceIds: nullable(Type.Array(Uuid)),
  },
  key: ['roundId', 'code'],
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
export type InspectionItem = RowOf<typeof InspectionItemEntity>

export const Severity = Type.Enum(['simple', 'complex'], {
  title: 'FindingSeverity',
  description: 'Whether it is solved at once or goes to superiors (A-3.1.4, A-3.1.5).',
})

/** An abnormal item, on record with what was found. Source. */
export const FindingView = Type.Object(
  {
    id: Id,
    item: Type.String({ description: 'Code of the item.' }),
    severity: Severity,
    level: AlertLevel,
    note: Type.String({ description: 'What was found, in the words of the inspector.' }),
    value: nullable(Type.String(), 'The value of the item then, as text; null if it had none.'),
    foundByPersonId: about(Uuid, 'The inspector who recorded it.'),
    foundAt: about(InstantOut, 'When it was recorded.'),
  },
  { title: 'InspectionFinding' },
)

export const InspectionFindingEntity = entityOf(FindingView, {
  table: 'inspection_finding',
  kept: { roundId: Uuid, unitId: Uuid },
  uniques: [{ name: 'inspection_finding_item_key', columns: ['roundId', 'item'] }],
})

/** @throws Problem `inspection-not-found` */
export async function roundById(tx: EntityManager, id: string): Promise<InspectionRound> {
  const round = await tx.findOneBy(InspectionRoundEntity, { id })
  if (round === null)
    throw new Problem('inspection-not-found', said(`There is no round ${id}.`, `没有巡检 ${id}。`))
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
  if (round === null)
    throw new Problem('inspection-not-found', said(`There is no round ${id}.`, `没有巡检 ${id}。`))
  if (round.state === 'signed')
    throw new Problem(
      'inspection-signed',
      said(`The round of ${round.date} is signed.`, `${round.date} 的巡检已签字。`),
    )
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
    throw new Problem(
      'inspection-not-open',
      said(`The round is about ${round.date}.`, `该次巡检针对 ${round.date}。`),
    )
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
