import { about, Instant, Line, nullable, Uuid } from '@erp-steward/contracts/values'
import { defineProposal } from '@erp-steward/service-kit/proposal'
import { Type } from 'typebox'
import { planTimeNode } from './plan-time-node.ts'

/** What a time node is planned with. */
export const NodePlan = {
  code: Type.String({
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$',
    description: 'Name of the step, the same each month: `GL-CLOSE`.',
  }),
  title: about(Line(200), 'What is to be finished.'),
  unitId: about(Uuid, 'The unit that finishes it.'),
  departmentId: nullable(
    Uuid,
    'The department that finishes it; null: the unit as a whole, or one person.',
  ),
  personId: nullable(Uuid, 'The person who finishes it; null: anybody of the department or unit.'),
  dueAt: about(Instant, 'By when. Source: A-2.3.7.'),
  isUrgent: Type.Boolean({ description: 'Whether a delay counts as a heavy one.' }),
}

/** A time node that a unit sets for itself: the yardstick it is measured by. Source. */
export const planningNode = defineProposal({
  kind: 'time-node.plan',
  problems: ['department-unknown', 'person-unknown', 'time-node-refused', 'unit-unknown'],
  title: { 'zh-CN': '为本单位设定时间节点', en: 'A time node of the own unit' },
  body: Type.Object(NodePlan),
  decide: 'time-node.plan',
  subject: ({ unitId, code, dueAt }) => `${unitId}/${code}/${dueAt}`,
  concerns: (_tx, { unitId, personId }) =>
    Promise.resolve({ unitIds: [unitId], personIds: personId === null ? [] : [personId] }),
  async apply(tx, body, act) {
    await planTimeNode(tx, { ...body, dueAt: new Date(body.dueAt) }, act)
  },
})
