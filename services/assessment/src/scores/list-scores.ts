import type { EntityManager } from 'typeorm'
import type { ScoreRange } from './score-range.ts'

/** A score as it lies in the table; points in thousandths. */
export interface ScoreRow {
  readonly id: string
  readonly sheetId: string
  readonly month: string
  readonly subjectKind: 'person' | 'department' | 'unit'
  readonly subjectId: string
  /** `null` for a person: no service but identity knows what people are called. */
  readonly subjectName: string | null
  readonly unitId: string
  readonly departmentId: string | null
  readonly staff: number | null
  readonly staffAverage: number | null
  readonly errors: number
  readonly entries: number | null
  readonly accuracyWeight: number
  readonly accuracyDeducted: number
  readonly timelinessWeight: number
  readonly timelinessDeducted: number
  readonly cooperationWeight: number
  readonly cooperationDeducted: number
  readonly securityWeight: number
  readonly securityDeducted: number
  readonly bonus: number
  /** Whether the month has one fact at all that speaks of the subject; without, there is no total and no grade. */
  readonly measured: boolean
  /** Of the staff of a department or unit, how many were measured. */
  readonly measuredStaff: number | null
  readonly total: number | null
  readonly grade: 'excellent' | 'good' | 'pass' | 'fail' | null
}

export interface ScoreFilter {
  readonly id?: string
  readonly sheetId?: string
  readonly subjectKind?: string
  readonly unitId?: string
  readonly range: ScoreRange
  /** Subject of the last row of the page before. */
  readonly afterId?: string | null
  readonly limit: number
}

// Points and counts stay far below 2^53, so a double holds them exactly.
const COLUMNS = `s.id, s.sheet_id as "sheetId", h.month, s.subject_kind as "subjectKind", s.subject_id as "subjectId",
  coalesce(d.name, u.name) as "subjectName", s.unit_id as "unitId", s.department_id as "departmentId",
  s.staff, s.staff_average::float8 as "staffAverage", s.errors::float8 as errors, s.entries::float8 as entries,
  s.accuracy_weight::float8 as "accuracyWeight", s.accuracy_deducted::float8 as "accuracyDeducted",
  s.timeliness_weight::float8 as "timelinessWeight", s.timeliness_deducted::float8 as "timelinessDeducted",
  s.cooperation_weight::float8 as "cooperationWeight", s.cooperation_deducted::float8 as "cooperationDeducted",
  s.security_weight::float8 as "securityWeight", s.security_deducted::float8 as "securityDeducted",
  s.bonus::float8 as bonus, s.measured, s.measured_staff as "measuredStaff", s.total::float8 as total, s.grade`

/** Scores in the caller's range, in the order of their subjects' ids. */
export async function listScores(tx: EntityManager, filter: ScoreFilter): Promise<ScoreRow[]> {
  const { id, sheetId, subjectKind, unitId, range, afterId, limit } = filter
  return tx.query(
    `select ${COLUMNS}
       from score s
       join score_sheet h on h.id = s.sheet_id
       left join department d on s.subject_kind = 'department' and d.id = s.subject_id
       left join unit u on s.subject_kind = 'unit' and u.id = s.subject_id
      where ($1::uuid is null or s.id = $1) and ($2::uuid is null or s.sheet_id = $2)
        and ($3::text is null or s.subject_kind = $3) and ($4::uuid is null or s.unit_id = $4)
        and ($5::uuid is null or s.unit_id = $5)
        and ($6::uuid is null or (s.subject_kind = 'person' and s.subject_id = $6
                                  and h.state in ('published', 'superseded')))
        and ($7::uuid is null or s.subject_id > $7)
      order by s.subject_id limit $8`,
    [
      id ?? null,
      sheetId ?? null,
      subjectKind ?? null,
      unitId ?? null,
      range.unitId,
      range.personId,
      afterId ?? null,
      limit,
    ],
  )
}

/** What a score lost or gained by one fact; points in thousandths. */
export interface DeductionRow {
  readonly factId: string
  readonly kind: string
  readonly eventId: string | null
  readonly group: string
  readonly ruleKey: string
  readonly parameterVersion: number
  readonly points: number
  /** Of the observation, so that whoever is scored knows what to object to; `null` for a rate. */
  readonly reference: string | null
  readonly description: string | null
  readonly occurredAt: Date | null
}

/** The deductions and bonuses of a subject on a sheet, in the order of the facts. */
export async function listDeductions(
  tx: EntityManager,
  { sheetId, subjectId }: Pick<ScoreRow, 'sheetId' | 'subjectId'>,
  [afterFact, afterKind]: readonly [string | null, string | null],
  limit: number,
): Promise<DeductionRow[]> {
  return tx.query(
    `select d.fact_id as "factId", d.kind, d.event_id as "eventId", d.indicator as group, d.rule_key as "ruleKey",
            d.parameter_version as "parameterVersion", d.points::float8 as points,
            o.reference, o.description, o.occurred_at as "occurredAt"
       from score_deduction d left join observation o on o.id = d.fact_id and o.kind = d.kind
      where d.sheet_id = $1 and d.subject_id = $2
        and ($3::uuid is null or (d.fact_id, d.kind collate "C") > ($3::uuid, $4::text collate "C"))
      order by d.fact_id, d.kind collate "C" limit $5`,
    [sheetId, subjectId, afterFact, afterKind, limit],
  )
}
