import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Id, InstantOut, nullable, Uuid, Version } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { enqueue } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'

export const NodeState = Type.Enum(['open', 'claimed', 'missed', 'completed'], {
  title: 'TimeNodeState',
  description:
    '`claimed`: the unit concerned said in time that it was finished, and nobody else has yet; `missed`: not completed by its time, and still not.',
})

/** A step that must be finished by an instant: of a person, a department, or the unit as a whole. Source. */
export const TimeNodeView = Type.Object(
  {
    id: Id,
    code: Type.String({ description: 'Name of the step, the same each month: `GL-CLOSE`.' }),
    title: Type.String({ description: 'What is to be finished.' }),
    unitId: about(Uuid, 'The unit that finishes it.'),
    departmentId: nullable(
      Uuid,
      'The department that finishes it; null: the unit as a whole, or one person.',
    ),
    personId: nullable(
      Uuid,
      'The person who finishes it; null: anybody of the department or unit.',
    ),
    month: Type.String({ description: 'Month in Asia/Shanghai of `dueAt`.' }),
    dueAt: about(InstantOut, 'By when. Source: A-2.3.7.'),
    isUrgent: Type.Boolean({ description: 'Whether a delay counts as a heavy one.' }),
    state: NodeState,
    plannedAt: about(InstantOut, 'When it was planned.'),
    completedAt: nullable(
      InstantOut,
      'When it was finished, or is claimed to have been; null while it is open.',
    ),
    missedAt: nullable(
      InstantOut,
      'When it was noticed that the node was missed; stays after a late completion.',
    ),
    version: Version,
  },
  { title: 'TimeNode' },
)

const People = Type.Unsafe<readonly string[]>(Type.Array(Uuid))

export const TimeNodeEntity = entityOf(TimeNodeView, {
  table: 'time_node',
  kept: {
    plannedBy: Type.String(),
    /** The people behind who planned it; none for the service itself. */
    plannedByPeople: People,
    completedBy: nullable(Type.String()),
    completedByPersonId: nullable(Uuid),
    completedByControllers: People,
    /** Who, not measured by it, said that a claim was true. */
    confirmedBy: nullable(Type.String()),
    /** Place of the completion among all changes of facts; a sheet counts what lies before its cut-off. */
    completedOrder: nullable(Type.String()),
  },
  columns: { completedOrder: { type: 'bigint' } },
  checks: [
    {
      name: 'time_node_state_check',
      expression: `state in ('open', 'claimed', 'missed', 'completed')`,
    },
  ],
  indices: [
    { name: 'time_node_by_due', columns: ['dueAt', 'id'] },
    {
      name: 'time_node_unfinished',
      columns: ['dueAt'],
      where: "(state = ANY (ARRAY['open'::text, 'missed'::text]))",
    },
  ],
})
export type TimeNode = RowOf<typeof TimeNodeEntity>

/** What a node that is not finished says of its completion. */
export const UNFINISHED = {
  completedAt: null,
  completedBy: null,
  completedByPersonId: null,
  completedByControllers: [],
  confirmedBy: null,
  completedOrder: null,
} as const satisfies Partial<TimeNode>

/** Name of the task that looks at a node when its time is over. */
export const NODE_DUE = 'time-node-due'

/** Has the node looked at as soon as its time is over; its last instant is in time. */
export async function watchNode(tx: EntityManager, node: TimeNode, act: Act): Promise<void> {
  await enqueue(tx, 'assessment', NODE_DUE, { nodeId: node.id }, act, {
    runAt: new Date(node.dueAt.getTime() + 1),
    key: `time-node:${node.id}`,
  })
}

/**
 * The node, locked until the transaction ends; the caller has begun a change of facts before.
 *
 * @throws Problem `time-node-not-found`
 */
export async function lockNode(tx: EntityManager, id: string): Promise<TimeNode> {
  const node = await tx.findOne(TimeNodeEntity, {
    where: { id },
    lock: { mode: 'pessimistic_write' },
  })
  if (node === null)
    throw new Problem(
      'time-node-not-found',
      said(`There is no time node ${id}.`, `没有时间节点 ${id}。`),
    )
  return node
}
