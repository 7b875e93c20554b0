import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { InspectionFindingRaised } from '@erp-steward/contracts/monitoring-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertVersion } from '@erp-steward/service-kit/commit'
import type { EntityManager } from 'typeorm'
import type { AlertLevel } from '../alerts/rules/alert-machine.ts'
import { fillRound, resolveLimits } from './fill-round.ts'
import {
  InspectionFindingEntity,
  InspectionItemEntity,
  lockWorkableRound,
  type InspectionItem,
  type InspectionRound,
  type ItemLimits,
} from './round.ts'
import { templateItem } from './rules/daily-template.ts'
import { entryFault, entryLevel, judgesItself, saysSomething, type Entry } from './rules/entry.ts'

export interface RecordItem {
  readonly roundId: string
  readonly code: string
  /** What was seen; `null` for a measured value. */
  readonly value: string | null
  /** `null`: as the limits or the chosen option say. */
  readonly verdict: 'normal' | 'abnormal' | null
  readonly note: string | null
  /** Of an abnormal item whose value does not tell. */
  readonly level: AlertLevel
  readonly severity: 'simple' | 'complex'
}

/** Of items that a later release dropped from the template. */
const WORDS: Entry = { type: 'text' }

/** What there is to judge an item by. */
interface Seen {
  readonly entry: Entry
  readonly limits: ItemLimits | null
  readonly value: string
  /** What the value itself says; `null`: good, or for a person to tell. */
  readonly level: AlertLevel | null
}

/**
 * Records a person's verdict on an item; an abnormal one with its note raises its finding, once.
 *
 * A value beyond its limit is never normal by one person's word: without a note it stays open, and `overruleItem` is for
 * a second person. Source.
 *
 * @throws Problem `inspection-not-found`, `inspection-not-open`, `inspection-signed`, `version-stale`,
 *   `inspection-note-required`, `inspection-value-required`, `inspection-value-unfit`, `inspection-measured` (also when
 *   what is measured now is of another level than what the caller read), `inspection-verdict`, `not-inspector` (no person
 *   behind the token)
 */
export async function recordItem(
  tx: EntityManager,
  command: RecordItem,
  expected: number,
  act: Act,
): Promise<InspectionItem> {
  const { roundId, code } = command
  const { personId } = act
  if (personId === null)
    throw new Problem(
      'not-inspector',
      said('A named person records an item.', '巡检项目须由指明的人员记录。'),
    )
  const round = await lockWorkableRound(tx, roundId, act.now)
  const read = await itemOf(tx, roundId, code)
  assertVersion(read.version, expected)
  // What was measured meanwhile is not typed in. It makes no stale version: what is refused undoes it, and the caller
  // would read the same version for ever.
  await fillRound(tx, round, act, [code])
  const item = await itemOf(tx, roundId, code)
  if (item.level !== read.level)
    throw new Problem(
      'inspection-measured',
      said(
        `${item.value ?? ''} was measured: fill the round.`,
        `测得 ${item.value ?? ''}：请填写巡检。`,
      ),
    )
  const finding = await tx.findOneBy(InspectionFindingEntity, { roundId, item: code })
  const seen = await see(tx, round, item, command.value, act)
  const verdict = command.verdict ?? verdictOf(seen)
  if (verdict === 'normal') assertMayBeNormal(item, seen, finding !== null)
  const note = command.note !== null && saysSomething(command.note) ? command.note : null
  if (command.verdict === 'abnormal' && note === null)
    throw new Problem('inspection-note-required', said('Say what was found.', '请说明发现的问题。'))
  const measured = item.origin === 'measured'
  const recorded: InspectionItem = {
    ...item,
    origin: measured ? 'measured' : 'entered',
    value: seen.value,
    verdict,
    level: verdict === 'normal' ? null : (seen.level ?? command.level),
    note,
    limits: seen.limits,
    valueAt: measured ? item.valueAt : act.now,
    recordedByPersonId: personId,
    recordedAt: act.now,
    overruledLevel: null,
    overruledByPersonId: null,
    overruledAt: null,
    overruleReason: null,
    version: item.version + 1,
  }
  await tx.update(InspectionItemEntity, { roundId, code }, recorded)
  if (recorded.level !== null && note !== null && finding === null)
    await raiseFinding(tx, round, recorded, recorded.level, personId, command.severity, act)
  return recorded
}

async function itemOf(tx: EntityManager, roundId: string, code: string): Promise<InspectionItem> {
  const item = await tx.findOneBy(InspectionItemEntity, { roundId, code })
  if (item === null)
    throw new Problem(
      'inspection-not-found',
      said(`The round has no item ${code}.`, `该次巡检没有项目 ${code}。`),
    )
  return item
}

async function see(
  tx: EntityManager,
  round: InspectionRound,
  item: InspectionItem,
  entered: string | null,
  act: Act,
): Promise<Seen> {
  const known = templateItem(item.code)
  const entry = known?.entry ?? WORDS
  if (item.origin === 'measured') {
    const value = item.value ?? ''
    if (entered !== null && entered.trim() !== value)
      throw new Problem('inspection-measured', said(`${value} was measured.`, `测得 ${value}。`))
    return { entry, limits: item.limits, value, level: item.level ?? item.overruledLevel }
  }
  const value = entered?.trim() ?? ''
  if (value === '')
    throw new Problem('inspection-value-required', said('Enter what was seen.', '请填写所见情况。'))
  const fault = entryFault(entry, value)
  if (fault !== null) throw new Problem('inspection-value-unfit', fault)
  const limits = known === undefined ? null : await resolveLimits(tx, known, round.unitId, act.now)
  return { entry, limits, value, level: entryLevel(entry, value, limits) }
}

function verdictOf({ entry, limits, level }: Seen): 'normal' | 'abnormal' {
  if (!judgesItself(entry, limits))
    throw new Problem(
      'inspection-verdict',
      said(
        'The value of this item does not tell: give a verdict.',
        '该项目的数值不足以判断：请给出结论。',
      ),
    )
  return level === null ? 'normal' : 'abnormal'
}

function assertMayBeNormal(item: InspectionItem, { value, level }: Seen, isFound: boolean): void {
  if (isFound)
    throw new Problem(
      'inspection-verdict',
      said('The finding on this item is on record.', '该项目的问题已记录在案。'),
    )
  if (level !== null)
    throw new Problem(
      'inspection-verdict',
      said(`${value} is beyond its limit (${level}).`, `${value} 超出限值（${level}）。`),
    )
  // A second thought about a typed value is a second person's: else the limit would be a matter of typing again.
  if (item.level !== null)
    throw new Problem(
      'inspection-verdict',
      said(
        `${item.value ?? ''} is on record, beyond its limit.`,
        `已记录 ${item.value ?? ''}，超出限值。`,
      ),
    )
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
