import { Uuid } from '@erp-steward/contracts/values'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import { beginFacts } from '../facts/fact-order.ts'
import { missTimeNode } from './miss-time-node.ts'
import { lockNode, NODE_DUE, watchNode } from './time-node.ts'

/** Looks at a node whose time should be over. May run late or twice: one that is not open any more is left alone. */
export const onTimeNodeDue = defineTask(
  NODE_DUE,
  Type.Object({ nodeId: Uuid }),
  async (tx, { nodeId }, act) => {
    await beginFacts(tx)
    const node = await lockNode(tx, nodeId)
    if (node.state !== 'open') return
    // The job ran by the clock of the database, which may be ahead of ours: without this the node were forgotten.
    if (act.now <= node.dueAt) await watchNode(tx, node, act)
    else await missTimeNode(tx, node, act)
  },
)
