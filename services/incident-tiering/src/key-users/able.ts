import { permissions } from '@erp-steward/contracts/permissions'

/**
 * Condition on a duty `k` and its person `p`: the person can do the duty now. They are here, of the unit that the duty is
 * for, reachable by mail, and their account may work tickets. Source: B-4.1.2, B-7.3.2.
 */
export const ABLE = `
  p.active and p.account_status = 'active' and p.email is not null
  and p.roles && array[${permissions['ticket.work'].map((role) => `'${role}'`).join(', ')}]::text[]
  and (k.unit_id is null or k.unit_id = p.unit_id)`
