import { Month, SubjectKind } from '@erp-steward/contracts/assessment-events'
import { about, Id, InstantOut, nullable, UnitId, Uuid } from '@erp-steward/contracts/values'
import { Type } from 'typebox'
import type { DeductionRow, ScoreRow } from './list-scores.ts'
import { points, ratePercent } from './rules/display.ts'
import { SheetView } from './score-sheet.ts'

/** A parameter as a sheet used it. */
export const UsedParameterView = Type.Object(
  {
    unitId: about(Uuid, 'The unit whose scores used it.'),
    key: Type.String({ description: 'Key of the parameter.' }),
    value: Type.Number({ description: 'Its value then.' }),
    version: Type.Integer({ description: 'Its version then; 0: as shipped.' }),
    source: Type.Enum(['unit', 'company', 'shipped'], { description: 'Whose value it was.' }),
  },
  { title: 'UsedParameter' },
)

/** A sheet with the parameters that it was computed by. */
export const SheetWithParameters = Type.Object(
  {
    ...SheetView.properties,
    parameters: Type.Array(UsedParameterView, {
      description: 'What it was computed by, by unit and key.',
    }),
  },
  { title: 'ScoreSheetWithParameters' },
)

const Points = Type.Number({ description: 'Points, exact to a thousandth.' })

const GroupView = Type.Object(
  {
    weight: about(Points, 'Points of the group, exact to a thousandth.'),
    deducted: about(Points, 'Points taken off, exact to a thousandth.'),
    score: nullable(
      Type.Number(),
      'Weight less deductions, never below 0; null where staff is averaged.',
    ),
  },
  {
    title: 'ScoreGroup',
    description: 'One of the four indicators. Sources: A-6.1.1 to A-6.1.4.',
  },
)

/** A score on the wire. */
export const ScoreView = Type.Object(
  {
    id: Id,
    sheetId: about(Uuid, 'The sheet that it stands on.'),
    month: Month,
    subjectKind: SubjectKind,
    subjectId: about(Uuid, 'Id of the person, department or unit.'),
    subjectName: nullable(
      Type.String(),
      'Of a unit or department; null for a person, who is told by the id only.',
    ),
    unitId: UnitId,
    departmentId: nullable(
      Uuid,
      'The department of a person, or the department itself; null: none.',
    ),
    measured: Type.Boolean({
      description:
        'Whether the month has any fact of the subject; without, there is no total and no grade.',
    }),
    total: nullable(Points, 'Points, exact to a thousandth; null without any fact.'),
    grade: nullable(
      Type.Enum(['excellent', 'good', 'pass', 'fail']),
      'By the limits of the parameters; null without a total.',
    ),
    groups: Type.Object(
      {
        accuracy: GroupView,
        timeliness: GroupView,
        cooperation: GroupView,
        security: GroupView,
      },
      { description: 'The indicators, whose weights make a hundred.' },
    ),
    bonus: about(Points, 'Points added for improvements, exact to a thousandth.'),
    staff: nullable(Type.Integer(), 'People of the department or unit; null for a person.'),
    measuredStaff: nullable(Type.Integer(), 'People whose totals are averaged; null for a person.'),
    staffAverage: nullable(
      Points,
      'Average of their totals, exact to a thousandth; null for a person, and where nobody is measured.',
    ),
    errorRate: Type.Object(
      {
        errors: Type.Integer({ description: 'Data errors of the month.' }),
        entries: nullable(Type.Integer(), 'Entries of the month; null: nobody counted them.'),
        percent: nullable(
          Type.Number(),
          'Errors by entries, two decimals, half to even; null without entries.',
        ),
      },
      { description: 'Data errors against entries. Source: A-6.1.1.' },
    ),
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
    observationId: nullable(Uuid, 'The fact; null for an error rate.'),
    batchId: nullable(Uuid, 'For an error rate: a batch of its denominator; null for a fact.'),
    eventId: nullable(Uuid, 'The event that stated the fact.'),
    kind: Type.String({ description: 'Kind of the observation, or `error-rate`.' }),
    group: Type.Enum(['accuracy', 'timeliness', 'cooperation', 'security', 'bonus'], {
      description: 'Where the points are taken off, or in `bonus` added.',
    }),
    ruleKey: Type.String({ description: 'Key of the parameter that says how many.' }),
    parameterVersion: Type.Integer({ description: 'Its version then; 0: as shipped.' }),
    points: Type.Number({ description: 'Points taken off, or in the group bonus added.' }),
    reference: nullable(
      Type.String(),
      'The document or case of the fact; null where there is none.',
    ),
    description: nullable(Type.String(), 'What was seen; null where there is no text.'),
    occurredAt: nullable(InstantOut, 'When it happened; null for an error rate.'),
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
