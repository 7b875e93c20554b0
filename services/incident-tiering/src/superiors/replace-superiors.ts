import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Uuid } from '@erp-steward/contracts/values'
import { assertAnotherPerson } from '@erp-steward/service-kit/another-person'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { defineProposal, type Proposal } from '@erp-steward/service-kit/proposal'
import { propose } from '@erp-steward/service-kit/proposals'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { superiorSteps } from '../tickets/rules/clocks-of-priority.ts'
import {
  assertCallable,
  moveOf,
  putSuperiors,
  shortens,
  type NameSuperiors,
} from './name-superiors.ts'
import { heldSuperiors, type Superiors } from './superior.ts'

/**
 * Taking a superior off a step, replacing one or emptying the step: who hears of an unrestored P1 is not one person's to
 * cut, and neither those who go nor those who come decide it. Source, B-5.3.2.
 */
export const replacingSuperiors = defineProposal({
  kind: 'superiors.replace',
  problems: ['person-unknown', 'person-unreachable'],
  title: { 'zh-CN': '撤换一级故障上报对象', en: 'Take superiors of a P1 off their step' },
  body: Type.Object({ step: Type.Enum([...superiorSteps]), personIds: Type.Array(Uuid) }),
  decide: 'key-user.nominate',
  subject: ({ step }) => step,
  concerns: async (tx, body) => {
    const { added, removed } = await moveOf(tx, body)
    return { personIds: [...added, ...removed], unitIds: [] }
  },
  version: async (tx, { step }) => (await heldSuperiors(tx, step)).version,
  apply: async (tx, body, act) => {
    const move = await moveOf(tx, body)
    await assertCallable(tx, move)
    await putSuperiors(tx, body, move, act)
  },
})

/**
 * Names who is called at a step, in place of those before. More superiors are named at once; whoever would be taken off,
 * unless they have left, is by a second person only. Nobody puts himself on or off. Source, B-5.3.2.
 *
 * @throws Problem `version-stale`, `same-person`, `person-unknown`, `person-unreachable`, `proposal-pending`
 */
export async function nameSuperiors(
  tx: EntityManager,
  { reason, ...body }: NameSuperiors & { readonly reason: string },
  expected: number,
  act: Act,
): Promise<Superiors | Proposal> {
  const move = await moveOf(tx, body)
  assertVersion(move.before.version, expected)
  assertAnotherPerson(
    act,
    [...move.added, ...move.removed],
    said('Nobody puts himself on or off.', '不得将本人列入或移出。'),
  )
  await assertCallable(tx, move)
  if (!(await shortens(tx, move))) return putSuperiors(tx, body, move, act)
  const proposal = { body: { ...body, personIds: [...body.personIds] }, reason }
  return propose(tx, 'incident-tiering', replacingSuperiors, proposal, act)
}
