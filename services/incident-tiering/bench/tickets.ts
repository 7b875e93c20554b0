// Tickets opened through the whole service against the bare INSERT of the very rows that this writes.
// Standalone: node services/incident-tiering/bench/tickets.ts
import { testPostgres } from '@erp-steward/postgres/ladder'
import { ownCpuMicros, type BenchRow } from '@erp-steward/test-kit/bench-row'
import type { TestService } from '@erp-steward/test-kit/test-service'
import pg from 'pg'
import {
  create,
  endUser,
  fault,
  fillDirectory,
  incidentStage,
  nominate,
} from '../test/incident-stage.ts'

const WARM_UP = 300
const TICKETS = 2_000
/** Callers at once; more than the service has connections. */
const CALLERS = 16
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
export async function run(): Promise<BenchRow[]> {
  if (process.env.STEWARD_TEST_POSTGRES === undefined) {
    const server = await testPostgres()
    process.env.STEWARD_TEST_POSTGRES = server.url
    try {
      return await run()
    } finally {
      await server.release()
    }
  }
  const stage = await incidentStage()
  try {
    const { user, first } = await fillDirectory(stage, 'user', 'first')
    await nominate(stage, first, { tier: 'L1' })
    const caller = endUser(user)
    const openOne = async () => {
      const { statusCode, body } = await create(stage, '/v1/tickets', caller, fault)
      if (statusCode !== 201) throw new Error(body)
    }
    await atOnce(WARM_UP, openOne)
    const cpu = ownCpuMicros()
    const ours = await atOnce(TICKETS, openOne)
    const cpuMicrosPerUnit = (ownCpuMicros() - cpu) / TICKETS
    return [
      {
        name: 'tickets opened',
        reference: 'bare INSERT of the same rows',
        ours,
        theirs: await bareInserts(stage),
        unit: 'tickets/s',
        cpuMicrosPerUnit,
        note: `${String(TICKETS)} P3 tickets, ${String(CALLERS)} callers at once, one process; CPU without that of PostgreSQL`,
      },
    ]
  } finally {
    await stage.release()
  }
}

/** Does `work` so many times with `CALLERS` at once; answers how often per second. */
async function atOnce(times: number, work: (index: number) => Promise<void>): Promise<number> {
  let next = 0
  const started = performance.now()
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      while (next < times) await work(next++)
    }),
  )
  return times / ((performance.now() - started) / 1_000)
}

async function bareInserts({ db, url }: TestService): Promise<number> {
  const statements: string[] = []
  const rowsOf = new Map<string, Map<number, string>>()
  for (const [index, [table, ticketId]] of Object.entries(TABLES).entries()) {
    const columns: { name: string }[] = await db.query(
      `select attname as name from pg_attribute
        where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
      [table],
    )
    const list = columns.map(({ name }) => `"${name}"`).join(', ')
    await db.query(`create table bare_${String(index)} (like ${table} including all)`)
    statements.push(
      `insert into bare_${String(index)} (${list}) overriding system value
       select ${list} from json_populate_recordset(null::bare_${String(index)}, $1)`,
    )
    const grouped: { id: string; rows: string }[] = await db.query(
      `select ${ticketId} as id, json_agg(t)::text as rows from ${table} t
        where ${ticketId} is not null group by 1`,
    )
    for (const { id, rows } of grouped) {
      const known = rowsOf.get(id) ?? new Map<number, string>()
      rowsOf.set(id, known.set(index, rows))
    }
  }
  const tickets = [...rowsOf.values()].slice(0, TICKETS)
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    options: '-c search_path=incident_tiering',
  })
  const rate = await atOnce(tickets.length, async (at) => {
    const client = await pool.connect()
    try {
      await client.query('begin')
      for (const [index, rows] of tickets[at] ?? [])
        await client.query({
          name: `bare_${String(index)}`,
          text: statements[index] ?? '',
          values: [rows],
        })
      await client.query('commit')
    } finally {
      client.release()
    }
  })
  await pool.end()
  return rate
}

if (import.meta.main) console.table(await run())
