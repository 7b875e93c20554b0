import { randomUUID } from 'node:crypto'
import { SodExceptionGranted } from '@erp-steward/contracts/grant-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import {
  about,
  Code,
  Id,
  Instant,
  InstantOut,
  Paragraph,
  Reason,
  Uuid,
} from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { defineProposal } from '@erp-steward/service-kit/proposal'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { lockPerson } from '../people/lock-person.ts'
import { PersonEntity } from '../people/person.ts'
import { coverViolation } from './find-violations.ts'
import { inPairOrder } from './rules/rule-set.ts'

export const AskedSodException = Type.Object(
  {
    personId: about(Uuid, 'Who may hold both duties.'),
    first: about(Code, 'Code of one duty.'),
    second: about(Code, 'Code of the other; the pair is one of the rules in force.'),
    ownerPersonId: about(Uuid, 'Who answers for it: another person than who gets it.'),
    compensatingControl: about(Paragraph(1_000), 'What is checked instead, by whom and how often.'),
    endsAt: about(
      Instant,
      'First instant without it, within `identity.sod.exception_lifetime`; nothing prolongs it.',
    ),
    reason: Reason,
  },
  { additionalProperties: false },
)
type AskedSodException = Static<typeof AskedSodException>

/** An exception as callers see it. Source: defaults 2.8. */
export const SodExceptionView = Type.Object(
  {
    id: Id,
    personId: about(Uuid, 'Who may hold both duties.'),
    first: Type.String({ description: 'Code of one duty.' }),
    second: Type.String({ description: 'Code of the other.' }),
    ownerPersonId: about(Uuid, 'Who answers for it.'),
    compensatingControl: Type.String({ description: 'What is checked instead.' }),
    reason: Type.String({ description: 'Why it was asked for.' }),
    proposalId: about(Uuid, 'The proposal by which it was asked for.'),
    requestedBy: Type.String({ description: 'Account that asked.' }),
    grantedBy: Type.String({ description: 'Account that approved.' }),
    startsAt: about(InstantOut, 'When it was approved.'),
    endsAt: about(InstantOut, 'First instant without it.'),
  },
  { title: 'SodException' },
)

export const SodExceptionEntity = entityOf(SodExceptionView, {
  table: 'sod_exception',
  checks: [
    { name: 'sod_exception_end_check', expression: 'ends_at > starts_at' },
    { name: 'sod_exception_order_check', expression: 'first < second' },
  ],
  indices: [
    { name: 'sod_exception_by_person', columns: ['personId', 'first', 'second'] },
    { name: 'sod_exception_by_age', columns: ['startsAt', 'id'] },
  ],
  foreignKeys: [
    {
      name: 'sod_exception_person_id_fkey',
      target: 'person',
      columnNames: ['person_id'],
      referencedColumnNames: ['id'],
    },
    {
      name: 'sod_exception_owner_person_id_fkey',
      target: 'person',
      columnNames: ['owner_person_id'],
      referencedColumnNames: ['id'],
    },
  ],
})
export type SodException = RowOf<typeof SodExceptionEntity>

/** Leave to hold two incompatible duties until an end. The security administrator grants it. Source: defaults 2.8. */
export const grantException = defineProposal({
  kind: 'sod.except',
  problems: ['person-unknown', 'same-person', 'sod-pair-unknown', 'validation-failed'],
  title: { en: 'Exception from incompatible duties', 'zh-CN': '不相容职责例外' },
  body: AskedSodException,
  decide: 'sod.decide',
  subject: ({ personId, ...pair }) => {
    const { first, second } = inPairOrder(pair)
    return `${personId} ${first} ${second}`
  },
  concerns: (_, { personId }) => Promise.resolve({ personIds: [personId], unitIds: [] }),
  apply: async (tx, body, act, { id: proposalId, proposedBy }) => {
    await lockPerson(tx, body.personId)
    await assertExceptable(tx, body, act.now)
    const { personId, ownerPersonId, compensatingControl, reason } = body
    const granted: SodException = {
      ...{ id: randomUUID(), personId, ownerPersonId, compensatingControl, reason, proposalId },
      ...inPairOrder(body),
      ...{ requestedBy: proposedBy, grantedBy: act.actor },
      ...{ startsAt: act.now, endsAt: new Date(body.endsAt) },
    }
    await tx.insert(SodExceptionEntity, granted)
    await coverViolation(tx, granted, act)
    const { id: exceptionId, first, second } = granted
    await appendEvent(
      tx,
      'identity',
      SodExceptionGranted,
      personId,
      {
        ...{ exceptionId, personId, first, second, ownerPersonId, grantedBy: act.actor },
        startsAt: granted.startsAt.toISOString(),
        endsAt: granted.endsAt.toISOString(),
      },
      act,
    )
  },
})

/**
 * Refuses an exception that could not be: as it is asked for, and once more when it is approved.
 *
 * @throws Problem `validation-failed` for an end that has come or lies too far, `person-unknown`, `same-person` (the owner is
 *   who gets it), `sod-pair-unknown`
 */
export async function assertExceptable(
  tx: EntityManager,
  { personId, ownerPersonId, endsAt, ...pair }: AskedSodException,
  now: Date,
): Promise<void> {
  const { value } = await readParameter(tx, 'identity.sod.exception_lifetime', null, now)
  const end = new Date(endsAt)
  if (end <= now || end.getTime() > now.getTime() + durationMs(value)) {
    const detail = said(
      `An exception ends ahead, within ${value}.`,
      `例外须有未来的截止时间，且不超过 ${value}。`,
    )
    throw new Problem('validation-failed', detail, { errors: [{ pointer: '#/endsAt', detail }] })
  }
  if (personId === ownerPersonId)
    throw new Problem(
      'same-person',
      said('Nobody answers for the own exception.', '不得由本人对自己的例外负责。'),
    )
  for (const id of [personId, ownerPersonId])
    if (!(await tx.existsBy(PersonEntity, { id, active: true })))
      throw new Problem(
        'person-unknown',
        said(`There is no active person ${id}.`, `没有在职人员 ${id}。`),
      )
  const { first, second } = inPairOrder(pair)
  const known: unknown[] = await tx.query('select from sod_pair where first = $1 and second = $2', [
    first,
    second,
  ])
  if (known.length === 0)
    throw new Problem(
      'sod-pair-unknown',
      said(`No rule forbids ${first} × ${second}.`, `没有规则禁止 ${first} × ${second}。`),
    )
}
