import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { ScoresComputed } from '@erp-steward/contracts/assessment-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { resolveParameter, type ParameterVersion } from '@erp-steward/regulation/resolve'
import { Not, type EntityManager } from 'typeorm'
import { closeFacts } from '../facts/fact-order.ts'
import { endOfMonth, startOfMonth } from '../months/rules/month.ts'
import { fillSheet, type Basis } from './fill-sheet.ts'
import { FULL, sheetKeys, weightKeys } from './rules/score-rules.ts'
import { ScoreSheetEntity, type ScoreSheet } from './score-sheet.ts'
import { sheetDigest } from './sheet-lines.ts'

/** What a sheet comes to, and from how many facts. */
interface Counts {
  readonly revision: number
  readonly subjects: number
  readonly deductions: number
  readonly measured: number
  /** People whose entries were counted. */
  readonly measuredAccuracy: number
  /** Steps that were finished, or missed. */
  readonly measuredTimeliness: number
}

/**
 * Computes the next revision of a month from the facts recorded up to now; while the month runs, a preview. The rules
 * are the parameters in force at the end of the month, or now in a preview. Sources: B-5.6, A-6.1.1 to.
 *
 * @throws Problem `month-refused`, `weights-refused`
 */
export async function computeSheet(
  tx: EntityManager,
  month: string,
  act: Act,
): Promise<ScoreSheet> {
  if (act.now < startOfMonth(month))
    throw new Problem(
      'month-refused',
      said(`${month} has not begun in China.`, `按中国时间，${month} 尚未开始。`),
    )
  const isOver = act.now >= endOfMonth(month)
  const basis: Basis = { sheetId: randomUUID(), month, cutOffOrder: await closeFacts(tx) }
  await writeRoster(tx, basis)
  const lastMoment = new Date(endOfMonth(month).getTime() - 1)
  await writeParameters(tx, basis.sheetId, isOver ? lastMoment : act.now)
  await fillSheet(tx, basis)
  const [{ measuredAccuracy, measuredTimeliness, ...counts }]: [Counts] = await tx.query(
    `select (select coalesce(max(revision), 0) + 1 from score_sheet where month = $2) as revision,
            (select count(*)::integer from score where sheet_id = $1) as subjects,
            (select count(*)::integer from score_deduction where sheet_id = $1) as deductions,
            (select count(*)::integer from score
              where sheet_id = $1 and subject_kind = 'person' and measured) as measured,
            (select count(*)::integer from score
              where sheet_id = $1 and subject_kind = 'person' and entries > 0) as "measuredAccuracy",
            (select count(*)::integer from time_node where month = $2 and completed_order <= $3)
              + (select count(*)::integer from score_deduction where sheet_id = $1 and kind = 'delay')
              as "measuredTimeliness"`,
    [basis.sheetId, month, basis.cutOffOrder],
  )
  const sheet: ScoreSheet = {
    id: basis.sheetId,
    month,
    ...counts,
    state: isOver ? 'computed' : 'preview',
    cutOffAt: act.now,
    cutOffOrder: basis.cutOffOrder,
    computedAt: act.now,
    computedBy: act.actor,
    computedByPersonId: act.personId,
    computedByControllers: act.controllers,
    digest: await sheetDigest(tx, basis.sheetId, month),
    publishedAt: null,
    appealsUntil: null,
    version: 1,
  }
  await tx.insert(ScoreSheetEntity, sheet)
  // A preview judges nobody: it is no fact for the ledger, and no evidence that the month was assessed.
  if (isOver) await announce(tx, sheet, { measuredAccuracy, measuredTimeliness }, act)
  return sheet
}

async function announce(
  tx: EntityManager,
  sheet: ScoreSheet,
  indicators: Pick<Counts, 'measuredAccuracy' | 'measuredTimeliness'>,
  act: Act,
) {
  const { id: sheetId, month, revision, digest, subjects, deductions, measured } = sheet
  const at = act.now.toISOString()
  const data = {
    sheetId,
    month,
    revision,
    digest,
    subjects,
    deductions,
    measured,
    ...indicators,
    cutOffAt: at,
    computedAt: at,
  }
  await appendEvent(tx, 'assessment', ScoresComputed, sheetId, data, act)
}

/**
 * Who is scored, and in which department and unit. The first computation after a month freezes it: a later revision has
 * the same people in the same places, besides those of whom facts came to light since.
 */
async function writeRoster(tx: EntityManager, { sheetId, month, cutOffOrder }: Basis) {
  const frozen = await tx.findOne(ScoreSheetEntity, {
    where: { month, state: Not('preview') },
    order: { revision: 'desc' },
  })
  await tx.query(
    `insert into score_roster (sheet_id, subject_id, subject_kind, unit_id, department_id)
     select $1, subject_id, subject_kind, unit_id, department_id from score_roster where sheet_id = $2`,
    [sheetId, frozen?.id ?? null],
  )
  const insert = `insert into score_roster (sheet_id, subject_id, subject_kind, unit_id, department_id)`
  const facts = `from observation where month = $2 and recorded_order <= $3`
  await tx.query(
    `${insert}
     select $1, id, 'person', unit_id, department_id from person
      where ($4 and active)
         or id in (select person_id ${facts})
         or id in (select person_id from entry_count where month = $2 and recorded_order <= $3)
     on conflict do nothing`,
    [sheetId, month, cutOffOrder, frozen === null],
  )
  await tx.query(
    `${insert}
     select $1, id, 'department', unit_id, id from department
      where id in (select department_id from score_roster where sheet_id = $1)
         or id in (select department_id ${facts} and person_id is null)
     on conflict do nothing`,
    [sheetId, month, cutOffOrder],
  )
  await tx.query(
    `${insert}
     select distinct $1::uuid, unit_id, 'unit', unit_id, null::uuid from (
       select unit_id from score_roster where sheet_id = $1
       union all select unit_id ${facts} and person_id is null and department_id is null) as met
     on conflict do nothing`,
    [sheetId, month, cutOffOrder],
  )
}

/** Writes down, for each unit of the roster, the values that count. */
async function writeParameters(tx: EntityManager, sheetId: string, at: Date) {
  const units: { id: string; name: string }[] = await tx.query(
    `select r.subject_id as id, coalesce(u.name, r.subject_id::text) as name
       from score_roster r left join unit u on u.id = r.subject_id
      where r.sheet_id = $1 and r.subject_kind = 'unit'`,
    [sheetId],
  )
  const versions: ParameterVersion[] = await tx.query(
    `select key, unit_id as "unitId", version, value, valid_from as "validFrom" from parameter_version
      where key = any($1) and valid_from <= $2`,
    [sheetKeys, at],
  )
  const rows = units.flatMap(({ id, name }) => {
    const resolved = sheetKeys.map((key) => ({
      unitId: id,
      key,
      ...resolveParameter(versions, key, id, at),
    }))
    const sum = resolved
      .filter(({ key }) => weightKeys.some((weight) => weight === key))
      .reduce((points, { value }) => points + value, 0)
    if (sum !== FULL)
      throw new Problem(
        'weights-refused',
        said(
          `The weights of ${name} add up to ${String(sum)}.`,
          `${name} 的权重合计为 ${String(sum)}。`,
        ),
        {
          unitId: id,
          sum,
        },
      )
    return resolved
  })
  await tx.query(
    `insert into score_parameter (sheet_id, unit_id, key, value, version, source)
     select $1, unit_id, key, value::numeric, version, source
       from unnest($2::uuid[], $3::text[], $4::text[], $5::integer[], $6::text[])
         as used (unit_id, key, value, version, source)`,
    [
      sheetId,
      rows.map(({ unitId }) => unitId),
      rows.map(({ key }) => key),
      rows.map(({ value }) => String(value)),
      rows.map(({ version }) => version),
      rows.map(({ source }) => source),
    ],
  )
}
