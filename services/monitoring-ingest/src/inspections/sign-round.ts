import type { Act } from '@erp-steward/contracts/act'
import { InspectionDone, InspectionSuspicious } from '@erp-steward/contracts/monitoring-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertAnotherPerson } from '@erp-steward/service-kit/another-person'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { In, type EntityManager } from 'typeorm'
import { SourceEntity } from '../sources/source.ts'
import { isAbleToInspect } from './able-inspector.ts'
import { copiedAnswers } from './copied-answers.ts'
import { fillRound } from './fill-round.ts'
import {
  factOf,
  InspectionItemEntity,
  InspectionRoundEntity,
  lockWorkableRound,
  type InspectionItem,
  type InspectionRound,
} from './round.ts'
import { dayInChina } from './rules/shanghai-day.ts'

/**
 * The inspector signs, or the deputy once the round is the deputy's: every item has its verdict, every abnormal one its
 * note, and whoever overruled a value, or is behind a source that measured one, does not sign. Measured items are filled
 * once more, so nobody signs the values of midnight. Answers that look copied are signed all the same, and stated.
 * Source.
 *
 * @throws Problem `inspection-not-found`, `inspection-not-open`, `inspection-signed`, `version-stale`, `not-inspector`,
 *   `inspector-unable`, `same-person`, `inspection-incomplete` with the codes of the items
 */
export async function signRound(
  tx: EntityManager,
  roundId: string,
  expected: number,
  act: Act,
): Promise<InspectionRound> {
  const round = await lockWorkableRound(tx, roundId, act.now)
  assertVersion(round.version, expected)
  const personId = await assertInTurn(tx, round, act)
  await fillRound(tx, round, act)
  const items = await tx.findBy(InspectionItemEntity, { roundId })
  const incomplete = items
    .filter(({ verdict, note }) => verdict === null || (verdict === 'abnormal' && note === null))
    .map(({ code }) => code)
    .sort()
  if (incomplete.length > 0)
    throw new Problem(
      'inspection-incomplete',
      said(
        `${String(incomplete.length)} items are not complete.`,
        `有 ${String(incomplete.length)} 个项目未完成。`,
      ),
      { items: incomplete },
    )
  assertAnotherPerson(
    act,
    items.map((item) => item.overruledByPersonId),
    said(
      'Whoever overruled a value of the round does not sign it.',
      '推翻过本巡检单数值的人不得签字。',
    ),
  )
  assertAnotherPerson(
    act,
    await handsBehind(tx, items),
    said(
      'Whoever registered a source that filled the round, or was handed its token, does not sign it.',
      '登记过填充本巡检单的采集源或领取过其令牌的人不得签字。',
    ),
  )
  const suspicions = [...(await copiedAnswers(tx, round, items, act))]
  const signed = {
    state: 'signed' as const,
    signedByPersonId: personId,
    signedAt: act.now,
    suspicions,
    version: expected + 1,
  }
  await tx.update(InspectionRoundEntity, { id: roundId }, signed)
  const fact = { ...factOf(round), signedByPersonId: personId, signedAt: act.now.toISOString() }
  await appendEvent(
    tx,
    'monitoring-ingest',
    InspectionDone,
    roundId,
    {
      ...fact,
      withinTarget: act.now <= round.dueAt,
      onDay: dayInChina(act.now) === round.date,
      suspicious: suspicions.length > 0,
      abnormalItems: items.filter(({ verdict }) => verdict === 'abnormal').length,
    },
    act,
  )
  if (suspicions.length > 0)
    await appendEvent(
      tx,
      'monitoring-ingest',
      InspectionSuspicious,
      roundId,
      { ...fact, reasons: suspicions },
      act,
    )
  return { ...round, ...signed }
}

/** The people who could have written the samples that filled the items. */
async function handsBehind(
  tx: EntityManager,
  items: readonly InspectionItem[],
): Promise<readonly string[]> {
  const ids = [...new Set(items.flatMap(({ sourceIds }) => sourceIds ?? []))]
  const sources = await tx.findBy(SourceEntity, { id: In(ids) })
  return sources.flatMap(({ registeredByPersonIds, tokenIssuedByPersonIds }) => [
    ...(registeredByPersonIds ?? []),
    ...(tokenIssuedByPersonIds ?? []),
  ])
}

/** The deputy's turn comes with the time of the parameter, or with an inspector who is not able. */
async function assertInTurn(
  tx: EntityManager,
  round: InspectionRound,
  { personId, now }: Act,
): Promise<string> {
  const { unitId, inspectorPersonId, deputyPersonId, handedOverAt, deputyDueAt } = round
  const named = [inspectorPersonId, deputyPersonId]
  if (personId === null || !named.includes(personId))
    throw new Problem(
      'not-inspector',
      said(
        'The inspector or the deputy of the round signs it.',
        '须由该次巡检的巡检人或代理人签字。',
      ),
    )
  if (!(await isAbleToInspect(tx, personId, unitId)))
    throw new Problem(
      'inspector-unable',
      said(
        'Your account or your roles do not inspect this unit.',
        '您的账号或角色不负责巡检该单位。',
      ),
    )
  const isDeputysTurn = handedOverAt !== null || now >= deputyDueAt
  if (
    personId !== inspectorPersonId &&
    !isDeputysTurn &&
    (await isAbleToInspect(tx, inspectorPersonId, unitId))
  )
    throw new Problem(
      'not-inspector',
      said(
        `The deputy takes over at ${deputyDueAt.toISOString()}, or when the inspector is not able.`,
        `代理人于 ${deputyDueAt.toISOString()} 接手，或在巡检人无法履职时接手。`,
      ),
    )
  return personId
}
