import { createHash } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { EntriesCounted } from '@erp-steward/contracts/assessment-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { addPeriod } from '@erp-steward/regulation/add-period'
import { beginFacts } from '../facts/fact-order.ts'
import { interestOf } from '../facts/interest.ts'
import { endOfMonth, startOfMonth } from '../months/rules/month.ts'
import { concernedBy, type Fault } from '../observations/report-faults.ts'
import { ScoreSheetEntity } from '../scores/score-sheet.ts'
import { EntryBatchEntity, type EntryBatch } from './entry-batch.ts'

/** How long after its end the entries of a month may still be counted: a quarter. Own choice. */
const COUNTED_WITHIN = 'P3M'

export interface CountEntries {
  readonly batchId: string
  readonly month: string
  readonly moduleCode: string | null
  readonly counts: readonly { readonly personId: string; readonly entries: number }[]
}

/**
 * Takes down how many entries people made in a month: the denominator of error rates. A later batch replaces the counts
 * of the same people, month and module; what it replaces stays on record. Sources.
 *
 * @throws Problem `entry-counts-refused` naming every faulty member, `batch-exists`, `same-person` for a client that is
 *   controlled by somebody who is counted, or of a unit that is
 */
export async function countEntries(
  tx: EntityManager,
  command: CountEntries,
  range: string | null,
  act: Act,
): Promise<EntryBatch> {
  await beginFacts(tx)
  const { batchId, month, moduleCode, counts } = command
  await assertCountable(tx, command, range, act)
  const batch: EntryBatch = {
    id: batchId,
    month,
    moduleCode,
    persons: counts.length,
    entries: String(counts.reduce((sum, { entries }) => sum + entries, 0)),
    countedAt: act.now,
    countedBy: act.actor,
    fingerprint: createHash('sha256')
      .update(JSON.stringify([month, moduleCode, counts.map((row) => [row.personId, row.entries])]))
      .digest('hex'),
    eventId: null,
  }
  // Batches of one month come one after the other, so that "the last one" is the one committed last.
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('entry-counts ' || $1, 0))`, [
    month,
  ])
  const known = await tx.findOneBy(EntryBatchEntity, { id: batchId })
  if (known !== null) {
    if (known.fingerprint === batch.fingerprint) return known
    throw new Problem(
      'batch-exists',
      said(`Batch ${batchId} was sent with other counts.`, `批次 ${batchId} 曾以其他数量发送过。`),
    )
  }
  if (act.personId === null) await assertOpen(tx, month)
  // A batch of another month with this id, sent at the same moment, is refused by the key.
  const inserted: unknown[] = await tx.query(
    `insert into entry_batch (id, month, module_code, persons, entries, counted_at, counted_by, fingerprint)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do nothing returning id`,
    [
      batchId,
      month,
      moduleCode,
      batch.persons,
      batch.entries,
      act.now,
      act.actor,
      batch.fingerprint,
    ],
  )
  if (inserted.length === 0)
    throw new Problem(
      'batch-exists',
      said(`Batch ${batchId} was sent with other counts.`, `批次 ${batchId} 曾以其他数量发送过。`),
    )
  await tx.query(
    `insert into entry_count (batch_id, person_id, month, module_code, entries, recorded_order)
     select $1, person_id, $2, $3, entries, nextval('fact_order')
       from unnest($4::uuid[], $5::integer[]) as count (person_id, entries)`,
    [
      batchId,
      month,
      moduleCode,
      counts.map(({ personId }) => personId),
      counts.map(({ entries }) => entries),
    ],
  )
  const eventId = await appendEvent(
    tx,
    'assessment',
    EntriesCounted,
    batchId,
    {
      batchId,
      month,
      moduleCode,
      persons: batch.persons,
      entries: Number(batch.entries),
      countedAt: act.now.toISOString(),
    },
    act,
  )
  await tx.update(EntryBatchEntity, { id: batchId }, { eventId })
  return { ...batch, eventId }
}

/**
 * Refuses a batch that cannot count as it is.
 *
 * @throws Problem `entry-counts-refused`, `same-person`
 */
export async function assertCountable(
  tx: EntityManager,
  command: CountEntries,
  range: string | null,
  act: Act,
): Promise<void> {
  const { errors, unitIds } = await countFaults(tx, command, range, act.now)
  if (errors.length > 0)
    throw new Problem(
      'entry-counts-refused',
      said(
        `${String(errors.length)} faults in the batch.`,
        `该批次中有 ${String(errors.length)} 处错误。`,
      ),
      {
        errors,
      },
    )
  const personIds = command.counts.map(({ personId }) => personId)
  const hasInterest = await interestOf(tx, act, personIds)
  // What a person counts waits for a second one anyway, who is not of these units.
  if (act.personId === null && hasInterest({ personIds, unitIds }))
    throw new Problem(
      'same-person',
      said(
        'Who controls the client is counted by it, or of a unit that is.',
        '控制该客户端的人员本人或其单位在被统计之列。',
      ),
    )
}

/** Once published, the counts of a month are changed by people alone, two of them. */
async function assertOpen(tx: EntityManager, month: string): Promise<void> {
  const isPublished = await tx.existsBy(ScoreSheetEntity, { month, state: 'published' })
  if (isPublished)
    throw new Problem(
      'entry-counts-refused',
      said('The scores of the month are published.', '该月份的得分已发布。'),
      {
        errors: [
          {
            pointer: '#/month',
            detail: said(
              'This is published: a person proposes what corrects it.',
              '该月已发布：更正须由人员提议。',
            ),
          },
        ],
      },
    )
}

async function countFaults(
  tx: EntityManager,
  { month, moduleCode, counts }: CountEntries,
  range: string | null,
  now: Date,
): Promise<{ errors: Fault[]; unitIds: readonly string[] }> {
  const faults: Fault[] = []
  const reports = counts.map(({ personId }) => ({ personId, departmentId: null, moduleCode }))
  const { unitOfPerson, modules } = await concernedBy(tx, reports)
  if (now < startOfMonth(month))
    faults.push({
      pointer: '#/month',
      detail: said('The month has not begun.', '该月份尚未开始。'),
    })
  if (addPeriod(endOfMonth(month), COUNTED_WITHIN) < now)
    faults.push({
      pointer: '#/month',
      detail: said('The month has been over for three months.', '该月份已结束三个月。'),
    })
  if (moduleCode !== null && !modules.has(moduleCode))
    faults.push({
      pointer: '#/moduleCode',
      detail: said(`There is no module ${moduleCode}.`, `没有模块 ${moduleCode}。`),
    })
  const seen = new Set<string>()
  for (const [index, { personId }] of counts.entries()) {
    const pointer = `#/counts/${String(index)}/personId`
    const unitId = unitOfPerson.get(personId)
    if (unitId === undefined || (range !== null && unitId !== range))
      faults.push({
        pointer,
        detail: said(
          'There is no person of this id in your range.',
          '您的范围内没有此编号的人员。',
        ),
      })
    else if (seen.has(personId))
      faults.push({
        pointer,
        detail: said('The person is in the batch twice.', '该人员在批次中出现两次。'),
      })
    seen.add(personId)
  }
  return { errors: faults, unitIds: [...new Set(unitOfPerson.values())] }
}
