import type { AttentionSource } from '@erp-steward/service-kit/attention'
import { clauses } from '@erp-steward/regulation/clause'

/** Clauses that only a person can see. */
const OF_PERSONS = clauses.filter(({ mode }) => mode === 'P').map(({ id }) => id)

/**
 * What of observations and time nodes wants a human, and of the register of controls as it was last stated, some minutes
 * ago. What the unit itself says was done in time is told of where it waits for the word of others. Source: A-2.3, B-5.6.
 */
export const assessmentAttention: readonly AttentionSource[] = [
  {
    kind: 'control-broken',
    find: `select clause_id, null, '{}'::uuid[], changed_at, null, 'readControl', null
             from control_published where state = 'broken'`,
  },
  {
    kind: 'control-stale',
    find: `select clause_id, null, '{}'::uuid[], changed_at, null,
                  case when clause_id in (${OF_PERSONS.map((id) => `'${id}'`).join(', ')}) then 'recordControl' else 'readControl' end,
                  null
             from control_published where state = 'stale'`,
  },
  {
    kind: 'data-error-overdue',
    find: `select id::text, reference, array[unit_id], due_at,
                  case when severity = 'heavy' then 'critical' end, 'correctDataError', null
             from observation
            where due_at < $1 and corrected_at is null and standing <> 'voided'`,
  },
  {
    kind: 'time-node-missed',
    // The last instant of a node is in time.
    find: `select id::text, code, array[unit_id], due_at, case when is_urgent then 'critical' end, 'completeTimeNode', null
             from time_node where state in ('open', 'missed') and due_at < $1`,
  },
]
