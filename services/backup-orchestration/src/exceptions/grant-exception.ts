import { randomUUID } from 'node:crypto'
import { about, Instant, Paragraph, Uuid } from '@erp-steward/contracts/values'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { operation } from '@erp-steward/service-kit/measured-interest'
import { defineProposal } from '@erp-steward/service-kit/proposal'
import { Type } from 'typebox'
import { floors } from '../targets/rules/floor.ts'
import { settleProtection } from '../targets/settle-protection.ts'
import { lockTarget, targetById } from '../targets/target.ts'
import { ExceptionEntity } from './exception.ts'

/** Longest time for which a floor may be left, in days: a year; then somebody looks again. Own choice. */
export const MOST_DAYS = 366

export const AskedException = Type.Object(
  {
    targetId: about(Uuid, 'The target that is to fall short.'),
    floors: Type.Array(Type.Enum([...floors]), {
      minItems: 1,
      maxItems: floors.length,
      uniqueItems: true,
      description: 'The floors that it is to fall short of.',
    }),
    reason: about(
      Paragraph(2_000),
      'Why, and what is done until then; the second person reads it.',
    ),
    validUntil: about(Instant, 'When it is to end; nothing prolongs it.'),
  },
  { additionalProperties: false },
)

/** @throws Problem `validation-failed` unless the end lies ahead, at most `MOST_DAYS` */
export function assertEnd(validUntil: Date, now: Date): void {
  const last = new Date(now.getTime() + MOST_DAYS * 86_400_000)
  if (validUntil > now && validUntil <= last) return
  const detail = said(
    `An exception ends within ${String(MOST_DAYS)} days.`,
    `例外须在 ${String(MOST_DAYS)} 天内结束。`,
  )
  throw new Problem('validation-failed', detail, { errors: [{ pointer: '#/validUntil', detail }] })
}

/** Leave to fall short of a floor until an end. People of the unit whose data it is do not grant it. Source. */
export const granting = defineProposal({
  kind: 'backup-exception.grant',
  problems: ['backup-policy-missing', 'backup-target-not-found'],
  title: { 'zh-CN': '备份底线例外', en: 'Exception from a backup floor' },
  body: AskedException,
  decide: 'backup.plan',
  measures: () => operation,
  measuredMayAgree: true,
  subject: ({ targetId }) => targetId,
  concerns: async (tx, { targetId }) => ({
    personIds: [],
    unitIds: [(await targetById(tx, targetId)).unitId],
  }),
  apply: async (tx, { targetId, floors, reason, validUntil }, act, proposal) => {
    const target = await lockTarget(tx, targetId)
    assertEnd(new Date(validUntil), act.now)
    await tx.insert(ExceptionEntity, {
      id: randomUUID(),
      targetId,
      unitId: target.unitId,
      floors,
      reason,
      validUntil: new Date(validUntil),
      proposalId: proposal.id,
      requestedByPersonId: proposal.proposedByPersonId,
      grantedByPersonId: act.personId,
      grantedAt: act.now,
    })
    await settleProtection(tx, target, act)
  },
})
