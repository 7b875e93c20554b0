// Tickets opened through the whole service against the bare INSERT of the very rows that this writes.
// Standalone: node services/incident-tiering/bench/tickets.ts
import { atOnce } from '@erp-steward/test-kit/at-once'
import { bareInserts } from '@erp-steward/test-kit/bare-inserts'
import { ownCpuMicros, type BenchRow } from '@erp-steward/test-kit/bench-row'
import { onTestServer } from '@erp-steward/test-kit/on-test-server'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { create } from '@erp-steward/test-kit/requests'
import { endUser, fault, fillDirectory, incidentStage, nominate } from '../test/incident-stage.ts'

export const WARM_UP = 300
export const TICKETS = 2_000
/** Callers at once; more than the service has connections. */
export const CALLERS = 16
/** As many connections as the service's pool has. */
const CONNECTIONS = 8

const JOBS = 'incident_tiering_jobs._private_jobs'
/** Where a ticket leaves rows, and the column that leads from a row to its ticket. */
const TABLES: Readonly<Record<string, string>> = {
  ticket: 'id::text',
  ticket_entry: 'ticket_id::text',
  ticket_clock: 'ticket_id::text',
  notification: 'ticket_id::text',
  outbox: `payload -> 'data' ->> 'ticketId'`,
  idempotency_key: `body ->> 'id'`,
  [JOBS]: `payload -> 'data' ->> 'ticketId'`,
}

/**
 * Opens P3 tickets by `inject`, with validation, token, clocks, messages, timers, event and idempotency record, then
 * inserts the same rows into tables of the same shape and indexes, one transaction per ticket.
 */
export function run(): Promise<BenchRow[]> {
  return onTestServer(measure)
}

async function measure(): Promise<BenchRow[]> {
  const stage = await incidentStage()
  try {
    const { user, first } = await fillDirectory(stage, 'user', 'first')
    await nominate(stage, first, { tier: 'L1' })
    const caller = endUser(user)
    const openOne = async () => {
      const { statusCode, body } = await create(stage, '/v1/tickets', caller, fault)
      if (statusCode !== 201) throw new Error(body)
    }
    await atOnce(WARM_UP, CALLERS, openOne)
    const cpu = ownCpuMicros()
    const ours = await atOnce(TICKETS, CALLERS, openOne)
    const cpuMicrosPerUnit = (ownCpuMicros() - cpu) / TICKETS
    return [
      {
        name: 'tickets opened',
        reference: 'bare INSERT of the same rows',
        ours,
        theirs: await bareTickets(stage),
        unit: 'tickets/s',
        cpuMicrosPerUnit,
        note: `${String(TICKETS)} P3 tickets, ${String(CALLERS)} callers at once, one process; CPU without that of PostgreSQL`,
      },
    ]
  } finally {
    await stage.release()
  }
}

/** Tickets per second when only the rows are written that they left, one transaction per ticket. */
export function bareTickets({ db, url }: TestService): Promise<number> {
  return bareInserts({
    db,
    url,
    schema: 'incident_tiering',
    tables: TABLES,
    units: TICKETS,
    writers: CONNECTIONS,
    perTransaction: 1,
  })
}

if (import.meta.main) console.table(await run())
