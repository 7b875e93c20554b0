import { createHash } from 'node:crypto'
import type { EntityManager } from 'typeorm'

/** Subjects read at once; a department of thousands with a million facts still streams. */
const SUBJECTS = 1_000

/**
 * The canonical text of a sheet, in pieces: the month, the parameters used, then subject by subject (in the order of their
 * ids) the score and its deductions (in the order of the facts). Lines end in a line feed. Nothing in it depends on the
 * order in which facts came, nor on the revision, the cut-off or a random id: the same facts give the same bytes.
 */
export async function* sheetLines(
  tx: EntityManager,
  sheetId: string,
  month: string,
): AsyncGenerator<string> {
  yield `month ${month}\n`
  const parameters: { line: string }[] = await tx.query(
    `select concat_ws(' ', 'parameter', unit_id, key, value, 'version', version) || E'\\n' as line
       from score_parameter where sheet_id = $1 order by unit_id, key collate "C"`,
    [sheetId],
  )
  yield parameters.map(({ line }) => line).join('')
  let after: string | null = null
  for (;;) {
    const blocks: { subjectId: string; text: string }[] = await tx.query(
      `select s.subject_id as "subjectId",
              concat_ws(' ', 'score', s.subject_kind, s.subject_id, 'unit', s.unit_id,
                'department', coalesce(s.department_id::text, '-'), 'staff', coalesce(s.staff::text, '-'),
                'measured', coalesce(s.measured_staff::text, '-'),
                'average', coalesce(s.staff_average::text, '-'), 'errors', s.errors,
                'entries', coalesce(s.entries::text, '-'),
                'accuracy', s.accuracy_deducted || '/' || s.accuracy_weight,
                'timeliness', s.timeliness_deducted || '/' || s.timeliness_weight,
                'cooperation', s.cooperation_deducted || '/' || s.cooperation_weight,
                'security', s.security_deducted || '/' || s.security_weight,
                'bonus', s.bonus, 'total', coalesce(s.total::text, '-'), coalesce(s.grade, 'not-measured')) || E'\\n'
              || coalesce((
                select string_agg(concat_ws(' ', 'deduction', d.fact_id, d.kind, d.indicator, d.rule_key, 'version',
                         d.parameter_version, 'points', d.points) || E'\\n', '' order by d.fact_id, d.kind collate "C")
                  from score_deduction d where d.sheet_id = s.sheet_id and d.subject_id = s.subject_id), '') as text
         from score s
        where s.sheet_id = $1 and ($2::uuid is null or s.subject_id > $2)
        order by s.subject_id limit ${String(SUBJECTS)}`,
      [sheetId, after],
    )
    if (blocks.length === 0) return
    yield blocks.map(({ text }) => text).join('')
    after = blocks.at(-1)?.subjectId ?? null
  }
}

/** SHA-256 of the lines, lower-case hex. */
export async function sheetDigest(
  tx: EntityManager,
  sheetId: string,
  month: string,
): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of sheetLines(tx, sheetId, month)) hash.update(piece)
  return hash.digest('hex')
}
