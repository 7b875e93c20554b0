// A review of 50,000 grants opened, against one bare INSERT ... SELECT of as many rows; and what nobody certified revoked at
// the deadline, against one bare UPDATE of the same grants.
// Standalone: node services/identity/bench/reviews.ts
import { randomUUID } from 'node:crypto'
import { ownCpuMicros, type BenchRow } from '@erp-steward/test-kit/bench-row'
import { onTestServer } from '@erp-steward/test-kit/on-test-server'
import { TEST_PERSONAL_DATA } from '@erp-steward/test-kit/personal-data'
import { runTask } from '@erp-steward/test-kit/run-task'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { addAccount, identityStage } from '../test/account-stage.ts'
import { as, call, ok } from '../test/directory-stage.ts'

const PEOPLE = 2_500
/** Grants of each person. */
const HELD = 20
const GRANTS = PEOPLE * HELD
/** People of whom nobody certifies anything. */
const LAPSING = 200

export function run(): Promise<BenchRow[]> {
  return onTestServer(measure)
}

async function measure(): Promise<BenchRow[]> {
  const stage = await identityStage()
  try {
    await company(stage)
    const cpu = ownCpuMicros()
    const opened = await seconds(async () => {
      const headers = as('SECURITY_ADMIN')
      const payload = { kind: 'business' }
      const url = '/v1/access-reviews'
      return ok<{ id: string; dueAt: string }>(
        call(stage, { method: 'POST', url, headers, payload }),
      )
    })
    const openingCpu = (ownCpuMicros() - cpu) / GRANTS
    const bare = await seconds(() =>
      stage.db.query(
        `create table bare as select gen_random_uuid() as id, id as grant_id, person_id, kind, name, source from access_grant`,
      ),
    )
    const lapse = await lapsing(stage, opened.result)
    return [
      {
        name: 'a review opened',
        reference: 'bare CREATE TABLE AS of the same grants',
        ours: GRANTS / opened.took,
        theirs: GRANTS / bare.took,
        unit: 'grants/s',
        cpuMicrosPerUnit: openingCpu,
        note: `${GRANTS.toLocaleString('en')} grants of ${PEOPLE.toLocaleString('en')} people in one call, an item each with who decides it; CPU without that of PostgreSQL`,
      },
      lapse,
    ]
  } finally {
    await stage.release()
  }
}

/** Comes to the deadline of a review in which nothing was certified of some people, and all of the others. */
async function lapsing(
  stage: TestService,
  { id, dueAt }: { readonly id: string; readonly dueAt: string },
): Promise<BenchRow> {
  await stage.db.query(
    `update access_review_item set decision = 'certified', decided_by = 'bench', decided_at = $2
      where review_id = $1 and person_id not in (
        select person_id from access_review_item where review_id = $1 group by person_id order by person_id limit $3)`,
    [id, stage.now, LAPSING],
  )
  await stage.db.query('analyze')
  stage.now = new Date(dueAt)
  const cpu = ownCpuMicros()
  const ended = await seconds(async () => {
    const isOpen = async () =>
      (await stage.db.query<unknown[]>('select from access_review where closed_at is null'))
        .length > 0
    while (await isOpen()) await runTask(stage, 'close-access-reviews')
  })
  const grants = LAPSING * HELD
  const cpuMicrosPerUnit = (ownCpuMicros() - cpu) / grants
  const bare = await seconds(() =>
    stage.db.query(
      `update access_grant set end_reason = 'bench' where end_reason = 'review-lapsed'`,
    ),
  )
  return {
    name: 'a review ended in which nobody certified',
    reference: 'bare UPDATE of the same grants',
    ours: grants / ended.took,
    theirs: grants / bare.took,
    unit: 'grants/s',
    cpuMicrosPerUnit,
    note: `${grants.toLocaleString('en')} of ${GRANTS.toLocaleString('en')} grants revoked, with the tasks in EBS, tokens void, facts, and the digest over all items; CPU without that of PostgreSQL`,
  }
}

async function company(stage: TestService): Promise<void> {
  const { db, now } = stage
  const { personId } = await addAccount(stage)
  const others = Array.from({ length: PEOPLE - 1 }, (_, at) => {
    const [id, account] = [randomUUID(), randomUUID()]
    const userName = TEST_PERSONAL_DATA.seal(account, 'user-name', `BENCH${String(at)}`)
    return { id, account, userName }
  })
  await db.query(
    `insert into person (id, employee_number, employee_number_lookup, name, name_lookup, unit_id, department_id, position_id,
                         active, version, created_at)
     select other.id, employee_number, employee_number_lookup || other.id, name, name_lookup, unit_id, department_id,
            position_id, true, 1, created_at
       from person, json_to_recordset($2) as other (id uuid) where person.id = $1`,
    [personId, JSON.stringify(others)],
  )
  await db.query(
    `insert into account (id, user_name, user_name_lookup, person_id, status, epoch, version, created_at)
     select account, "userName", account::text, id, 'active', 0, 1, $2
       from json_to_recordset($1) as other (id uuid, account uuid, "userName" text)`,
    [JSON.stringify(others), now],
  )
  await db.query(
    `insert into access_grant (id, person_id, account_id, kind, name, source, position_id, position_version, starts_at,
                               owner_unit_id, granted_by, sod, version)
     select gen_random_uuid(), person.id, account.id, 'ebs-responsibility', 'SQLGL|RESP_' || at || '|STANDARD', 'position',
            position_id, 1, $1, unit_id, 'bench', 'clear', 1
       from person join account on account.person_id = person.id, generate_series(1, $2::int) as at`,
    [now, HELD],
  )
  await db.query(`delete from access_grant where kind = 'role'`)
  await db.query('analyze')
}

async function seconds<Result>(act: () => Promise<Result>) {
  const started = performance.now()
  const result = await act()
  return { result, took: (performance.now() - started) / 1_000 }
}

if (import.meta.main) console.table(await run())
