import { columnsOf } from '@erp-steward/service-kit/entity'
import type { EntityManager } from 'typeorm'
import { TicketEntity, type Ticket } from './ticket.ts'

const COLUMNS = columnsOf(TicketEntity, 't')

export interface TicketFilter {
  readonly unitId: string | null
  readonly state: string | null
  readonly tier: string | null
  readonly priority: string | null
  /** A caller whose range is one unit sees that unit's tickets, and those of the tiers they serve. */
  readonly onlyUnitId: string | null
  readonly personId: string | null
  /** Sort key of the last row of the page before. */
  readonly afterAt: string | null
  readonly afterId: string | null
  readonly limit: number
}

/** Tickets, newest first. */
export async function listTickets(tx: EntityManager, filter: TicketFilter): Promise<Ticket[]> {
  return tx.query(
    `select ${COLUMNS}
       from ticket t
      where ($1::uuid is null or t.unit_id = $1) and ($2::text is null or t.state = $2)
        and ($3::text is null or t.tier = $3) and ($4::text is null or t.priority = $4)
        and ($5::uuid is null or t.unit_id = $5 or exists (
              select from key_user k where k.person_id = $6 and k.ended_at is null and k.tier <> 'L1'
                and k.kind = t.kind and (k.module_code is null or k.module_code = t.module_code)))
        and ($7::timestamptz is null or (t.opened_at, t.id) < ($7, $8))
      order by t.opened_at desc, t.id desc limit $9`,
    [
      filter.unitId,
      filter.state,
      filter.tier,
      filter.priority,
      filter.onlyUnitId,
      filter.personId,
      filter.afterAt,
      filter.afterId,
      filter.limit,
    ],
  )
}
