// Pages of 50 out of a million accounts over the operation that lists them, against the bare SELECT of the same rows.
// Standalone: node services/identity/bench/million-accounts.ts
import { randomUUID } from 'node:crypto'
import { ownCpuMicros, type BenchRow } from '@erp-steward/test-kit/bench-row'
import { onTestServer } from '@erp-steward/test-kit/on-test-server'
import { TEST_PERSONAL_DATA } from '@erp-steward/test-kit/personal-data'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { identityStage } from '../test/account-stage.ts'
import { as, call, ok, smallCompany } from '../test/directory-stage.ts'

const ACCOUNTS = 1_000_000
const PART = 10_000
const PAGES = 500
const LIMIT = 50

export const bottleneck =
  'Lists: opening the sealed names of the rows of a page, some 12 µs each; the page itself is a walk along an index.'

/** One walk through the list from its begin, and pages in its middle, by unit and by name. */
export function run(): Promise<BenchRow[]> {
  return onTestServer(measure)
}

async function measure(): Promise<BenchRow[]> {
  const stage = await identityStage()
  try {
    const company = await smallCompany(stage)
    for (let from = 0; from < ACCOUNTS; from += PART) await register(stage, company, from)
    await stage.db.query('analyze person, account')
    const times: number[] = []
    const page = async (query: string): Promise<string | null> => {
      const started = performance.now()
      const { items, next } = await ok<{ items: object[]; next: string | null }>(
        call(stage, {
          ...{ method: 'GET', url: `/v1/accounts?limit=${String(LIMIT)}${query}` },
          headers: as('SECURITY_ADMIN'),
        }),
      )
      times.push(performance.now() - started)
      if (items.length === 0) throw new Error(`an empty page for ${query}`)
      return next
    }
    const walk = async (filter: string, pages: number) => {
      let cursor: string | null = null
      for (let at = 0; at < pages; at += 1) {
        cursor = await page(filter + (cursor === null ? '' : `&cursor=${cursor}`))
        if (cursor === null) throw new Error('the list ended')
      }
    }
    await walk('', PAGES / 10)
    times.length = 0
    const cpu = ownCpuMicros()
    const started = performance.now()
    await walk('', PAGES)
    await walk('&sort=-createdAt', PAGES)
    await walk('&unitCode=SOUTH', PAGES)
    const asked = times.length
    const ours = asked / ((performance.now() - started) / 1_000)
    const cpuMicrosPerUnit = (ownCpuMicros() - cpu) / asked
    const p99 = times.toSorted((a, b) => a - b)[Math.floor(asked * 0.99)] ?? NaN
    return [
      {
        name: 'pages of a list of a million accounts',
        reference: 'bare SELECT of the same rows',
        ours,
        theirs: await barePages(stage),
        unit: 'pages/s',
        cpuMicrosPerUnit,
        note: `${String(asked)} pages of ${String(LIMIT)}, forwards, backwards and of one unit, one after the other, p99 ${p99.toFixed(1)} ms; injected requests; CPU without that of PostgreSQL`,
      },
    ]
  } finally {
    await stage.release()
  }
}

/** Rows as the product writes them, without its events: what is read is what is measured. */
async function register(
  { db, now }: TestService,
  { north, south, clerk }: Awaited<ReturnType<typeof smallCompany>>,
  from: number,
): Promise<void> {
  const { seal, lookup } = TEST_PERSONAL_DATA
  const rows = Array.from({ length: PART }, (_, at) => {
    const number = `M${String(from + at).padStart(7, '0')}`
    const [id, accountId] = [randomUUID(), randomUUID()]
    return {
      ...{ id, account_id: accountId, unit_id: (from + at) % 2 === 0 ? north.id : south.id },
      ...{ number: seal(id, 'employee-number', number) },
      ...{ number_lookup: lookup('employee-number', number) },
      ...{ name: seal(id, 'name', number), name_lookup: lookup('name', number) },
      ...{ user_name: seal(accountId, 'user-name', number) },
      ...{ user_name_lookup: lookup('user-name', number) },
      created_at: new Date(now.getTime() - (ACCOUNTS - from - at) * 1_000),
    }
  })
  await db.query(
    `with given as materialized (
       select * from json_to_recordset($1) as row (
         id uuid, account_id uuid, unit_id uuid, number text, number_lookup text, name text, name_lookup text,
         user_name text, user_name_lookup text, created_at timestamptz)
     ), taken as (
       insert into person (id, employee_number, employee_number_lookup, name, name_lookup, unit_id, department_id,
                           position_id, active, version, created_at)
       select id, number, number_lookup, name, name_lookup, given.unit_id,
              (select department.id from department where department.unit_id = given.unit_id and code = 'FIN'), $2, true, 1,
              created_at
         from given
     )
     insert into account (id, user_name, user_name_lookup, person_id, status, epoch, version, created_at, rights_pending)
     select account_id, user_name, user_name_lookup, id, 'active', 0, 1, created_at, false from given`,
    [JSON.stringify(rows), clerk.id],
  )
}

async function barePages({ db }: TestService): Promise<number> {
  const started = performance.now()
  let after = ''
  for (let at = 0; at < PAGES; at += 1) {
    const rows: { key: string }[] = await db.query(
      `select account.*, person.name, person.unit_id, account.created_at::text as key
         from account join person on person.id = account.person_id
        where account.created_at > coalesce(nullif($1, '')::timestamptz, '-infinity')
        order by account.created_at limit ${String(LIMIT)}`,
      [after],
    )
    after = rows.at(-1)?.key ?? ''
  }
  return PAGES / ((performance.now() - started) / 1_000)
}

if (import.meta.main) {
  console.table(await run())
  process.exit(0)
}
