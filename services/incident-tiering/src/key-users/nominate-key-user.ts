import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { KeyUserNominated } from '@erp-steward/contracts/incident-events'
import { said, together } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { SupportTier } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertAnotherPerson, handsOf } from '@erp-steward/service-kit/another-person'
import { isConstraintViolation } from '@erp-steward/service-kit/constraint'
import { In, type EntityManager } from 'typeorm'
import {
  activeModule,
  activePerson,
  activeUnit,
  mayDo,
  PersonEntity,
  type Person,
} from '@erp-steward/directory/directory'
import { followGaps } from './follow-gaps.ts'
import { KeyUserEntity, type KeyUser, type KeyUserKind } from './key-user.ts'

export interface NominateKeyUser {
  readonly personId: string
  readonly tier: SupportTier
  readonly kind: KeyUserKind
  readonly unitId: string | null
  readonly moduleCode: string | null
}

/**
 * Names a key user. Source: B-6.4.1, B-7.3.2.
 *
 * @throws Problem `validation-failed` (unit or module do not go with tier and kind), `person-unknown`, `unit-unknown`,
 *   `module-unknown`, `key-user-exists`, `same-person`, `key-user-not-able` (the person cannot do the duty)
 */
export async function nominateKeyUser(
  tx: EntityManager,
  { personId, tier, kind, unitId, moduleCode }: NominateKeyUser,
  act: Act,
): Promise<KeyUser> {
  assertShape(tier, kind, unitId, moduleCode)
  assertAnotherPerson(
    act,
    [personId],
    said('Nobody names himself, nor an account he controls.', '不得指定本人或由本人控制的账号。'),
  )
  assertAble(await activePerson(tx, personId), unitId)
  if (unitId !== null) await activeUnit(tx, unitId)
  if (moduleCode !== null) await activeModule(tx, moduleCode)
  const nominatedBy = handsOf(act)
  const keyUser: KeyUser = {
    id: randomUUID(),
    personId,
    tier,
    kind,
    unitId,
    moduleCode,
    nominatedBy,
    nominatedIn: await unitsOf(tx, nominatedBy, act),
    validFrom: act.now,
    endedAt: null,
    endedReason: null,
    version: 1,
  }
  try {
    await tx.insert(KeyUserEntity, keyUser)
  } catch (error) {
    if (isConstraintViolation(error, 'key_user_duty_key'))
      throw new Problem(
        'key-user-exists',
        said('The person already holds this duty.', '该人员已担任此职责。'),
      )
    throw error
  }
  await appendEvent(
    tx,
    'incident-tiering',
    KeyUserNominated,
    keyUser.id,
    {
      keyUserId: keyUser.id,
      personId,
      tier,
      kind,
      unitId,
      moduleCode,
      validFrom: act.now.toISOString(),
    },
    act,
  )
  await followGaps(tx, act)
  return keyUser
}

/** The units of people, as the directory and the token say. */
async function unitsOf(tx: EntityManager, personIds: string[], { unitId }: Act): Promise<string[]> {
  const people = await tx.findBy(PersonEntity, { id: In(personIds) })
  const units = [...people.map((person) => person.unitId), ...(unitId === null ? [] : [unitId])]
  return [...new Set(units)]
}

/** Whoever is named can do the duty at once: of the unit, with the right to work tickets, reachable. Source: B-4.1.2. */
function assertAble(person: Person, unitId: string | null) {
  const faults = [
    ...(unitId === null || person.unitId === unitId
      ? []
      : [said('is of another unit', '属于其他单位')]),
    ...(mayDo(person, 'ticket.work')
      ? []
      : [said('has no active account that may work tickets', '没有可处理工单的有效账号')]),
    ...(person.email === null ? [said('has no mail address', '没有邮件地址')] : []),
  ]
  if (faults.length > 0)
    throw new Problem(
      'key-user-not-able',
      said(
        `The person ${faults.map(({ en }) => en).join(', and ')}.`,
        `该人员${faults.map((fault) => fault['zh-CN']).join('，且')}。`,
      ),
    )
}

function assertShape(
  tier: SupportTier,
  kind: KeyUserKind,
  unitId: string | null,
  moduleCode: string | null,
) {
  const faults = [
    ...((tier === 'L1') === (unitId !== null)
      ? []
      : [
          {
            pointer: '#/unitId',
            detail: said(
              'L1 names a unit; L2 and L3 serve every unit.',
              'L1 须指明单位；L2 和 L3 服务于所有单位。',
            ),
          },
        ]),
    ...(kind === 'IT' && moduleCode !== null
      ? [
          {
            pointer: '#/moduleCode',
            detail: said('An IT key user has no module.', 'IT 技术关键用户没有模块。'),
          },
        ]
      : []),
    ...(kind === 'MODULE' && moduleCode === null && tier !== 'L3'
      ? [
          {
            pointer: '#/moduleCode',
            detail: said(
              'A module key user of L1 or L2 names the module.',
              'L1 或 L2 的模块关键用户须指明模块。',
            ),
          },
        ]
      : []),
  ]
  if (faults.length > 0)
    throw new Problem('validation-failed', together(faults.map(({ detail }) => detail)), {
      errors: faults,
    })
}
