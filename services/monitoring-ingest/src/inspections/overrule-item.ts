import type { Act } from '@erp-steward/contracts/act'
import { InspectionItemOverruled } from '@erp-steward/contracts/monitoring-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertAnotherPerson } from '@erp-steward/service-kit/another-person'
import { assertVersion } from '@erp-steward/service-kit/commit'
import type { EntityManager } from 'typeorm'
import { isAbleToInspect } from './able-inspector.ts'
import {
  factOf,
  InspectionFindingEntity,
  InspectionItemEntity,
  lockWorkableRound,
  type InspectionItem,
} from './round.ts'
import { saysSomething } from './rules/entry.ts'

export interface OverruleItem {
  readonly roundId: string
  readonly code: string
  /** Why the value beyond its limit is no finding. */
  readonly reason: string
}

/**
 * A second person says why a value beyond its limit is no finding: not the one who entered it, and then not the one who
 * signs. Source.
 *
 * @throws Problem `inspection-not-found`, `inspection-not-open`, `inspection-signed`, `version-stale`, `not-inspector`,
 *   `inspector-unable`, `same-person`, `inspection-note-required`, `inspection-verdict` (nothing to overrule, or the
 *   finding is on record)
 */
export async function overruleItem(
  tx: EntityManager,
  { roundId, code, reason }: OverruleItem,
  expected: number,
  act: Act,
): Promise<InspectionItem> {
  const { personId } = act
  if (personId === null)
    throw new Problem(
      'not-inspector',
      said('A named person overrules a value.', '数值须由指明的人员改判。'),
    )
  const round = await lockWorkableRound(tx, roundId, act.now)
  const item = await tx.findOneBy(InspectionItemEntity, { roundId, code })
  if (item === null)
    throw new Problem(
      'inspection-not-found',
      said(`The round has no item ${code}.`, `该次巡检没有项目 ${code}。`),
    )
  assertVersion(item.version, expected)
  const { level, value, recordedByPersonId } = item
  if (level === null)
    throw new Problem('inspection-verdict', said('There is nothing to overrule.', '无可改判。'))
  if (await tx.existsBy(InspectionFindingEntity, { roundId, item: code }))
    throw new Problem(
      'inspection-verdict',
      said('The finding on this item is on record.', '该项目的问题已记录在案。'),
    )
  if (!saysSomething(reason))
    throw new Problem(
      'inspection-note-required',
      said('Say why the value is no finding.', '请说明该数值为何不算问题。'),
    )
  assertAnotherPerson(
    act,
    [recordedByPersonId],
    said('Somebody else entered it.', '须由录入人以外的人员办理。'),
  )
  if (!(await isAbleToInspect(tx, personId, round.unitId)))
    throw new Problem(
      'inspector-unable',
      said(
        'Your account or your roles do not inspect this unit.',
        '您的账号或角色不负责巡检该单位。',
      ),
    )
  const overruled: InspectionItem = {
    ...item,
    verdict: 'normal',
    level: null,
    overruledLevel: level,
    overruledByPersonId: personId,
    overruledAt: act.now,
    overruleReason: reason,
    version: expected + 1,
  }
  await tx.update(InspectionItemEntity, { roundId, code }, overruled)
  await appendEvent(
    tx,
    'monitoring-ingest',
    InspectionItemOverruled,
    roundId,
    {
      ...factOf(round),
      item: code,
      level,
      value,
      reason,
      recordedByPersonId,
      overruledByPersonId: personId,
      overruledAt: act.now.toISOString(),
    },
    act,
  )
  return overruled
}
