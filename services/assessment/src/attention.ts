import type { AttentionSource } from '@erp-steward/service-kit/attention'
import { clauses } from '@erp-steward/regulation/clause'

/** Clauses that only a person can see. */
const OF_PERSONS = clauses.filter(({ mode }) => mode === 'P').map(({ id }) => id)

/** What of the register of controls wants a human, as it was last stated, some minutes ago. Source: B-5.6. */
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
]
