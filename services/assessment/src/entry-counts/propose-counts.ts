import type { Act } from '@erp-steward/contracts/act'
import { Month } from '@erp-steward/contracts/assessment-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Code, nullable, Uuid } from '@erp-steward/contracts/values'
import { defineProposal, type Proposal } from '@erp-steward/service-kit/proposal'
import { propose } from '@erp-steward/service-kit/proposals'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { interestOf } from '../facts/interest.ts'
import { concernedBy } from '../observations/report-faults.ts'
import { assertCountable, countEntries, type CountEntries } from './count-entries.ts'

/** What a batch carries. */
export const Counts = {
  batchId: about(Uuid, 'Chosen by the caller, so that a batch sent twice counts once.'),
  month: Month,
  moduleCode: nullable(Code, 'The module of the entries; null: not told apart by module.'),
  counts: Type.Array(
    Type.Object(
      {
        personId: about(Uuid, 'Who made the entries.'),
        entries: Type.Integer({
          minimum: 0,
          maximum: 1_000_000_000,
          description: 'How many were made in the month.',
        }),
      },
      { additionalProperties: false },
    ),
    { minItems: 1, maxItems: 5_000, description: 'A person at most once.' },
  ),
}

/** Entry counts by hand: the denominator by which people are judged. Source. */
export const countingEntries = defineProposal({
  kind: 'entry-counts.set',
  problems: ['batch-exists', 'concerned', 'entry-counts-refused', 'same-person'],
  title: { 'zh-CN': '人工登记录入量', en: 'Entry counts set by hand' },
  body: Type.Object(Counts),
  decide: 'entry-count.record',
  subject: ({ batchId }) => batchId,
  async concerns(tx, { counts }) {
    const reports = counts.map(({ personId }) => ({
      personId,
      departmentId: null,
      moduleCode: null,
    }))
    const { unitOfPerson } = await concernedBy(tx, reports)
    return {
      personIds: counts.map(({ personId }) => personId),
      unitIds: [...new Set(unitOfPerson.values())],
    }
  },
  async apply(tx, body, act) {
    await assertNoInterest(tx, body, act)
    await countEntries(tx, body, null, act)
  },
})

/**
 * Also of a unit that somebody counted moved away from: the count is of a month that may have begun there.
 *
 * @throws Problem `concerned`
 */
async function assertNoInterest(
  tx: EntityManager,
  { counts }: Pick<CountEntries, 'counts'>,
  act: Act,
) {
  const personIds = counts.map(({ personId }) => personId)
  const hasInterest = await interestOf(tx, act, personIds)
  if (hasInterest({ personIds, unitIds: [] }))
    throw new Problem(
      'concerned',
      said(
        'You are of a unit that somebody counted is or lately was of.',
        '您所在的单位是被统计人员现在或近期所属的单位。',
      ),
    )
}

/**
 * Counts by a person wait for a second one who is not of the units counted.
 *
 * @throws Problem `entry-counts-refused`, `proposal-pending`
 */
export async function proposeCounts(
  tx: EntityManager,
  body: CountEntries,
  reason: string,
  range: string | null,
  act: Act,
): Promise<Proposal> {
  await assertCountable(tx, body, range, act)
  return propose(
    tx,
    'assessment',
    countingEntries,
    { body: { ...body, counts: [...body.counts] }, reason },
    act,
  )
}
