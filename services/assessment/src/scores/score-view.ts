import { SubjectKind } from '@erp-steward/contracts/assessment-events'
import { InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { Type } from 'typebox'
import type { DeductionRow, ScoreRow } from './list-scores.ts'
import { points, ratePercent } from './rules/display.ts'
import { SheetView } from './score-sheet.ts'

/** A parameter as a sheet used it. */
export const UsedParameterView = Type.Object(
  {
    unitId: Uuid,
    key: Type.String(),
    value: Type.Number(),
    version: Type.Integer(),
    source: Type.Enum(['unit', 'company', 'shipped']),
  },
  { title: 'UsedParameter' },
)

/** A sheet with the parameters that it was computed by. */
export const SheetWithParameters = Type.Object(
  { ...SheetView.properties, parameters: Type.Array(UsedParameterView) },
  { title: 'ScoreSheetWithParameters' },
)

const Points = Type.Number({ description: 'Points, exact to a thousandth.' })

const GroupView = Type.Object(
  {
    weight: Points,
    deducted: Points,
    score: nullable(
      Type.Number({
        description: 'Weight less deductions, never below 0; `null` where staff is averaged.',
      }),
    ),
  },
  { title: 'ScoreGroup' },
)

/** A score on the wire. */
export const ScoreView = Type.Object(
  {
    id: Uuid,
    sheetId: Uuid,
    month: Type.String(),
    subjectKind: SubjectKind,
    subjectId: Uuid,
    subjectName: nullable(
      Type.String({ description: 'Of a unit or department; a person is told by the id only.' }),
    ),
    unitId: Uuid,
    departmentId: nullable(Uuid),
    measured: Type.Boolean({
      description:
        'Whether the month has any fact of the subject; without, there is no total and no grade.',
    }),
    total: nullable(Points),
    grade: nullable(Type.Enum(['excellent', 'good', 'pass', 'fail'])),
    groups: Type.Object({
      accuracy: GroupView,
      timeliness: GroupView,
      cooperation: GroupView,
      security: GroupView,
    }),
    bonus: Points,
    staff: nullable(Type.Integer({ description: 'People of the department or unit.' })),
    measuredStaff: nullable(Type.Integer({ description: 'People whose totals are averaged.' })),
    staffAverage: nullable(Points),
    errorRate: Type.Object({
      errors: Type.Integer(),
      entries: nullable(Type.Integer()),
      percent: nullable(Type.Number({ description: 'Two decimals, half to even.' })),
    }),
  },
  { title: 'Score' },
)

export function scoreView(row: ScoreRow) {
  const group = (weight: number, deducted: number) => ({
    weight: points(weight),
    deducted: points(deducted),
    score:
      row.subjectKind === 'person' && row.measured ? points(Math.max(0, weight - deducted)) : null,
  })
  const { errors, entries, staffAverage } = row
  return {
    ...row,
    total: row.total === null ? null : points(row.total),
    bonus: points(row.bonus),
    staffAverage: staffAverage === null ? null : points(staffAverage),
    groups: {
      accuracy: group(row.accuracyWeight, row.accuracyDeducted),
      timeliness: group(row.timelinessWeight, row.timelinessDeducted),
      cooperation: group(row.cooperationWeight, row.cooperationDeducted),
      security: group(row.securityWeight, row.securityDeducted),
    },
    errorRate: { errors, entries, percent: ratePercent(errors, entries) },
  }
}

/** What one fact cost, or in the group `bonus` earned, on the wire. */
export const DeductionView = Type.Object(
  {
    observationId: nullable(Uuid),
    batchId: nullable(
      Type.String({
        format: 'uuid',
        description: 'For an error rate: a batch of its denominator.',
      }),
    ),
    eventId: nullable(Uuid),
    kind: Type.String(),
    group: Type.Enum(['accuracy', 'timeliness', 'cooperation', 'security', 'bonus']),
    ruleKey: Type.String(),
    parameterVersion: Type.Integer(),
    points: Type.Number({ description: 'Points taken off, or in the group bonus added.' }),
    reference: nullable(Type.String()),
    description: nullable(Type.String()),
    occurredAt: nullable(InstantOut),
  },
  { title: 'Deduction' },
)

export function deductionView({ factId, group, ...row }: DeductionRow) {
  const isRate = row.kind === 'error-rate'
  return {
    ...row,
    observationId: isRate ? null : factId,
    batchId: isRate ? factId : null,
    group: group as 'accuracy' | 'timeliness' | 'cooperation' | 'security' | 'bonus',
    points: points(row.points),
  }
}
