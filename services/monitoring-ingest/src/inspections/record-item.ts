import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { InspectionFindingRaised } from '@erp-steward/contracts/monitoring-events'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertVersion } from '@erp-steward/service-kit/commit'
import type { EntityManager } from 'typeorm'
import type { AlertLevel } from '../alerts/rules/alert-machine.ts'
import {
  InspectionFindingEntity,
  InspectionItemEntity,
  lockOpenRound,
  type InspectionItem,
  type InspectionRound,
} from './round.ts'

export interface RecordItem {
  readonly roundId: string
  readonly code: string
  /** What was seen; a measured value stands as it is. */
  readonly value: string | null
  readonly verdict: 'normal' | 'abnormal'
  readonly note: string | null
  /** Of an abnormal item; a measured level stands as it is. */
  readonly level: AlertLevel
  readonly severity: 'simple' | 'complex'
}

/**
 * Records a person's verdict on an item; an abnormal one raises its finding, once. Source.
 *
 * @throws Problem `inspection-not-found`, `inspection-signed`, `version-stale`, `inspection-note-required`,
 *   `inspection-value-required`, `inspection-verdict`, `not-inspector` (no person behind the token)
 */
export async function recordItem(
  tx: EntityManager,
  command: RecordItem,
  expected: number,
  act: Act,
): Promise<InspectionItem> {
  const { roundId, code, verdict, note } = command
  const { personId } = act
  if (personId === null) throw new Problem('not-inspector', 'A named person records an item.')
  const round = await lockOpenRound(tx, roundId)
  const item = await tx.findOneBy(InspectionItemEntity, { roundId, code })
  if (item === null) throw new Problem('inspection-not-found', `The round has no item ${code}.`)
  assertVersion(item.version, expected)
  const finding = await tx.findOneBy(InspectionFindingEntity, { roundId, item: code })
  const measured = item.origin === 'measured'
  if (verdict === 'normal' && finding !== null)
    throw new Problem('inspection-verdict', 'The finding on this item is on record.')
  if (verdict === 'normal' && measured && item.verdict === 'abnormal')
    throw new Problem('inspection-verdict', `The measured value ${item.value ?? ''} is abnormal.`)
  if (verdict === 'abnormal' && note === null)
    throw new Problem('inspection-note-required', 'Say what was found.')
  if (!measured && command.value === null)
    throw new Problem('inspection-value-required', 'Enter what was seen.')
  const recorded: InspectionItem = {
    ...item,
    origin: measured ? 'measured' : 'entered',
    value: measured ? item.value : command.value,
    verdict,
    level: verdict === 'normal' ? null : measured ? (item.level ?? command.level) : command.level,
    note,
    valueAt: measured ? item.valueAt : act.now,
    recordedByPersonId: personId,
    recordedAt: act.now,
    version: expected + 1,
  }
  await tx.update(InspectionItemEntity, { roundId, code }, recorded)
  if (recorded.level !== null && finding === null)
    await raiseFinding(tx, round, recorded, recorded.level, personId, command.severity, act)
  return recorded
}

async function raiseFinding(
  tx: EntityManager,
  { id: roundId, unitId }: InspectionRound,
  { code, note, value }: InspectionItem,
  level: AlertLevel,
  foundByPersonId: string,
  severity: 'simple' | 'complex',
  act: Act,
): Promise<void> {
  const id = randomUUID()
  const finding = { roundId, unitId, item: code, severity, level, note: note ?? '', value }
  await tx.insert(InspectionFindingEntity, { ...finding, id, foundByPersonId, foundAt: act.now })
  await appendEvent(
    tx,
    'monitoring-ingest',
    InspectionFindingRaised,
    roundId,
    { ...finding, findingId: id, foundAt: act.now.toISOString() },
    act,
  )
}
