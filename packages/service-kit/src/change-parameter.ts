import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { ServiceName } from '@erp-steward/contracts/services'
import { Instant, nullable, Uuid } from '@erp-steward/contracts/values'
import { loosens } from '@erp-steward/regulation/guards'
import { liesBelow, ordered } from '@erp-steward/regulation/in-order'
import { isParameterKey, type ParameterKey } from '@erp-steward/regulation/parameters'
import { resolveParameter, type ParameterVersion as Version } from '@erp-steward/regulation/resolve'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { assertVersion } from './commit.ts'
import { interestMeasuredBy } from './measured-interest.ts'
import {
  assertFits,
  parameterHistory,
  setParameter,
  type ParameterVersion,
  type SetParameter,
} from './parameters.ts'
import { defineProposal, type Proposal, type ProposalKind } from './proposal.ts'
import { propose } from './proposals.ts'

const Body = Type.Object({
  key: Type.String(),
  unitId: nullable(Uuid),
  value: Type.Unknown(),
  validFrom: nullable(Instant),
  reason: Type.String(),
})

/** A new value of a parameter that a gate, a measure, a rule or a clock reads, where it may ask less than before. */
export function setGuardedParameter(service: ServiceName): ProposalKind<typeof Body> {
  return defineProposal({
    kind: 'parameter.set',
    problems: ['parameter-refused', 'parameter-unknown'],
    title: { en: 'Set a parameter', 'zh-CN': '设置参数' },
    body: Body,
    decide: 'parameter.decide',
    subject: ({ key, unitId }) => `${key} ${unitId ?? 'company'}`,
    // Whose unit the value is for gains from it.
    concerns: (_tx, { unitId }) =>
      Promise.resolve({ personIds: [], unitIds: unitId === null ? [] : [unitId] }),
    measures: ({ key }) => interestMeasuredBy(known(key)),
    version: (tx, { key, unitId }) => newestVersion(tx, known(key), unitId),
    apply: async (tx, { key, validFrom, ...body }, act, proposal) => {
      // An instant that passed while the proposal waited would change what was decided meanwhile.
      const from = validFrom !== null && new Date(validFrom) > act.now ? { validFrom } : {}
      const command = { ...body, ...from, key: known(key) }
      await assertInOrder(tx, command, act)
      await setParameter(
        tx,
        service,
        { ...command, author: proposal.proposedBy, approvedBy: act.actor },
        proposal.subjectVersion ?? 0,
        act,
      )
    },
  })
}

/**
 * Sets a parameter at once where the new value asks at least as much as the one in force, and proposes it where it may
 * ask less.
 *
 * @throws Problem `parameter-refused` (also for a `validFrom` in the past), `version-stale`, `concerned` for a value of
 *   the caller's own unit, `proposal-pending`
 */
export async function changeParameter(
  tx: EntityManager,
  service: ServiceName,
  command: SetParameter,
  expected: number,
  act: Act,
): Promise<ParameterVersion | Proposal> {
  const { key, unitId, value, validFrom, reason } = command
  assertFits(command)
  if (validFrom !== undefined && new Date(validFrom) < act.now)
    throw new Problem(
      'parameter-refused',
      said('What is over was decided by the value of its time.', '已过去的事项按当时的数值决定。'),
      {
        errors: [{ pointer: '#/validFrom', detail: said('lies in the past', '已过去') }],
      },
    )
  if (unitId !== null && (await isOfUnit(tx, unitId, act)))
    throw new Problem(
      'concerned',
      said('A value for your own unit is for others to set.', '本单位的数值须由他人设置。'),
    )
  assertVersion(await newestVersion(tx, key, unitId), expected)
  await assertInOrder(tx, command, act)
  if (!(await asksLess(tx, command, act))) return setParameter(tx, service, command, expected, act)
  const body = { key, unitId, value, validFrom: validFrom ?? null, reason }
  return propose(tx, service, setGuardedParameter(service), { body, reason }, act)
}

/**
 * Compared from the instant on from which the new value would hold, with what holds without it: then, and whenever
 * something begins to hold that was decided already.
 */
async function asksLess(
  tx: EntityManager,
  { key, unitId, value, validFrom }: SetParameter,
  { now }: Act,
): Promise<boolean> {
  const from = validFrom === undefined ? now : new Date(validFrom)
  const own = await parameterHistory(tx, key, unitId)
  const company = unitId === null ? [] : await parameterHistory(tx, key, null)
  const before = [...own, ...company]
  const version = (own[0]?.version ?? 0) + 1
  const after = [...before, { ...SETTING, key, unitId, value, version, validFrom: from }]
  const later = before.map((row) => row.validFrom).filter((at) => at > from)
  return [from, ...later].some((at) =>
    loosens(
      key,
      resolveParameter(before, key, unitId, at).value,
      resolveParameter(after, key, unitId, at).value,
    ),
  )
}

/**
 * Refuses a value that would stand the wrong way round beside its neighbour, such as a warning above the critical
 * limit, for the company or any unit that has a value of its own.
 *
 * @throws Problem `parameter-refused`
 */
async function assertInOrder(
  tx: EntityManager,
  { key, unitId, value, validFrom }: SetParameter,
  { now }: Act,
): Promise<void> {
  const pairs = ordered.filter((pair) => pair.includes(key))
  if (pairs.length === 0) return
  const at = validFrom === undefined ? now : new Date(validFrom)
  const versions: Version[] = await tx.query(
    `select key, unit_id as "unitId", version, value, valid_from as "validFrom", author, reason
       from parameter_version where key = any($1)`,
    [pairs.flat()],
  )
  const changed = versions.filter((row) => row.key !== key || row.unitId !== unitId)
  if (value !== null) changed.push({ ...SETTING, key, unitId, value })
  const units = unitId === null ? [null, ...versions.map((row) => row.unitId)] : [unitId]
  for (const unit of new Set(units))
    for (const [below, above] of pairs) {
      const [low, high] = [
        resolveParameter(changed, below, unit, at).value,
        resolveParameter(changed, above, unit, at).value,
      ]
      if (!liesBelow(low, high))
        throw new Problem(
          'parameter-refused',
          said(
            `${below} must stay below ${above}: ${JSON.stringify(low)} and ${JSON.stringify(high)}.`,
            `${below} 须小于 ${above}:${JSON.stringify(low)} 和 ${JSON.stringify(high)}。`,
          ),
          {
            errors: [{ pointer: '#/value', detail: besides(key === below ? above : below) }],
          },
        )
    }
}

/** A version as it would hold at any instant. */
const SETTING = { version: 1, validFrom: new Date(0), author: '', reason: '' }

async function newestVersion(tx: EntityManager, key: ParameterKey, unitId: string | null) {
  const [newest] = await parameterHistory(tx, key, unitId)
  return newest?.version ?? 0
}

async function isOfUnit(tx: EntityManager, unitId: string, act: Act): Promise<boolean> {
  if (act.unitId === unitId) return true
  const hands = act.personId === null ? act.controllers : [act.personId, ...act.controllers]
  const people: unknown[] = await tx.query(
    'select from person where id = any($1) and unit_id = $2 limit 1',
    [hands, unitId],
  )
  return people.length > 0
}

function known(key: string): ParameterKey {
  if (isParameterKey(key)) return key
  throw new Problem('parameter-unknown', said(`There is no parameter ${key}.`, `没有参数 ${key}。`))
}

const besides = (other: ParameterKey) => said(`does not fit ${other}`, `与 ${other} 不相容`)
