import { Problem } from '@erp-steward/contracts/problem'
import { enqueue } from '@erp-steward/service-kit/jobs'
import type { Act } from '@erp-steward/contracts/act'
import { EntitySchema, type EntityManager } from 'typeorm'

/**
 * `claimed`: the unit concerned said in time that it was finished, and nobody else has yet; `missed`: not completed by
 * its time, and still not.
 */
export const nodeStates = ['open', 'claimed', 'missed', 'completed'] as const
export type NodeState = (typeof nodeStates)[number]

/** A step that must be finished by an instant: of a person, a department, or the unit as a whole. Source. */
export interface TimeNode {
  id: string
  code: string
  title: string
  unitId: string
  departmentId: string | null
  personId: string | null
  /** Month in Asia/Shanghai of `dueAt`. */
  month: string
  dueAt: Date
  isUrgent: boolean
  state: NodeState
  plannedBy: string
  /** The people behind who planned it; none for the service itself. */
  plannedByPeople: readonly string[]
  plannedAt: Date
  completedAt: Date | null
  completedBy: string | null
  completedByPersonId: string | null
  completedByControllers: readonly string[]
  /** Who, not measured by it, said that a claim was true. */
  confirmedBy: string | null
  /** Place of the completion among all changes of facts; a sheet counts what lies before its cut-off. */
  completedOrder: string | null
  /** When it was noticed that the node was missed; stays after a late completion. */
  missedAt: Date | null
  version: number
}

export const TimeNodeEntity = new EntitySchema<TimeNode>({
  name: 'TimeNode',
  tableName: 'time_node',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'time_node_pkey' },
    code: { type: 'text' },
    title: { type: 'text' },
    unitId: { type: 'uuid', name: 'unit_id' },
    departmentId: { type: 'uuid', name: 'department_id', nullable: true },
    personId: { type: 'uuid', name: 'person_id', nullable: true },
    month: { type: 'text' },
    dueAt: { type: 'timestamptz', name: 'due_at' },
    isUrgent: { type: 'boolean', name: 'is_urgent' },
    state: { type: 'text' },
    plannedBy: { type: 'text', name: 'planned_by' },
    plannedByPeople: { type: 'uuid', array: true, name: 'planned_by_people' },
    plannedAt: { type: 'timestamptz', name: 'planned_at' },
    completedAt: { type: 'timestamptz', name: 'completed_at', nullable: true },
    completedBy: { type: 'text', name: 'completed_by', nullable: true },
    completedByPersonId: { type: 'uuid', name: 'completed_by_person_id', nullable: true },
    completedByControllers: { type: 'uuid', array: true, name: 'completed_by_controllers' },
    confirmedBy: { type: 'text', name: 'confirmed_by', nullable: true },
    completedOrder: { type: 'bigint', name: 'completed_order', nullable: true },
    missedAt: { type: 'timestamptz', name: 'missed_at', nullable: true },
    version: { type: 'integer' },
  },
  checks: [
    {
      name: 'time_node_state_check',
      expression: `state in ('open', 'claimed', 'missed', 'completed')`,
    },
  ],
  indices: [{ name: 'time_node_by_due', columns: ['dueAt', 'id'] }],
})

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
  if (node === null) throw new Problem('time-node-not-found', `There is no time node ${id}.`)
  return node
}
