import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import { beginFacts } from '../facts/fact-order.ts'
import { interestOf } from '../facts/interest.ts'
import { missTimeNode } from './miss-time-node.ts'
import { lockNode, TimeNodeEntity, UNFINISHED, type TimeNode } from './time-node.ts'

/**
 * Says that a step which the unit concerned claims to have finished was not: it is open again, or missed if its time is
 * over. Source.
 *
 * @throws Problem `time-node-not-found`, `time-node-state`, `same-person` for the unit concerned, `person-required`
 */
export async function refuseClaim(
  tx: EntityManager,
  id: string,
  reaches: (node: TimeNode) => void,
  act: Act,
): Promise<TimeNode> {
  if (act.personId === null)
    throw new Problem('person-required', said('Only a person refuses.', '只有人员可以拒绝。'))
  await beginFacts(tx)
  const node = await lockNode(tx, id)
  reaches(node)
  if (node.state !== 'claimed')
    throw new Problem(
      'time-node-state',
      said(`The node is ${node.state}.`, `该节点的状态为 ${node.state}。`),
    )
  const hasInterest = await interestOf(tx, act, [node.personId])
  if (hasInterest({ personIds: [node.personId], unitIds: [node.unitId] }))
    throw new Problem(
      'same-person',
      said(
        'Somebody of another unit looks at what was claimed.',
        '所报事项须由其他单位的人员核查。',
      ),
    )
  const open: TimeNode = { ...node, ...UNFINISHED, state: 'open', version: node.version + 1 }
  await tx.update(TimeNodeEntity, { id }, open)
  return act.now > node.dueAt ? missTimeNode(tx, open, act) : open
}
