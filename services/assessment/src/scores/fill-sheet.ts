import type { EntityManager } from 'typeorm'
import { ruleTable } from './rules/score-rules.ts'

/** What a sheet is computed from, besides its roster and parameters, which lie beside it. */
export interface Basis {
  readonly sheetId: string
  readonly month: string
  /** Facts up to this place count. */
  readonly cutOffOrder: string
}

/** The count in force of each person and module: the last one that was sent before the cut-off. */
const ENTRIES = `
  select person_id, sum(entries) as entries, (array_agg(batch_id order by batch_id))[1] as batch_id
    from (select distinct on (person_id, module_code) person_id, entries, batch_id
            from entry_count where month = $2 and recorded_order <= $3
           order by person_id, module_code, recorded_order desc) as last
   group by person_id`

/** Whose steps were finished, by the word of somebody else, before the cut-off. */
const STEPS = `
  select distinct coalesce(person_id, department_id, unit_id) as subject_id
    from time_node where month = $2 and completed_order <= $3`

/** Of whom somebody else than the own unit said something before the cut-off. */
const TOLD = `
  select distinct coalesce(person_id, department_id, unit_id) as subject_id
    from observation
   where month = $2 and recorded_order <= $3 and (voided_order is null or voided_order > $3) and not by_concerned`

/**
 * Computes deductions and scores of a sheet whose roster and parameters are there, in a handful of statements over all
 * facts: integers in thousandths of a point, so the order of the facts is of no account. Sources: A-6.1.1 to A-6.1.4,
 * defaults 2.11.
 */
export async function fillSheet(tx: EntityManager, basis: Basis): Promise<void> {
  // The rows are of this very transaction, so the planner knows nothing of them and would join them row by row.
  await tx.query('analyze score_roster, score_parameter')
  // Every statement goes over all facts: sorts and hashes in memory, and no look-up row by row, which the planner takes
  // for cheap because it expects few facts to meet a rule.
  await tx.query(`set local work_mem = '64MB'; set local enable_nestloop = off`)
  await deductFacts(tx, basis)
  await tx.query('analyze score_deduction')
  await deductRates(tx, basis)
  await scorePersons(tx, basis)
  await scoreStaff(tx, basis, 'department', 'department_id')
  await scoreStaff(tx, basis, 'unit', 'unit_id')
  await tx.query('set local work_mem to default; set local enable_nestloop to default')
}

/** In the order of the primary key, so that index and table grow at their ends and are read from front to back later. */
async function deductFacts(tx: EntityManager, { sheetId, month, cutOffOrder }: Basis) {
  await tx.query(
    `insert into score_deduction
       (sheet_id, subject_id, fact_id, kind, event_id, indicator, rule_key, parameter_version, points)
     select r.sheet_id, r.subject_id, o.id, o.kind, o.event_id, rule.indicator, rule.key, p.version,
            case when o.kind = 'improvement' then o.points else p.value end * 1000
       from observation o
       join score_roster r
         on r.sheet_id = $1 and r.subject_id = coalesce(o.person_id, o.department_id, o.unit_id)
       join unnest($4::text[], $5::text[], $6::text[], $7::text[]) as rule (kind, severity, indicator, key)
         on rule.kind = o.kind and rule.severity = coalesce(o.severity, '')
       join score_parameter p on p.sheet_id = $1 and p.unit_id = r.unit_id and p.key = rule.key
      where o.month = $2 and o.recorded_order <= $3 and (o.voided_order is null or o.voided_order > $3)
      order by r.subject_id, o.id, o.kind`,
    [
      sheetId,
      month,
      cutOffOrder,
      ruleTable.map(({ kind }) => kind),
      ruleTable.map(({ severity }) => severity),
      ruleTable.map(({ indicator }) => indicator),
      ruleTable.map(({ key }) => key),
    ],
  )
}

/** Multiplied out, so that a rate at the mark itself is told apart from one just above it. Source: A-6.1.1. */
async function deductRates(tx: EntityManager, { sheetId, month, cutOffOrder }: Basis) {
  await tx.query(
    `insert into score_deduction
       (sheet_id, subject_id, fact_id, kind, event_id, indicator, rule_key, parameter_version, points)
     select r.sheet_id, r.subject_id, entry.batch_id, 'error-rate', b.event_id, 'accuracy', p.key, p.version,
            p.value * 1000
       from (${ENTRIES}) as entry
       join (select subject_id, count(*) as errors from score_deduction
              where sheet_id = $1 and kind = 'data-error' group by subject_id) as error
         on error.subject_id = entry.person_id
       join score_roster r on r.sheet_id = $1 and r.subject_id = entry.person_id
       join entry_batch b on b.id = entry.batch_id
       join score_parameter high on high.sheet_id = $1 and high.unit_id = r.unit_id
        and high.key = 'assessment.error_rate.high'
       join score_parameter very_high on very_high.sheet_id = $1 and very_high.unit_id = r.unit_id
        and very_high.key = 'assessment.error_rate.very_high'
       join score_parameter p on p.sheet_id = $1 and p.unit_id = r.unit_id and p.key =
            case when error.errors * 100 > entry.entries * very_high.value
                 then 'assessment.deduction.error_rate_very_high'
                 when error.errors * 100 > entry.entries * high.value
                 then 'assessment.deduction.error_rate_high' end
      where entry.entries > 0`,
    [sheetId, month, cutOffOrder],
  )
}

const COLUMNS = `id, sheet_id, subject_kind, subject_id, unit_id, department_id, staff, staff_average, errors, entries,
  accuracy_weight, accuracy_deducted, timeliness_weight, timeliness_deducted, cooperation_weight,
  cooperation_deducted, security_weight, security_deducted, bonus, measured, measured_staff, total, grade`

/** The points deducted from each subject of a kind on the sheet, by indicator, in thousandths. */
const deducted = (kind: string) => `
  select subject_id,
         sum(points) filter (where indicator = 'accuracy') as accuracy,
         sum(points) filter (where indicator = 'timeliness') as timeliness,
         sum(points) filter (where indicator = 'cooperation') as cooperation,
         sum(points) filter (where indicator = 'security') as security,
         sum(points) filter (where indicator = 'bonus') as bonus,
         count(*) filter (where kind = 'data-error') as errors
    from score_deduction
   where sheet_id = $1
     and subject_id in (select subject_id from score_roster where sheet_id = $1 and subject_kind = ${kind})
   group by subject_id`

/** Weights, marks and the highest bonus of each unit, in thousandths. */
const MARKS = `
  select unit_id,
         max(value * 1000) filter (where key = 'assessment.weights.accuracy') as accuracy,
         max(value * 1000) filter (where key = 'assessment.weights.timeliness') as timeliness,
         max(value * 1000) filter (where key = 'assessment.weights.cooperation') as cooperation,
         max(value * 1000) filter (where key = 'assessment.weights.security') as security,
         max(value * 1000) filter (where key = 'assessment.bonus.maximum') as bonus,
         max(value * 1000) filter (where key = 'assessment.grades.excellent') as excellent,
         max(value * 1000) filter (where key = 'assessment.grades.good') as good,
         max(value * 1000) filter (where key = 'assessment.grades.pass') as pass
    from score_parameter where sheet_id = $1 group by unit_id`

/** The grade of `total` by the marks. A score at the mark has the grade. */
const GRADE = `case when sum.total >= mark.excellent then 'excellent' when sum.total >= mark.good then 'good'
  when sum.total >= mark.pass then 'pass' else 'fail' end`

/**
 * Silence is not excellence: of whom the month has no fact at all there is no total and no grade; nor of whom it has only
 * the word of the own unit, or a trifle told on purpose would make a month without measurement one of 99 points. Who made
 * no entries made no errors either, and is not measured by them. Source: A-6.1.1, A-6.1.2.
 */
async function scorePersons(tx: EntityManager, { sheetId, month, cutOffOrder }: Basis) {
  await tx.query(
    `insert into score (${COLUMNS})
     select gen_random_uuid(), $1, 'person', r.subject_id, r.unit_id, r.department_id, null, null,
            coalesce(d.errors, 0), entry.entries,
            mark.accuracy, coalesce(d.accuracy, 0), mark.timeliness, coalesce(d.timeliness, 0),
            mark.cooperation, coalesce(d.cooperation, 0), mark.security, coalesce(d.security, 0),
            least(coalesce(d.bonus, 0), mark.bonus), known.measured, null,
            case when known.measured then sum.total end, case when known.measured then ${GRADE} end
       from score_roster r
       join (${MARKS}) as mark on mark.unit_id = r.unit_id
       left join (${deducted(`'person'`)}) as d on d.subject_id = r.subject_id
       left join (${ENTRIES}) as entry on entry.person_id = r.subject_id
       left join (${STEPS}) as step on step.subject_id = r.subject_id
       left join (${TOLD}) as told on told.subject_id = r.subject_id
       cross join lateral (
         select coalesce(entry.entries, 0) > 0 or step.subject_id is not null
                  or (d.subject_id is not null and told.subject_id is not null) as measured) as known
       cross join lateral (select greatest(0, mark.accuracy - coalesce(d.accuracy, 0))
                                + greatest(0, mark.timeliness - coalesce(d.timeliness, 0))
                                + greatest(0, mark.cooperation - coalesce(d.cooperation, 0))
                                + greatest(0, mark.security - coalesce(d.security, 0))
                                + least(coalesce(d.bonus, 0), mark.bonus) as total) as sum
      where r.sheet_id = $1 and r.subject_kind = 'person'`,
    [sheetId, month, cutOffOrder],
  )
}

/**
 * Scores of what has staff: the average of the totals of those who were measured, half to even in thousandths, less what
 * is held against the department or unit itself (of each indicator at most its weight), plus its own bonus; 0 to full
 * points and bonus. Where nobody was measured the full points stand for the average, if there is a fact of the
 * department or unit itself; else it was not measured either. Source: defaults 2.11 (S24).
 */
async function scoreStaff(
  tx: EntityManager,
  { sheetId, month, cutOffOrder }: Basis,
  kind: 'department' | 'unit',
  member: 'department_id' | 'unit_id',
) {
  await tx.query(
    `insert into score (${COLUMNS})
     select gen_random_uuid(), $1, $4, r.subject_id, r.unit_id, r.department_id, coalesce(s.staff, 0),
            share.average, coalesce(s.errors, 0) + coalesce(d.errors, 0), s.entries,
            mark.accuracy, coalesce(d.accuracy, 0), mark.timeliness, coalesce(d.timeliness, 0),
            mark.cooperation, coalesce(d.cooperation, 0), mark.security, coalesce(d.security, 0),
            least(coalesce(d.bonus, 0), mark.bonus), known.measured, coalesce(s.measured, 0),
            case when known.measured then sum.total end, case when known.measured then ${GRADE} end
       from score_roster r
       join (${MARKS}) as mark on mark.unit_id = r.unit_id
       left join (${deducted('$4')}) as d on d.subject_id = r.subject_id
       left join (${STEPS}) as step on step.subject_id = r.subject_id
       left join (${TOLD}) as told on told.subject_id = r.subject_id
       left join (select ${member} as subject_id, count(*) as staff, count(*) filter (where measured) as measured,
                         sum(total) as total, sum(errors) as errors, sum(entries) as entries
                    from score where sheet_id = $1 and subject_kind = 'person' group by ${member}) as s
         on s.subject_id = r.subject_id
       cross join lateral (
         select coalesce(s.measured, 0) > 0 or step.subject_id is not null
                  or (d.subject_id is not null and told.subject_id is not null) as measured) as known
       -- Of nobody there is no total either, so nothing is divided by zero.
       cross join lateral (
         select div(s.total, s.measured) as whole, mod(s.total, s.measured) * 2 as twice) as part
       cross join lateral (
         select part.whole + case when part.twice > s.measured or (part.twice = s.measured and mod(part.whole, 2) = 1)
                                  then 1 else 0 end as average) as share
       cross join lateral (
         select coalesce(share.average, mark.accuracy + mark.timeliness + mark.cooperation + mark.security)
           as average) as base
       cross join lateral (
         select least(
           mark.accuracy + mark.timeliness + mark.cooperation + mark.security + mark.bonus,
           greatest(0, base.average
             - least(coalesce(d.accuracy, 0), mark.accuracy)
             - least(coalesce(d.timeliness, 0), mark.timeliness)
             - least(coalesce(d.cooperation, 0), mark.cooperation)
             - least(coalesce(d.security, 0), mark.security)
             + least(coalesce(d.bonus, 0), mark.bonus))) as total) as sum
      where r.sheet_id = $1 and r.subject_kind = $4`,
    [sheetId, month, cutOffOrder, kind],
  )
}
