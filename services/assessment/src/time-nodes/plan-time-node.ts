import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { activePerson, activeUnit, DepartmentEntity } from '@erp-steward/directory/directory'
import { handsOf } from '@erp-steward/service-kit/another-person'
import type { EntityManager } from 'typeorm'
import { monthOf } from '../months/rules/month.ts'
import { TimeNodeEntity, UNFINISHED, watchNode, type TimeNode } from './time-node.ts'

export type PlanTimeNode = Pick<
  TimeNode,
  'code' | 'title' | 'unitId' | 'departmentId' | 'personId' | 'dueAt' | 'isUrgent'
>

/**
 * Sets a time node of a unit, of one of its departments or people. Source.
 *
 * @throws Problem `unit-unknown`, `person-unknown`, `department-unknown`, `time-node-refused`
 */
export async function planTimeNode(
  tx: EntityManager,
  command: PlanTimeNode,
  act: Act,
): Promise<TimeNode> {
  await assertPlannable(tx, command, act)
  const node: TimeNode = {
    ...command,
    id: randomUUID(),
    month: monthOf(command.dueAt),
    state: 'open',
    plannedBy: act.actor,
    plannedByPeople: handsOf(act),
    plannedAt: act.now,
    ...UNFINISHED,
    missedAt: null,
    version: 1,
  }
  await tx.insert(TimeNodeEntity, node)
  await watchNode(tx, node, act)
  return node
}

/**
 * Refuses a node that cannot be planned.
 *
 * @throws Problem `unit-unknown`, `person-unknown`, `department-unknown`, `time-node-refused`
 */
export async function assertPlannable(
  tx: EntityManager,
  { unitId, departmentId, personId, dueAt }: PlanTimeNode,
  act: Act,
): Promise<void> {
  await activeUnit(tx, unitId)
  if (
    departmentId !== null &&
    !(await tx.existsBy(DepartmentEntity, { id: departmentId, unitId, active: true }))
  )
    throw new Problem(
      'department-unknown',
      said(
        `The unit has no active department ${departmentId}.`,
        `该单位没有启用的部门 ${departmentId}。`,
      ),
    )
  if (personId !== null && (await activePerson(tx, personId)).unitId !== unitId)
    throw new Problem(
      'person-unknown',
      said(`The unit has no active person ${personId}.`, `该单位没有在职人员 ${personId}。`),
    )
  if (dueAt <= act.now)
    throw new Problem(
      'time-node-refused',
      said('The time of the node is over.', '该节点的时间已过。'),
      {
        errors: [
          {
            pointer: '#/dueAt',
            detail: said('This does not lie in the future.', '该时间不在将来。'),
          },
        ],
      },
    )
}
