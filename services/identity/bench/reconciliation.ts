// What EBS holds of 100,000 accounts, uploaded in parts and compared with the register by the job, against one anti-join of
// PostgreSQL over the same grants in clear.
// Standalone: node services/identity/bench/reconciliation.ts
import { randomUUID } from 'node:crypto'
import { ownCpuMicros, type BenchRow } from '@erp-steward/test-kit/bench-row'
import { runDueJobs } from '@erp-steward/test-kit/due-jobs'
import { onTestServer } from '@erp-steward/test-kit/on-test-server'
import { TEST_PERSONAL_DATA } from '@erp-steward/test-kit/personal-data'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { identityStage } from '../test/account-stage.ts'
import { ok, smallCompany } from '../test/directory-stage.ts'
import { complete, held, holds, openUpload, putPart } from '../test/reconciliation-stage.ts'

const ACCOUNTS = 100_000
const PART = 2_000
/** One in so many has something in EBS that nobody approved. */
const ASTRAY = 100
const APPROVED = ['GL_CLERK', 'GL_INQUIRY']

const nameOf = (at: number) => `USER${String(at).padStart(6, '0')}X`

/** All of them uploaded and compared; one in a hundred differs. */
export function run(): Promise<BenchRow[]> {
  return onTestServer(measure)
}

async function measure(): Promise<BenchRow[]> {
  const stage = await identityStage()
  try {
    const company = await smallCompany(stage)
    for (let from = 0; from < ACCOUNTS; from += PART) await register(stage, company, from)
    await stage.db.query('analyze person, account, access_grant')
    stage.now = new Date(stage.now.getTime() + 1_000)
    const cpu = ownCpuMicros()
    const started = performance.now()
    await compareAll(stage)
    const ours = ACCOUNTS / ((performance.now() - started) / 1_000)
    const cpuMicrosPerUnit = (ownCpuMicros() - cpu) / ACCOUNTS
    const [found]: { count: number }[] = await stage.db.query(
      'select count(*)::int as count from ebs_finding',
    )
    if (found?.count !== ACCOUNTS / ASTRAY) throw new Error(`found ${String(found?.count)}`)
    return [
      {
        name: 'EBS compared with the register',
        reference: 'one anti-join over the same grants in clear',
        ours,
        theirs: await antiJoin(stage),
        unit: 'accounts/s',
        cpuMicrosPerUnit,
        note: `${ACCOUNTS.toLocaleString('en')} accounts with ${String(APPROVED.length)} responsibilities each, uploaded in parts of ${String(PART)}, sealed and compared by the job; one in ${String(ASTRAY)} differs and becomes a case; CPU without that of PostgreSQL`,
      },
    ]
  } finally {
    await stage.release()
  }
}

async function compareAll(stage: TestService): Promise<void> {
  const { id } = await openUpload(stage)
  for (let from = 0; from < ACCOUNTS; from += PART) {
    const users = Array.from({ length: PART }, (_, at) => userAt(from + at))
    await ok(putPart(stage, id, from / PART + 1, users))
  }
  await ok(complete(stage, id, ACCOUNTS))
  await runDueJobs(stage.db, 'identity', stage.tasks, stage.now)
}

function userAt(at: number) {
  const keys = at % ASTRAY === 0 ? [...APPROVED, 'GL_SUPER_USER'] : APPROVED
  return held(nameOf(at), { responsibilities: keys.map((key) => holds('SQLGL', key)) })
}

/** People with accounts and grants, as joining leaves them. */
async function register(
  { db, now }: TestService,
  { north, clerk }: Awaited<ReturnType<typeof smallCompany>>,
  from: number,
): Promise<void> {
  const { seal, lookup } = TEST_PERSONAL_DATA
  const [{ id: department } = { id: '' }]: { id: string }[] = await db.query(
    'select id from department where unit_id = $1 limit 1',
    [north.id],
  )
  const people = Array.from({ length: PART }, (_, at) => {
    const [id, account] = [randomUUID(), randomUUID()]
    const number = `E${String(from + at)}`
    return {
      ...{ id, account, number: seal(id, 'employee-number', number) },
      number_lookup: lookup('employee-number', number),
      ...{ name: seal(id, 'name', '张三'), name_lookup: lookup('name', '张三') },
      user_name: seal(account, 'user-name', nameOf(from + at)),
      user_name_lookup: lookup('user-name', nameOf(from + at)),
    }
  })
  const rows = JSON.stringify(people)
  const columns =
    'id uuid, account uuid, number text, number_lookup text, name text, name_lookup text, user_name text, user_name_lookup text'
  await db.query(
    `insert into person (id, employee_number, employee_number_lookup, name, name_lookup, unit_id, department_id, position_id,
                         active, version, created_at)
     select id, number, number_lookup, name, name_lookup, $2, $3, $4, true, 1, $5
       from json_to_recordset($1) as given (${columns})`,
    [rows, north.id, department, clerk.id, now],
  )
  await db.query(
    `insert into account (id, user_name, user_name_lookup, person_id, status, epoch, version, created_at)
     select account, user_name, user_name_lookup, id, 'active', 0, 1, $2 from json_to_recordset($1) as given (${columns})`,
    [rows, now],
  )
  await db.query(
    `insert into access_grant (id, person_id, account_id, kind, name, source, position_id, position_version, starts_at,
                               owner_unit_id, granted_by, sod, version)
     select gen_random_uuid(), id, account, 'ebs-responsibility', 'SQLGL|' || key || '|STANDARD', 'position', $2, 1, $3, $4,
            'bench', 'clear', 1
       from json_to_recordset($1) as given (${columns}) cross join unnest($5::text[]) as key`,
    [rows, clerk.id, now, north.id, APPROVED],
  )
}

/** Accounts per second where PostgreSQL has both sides in clear and nothing else is done. */
async function antiJoin({ db }: TestService): Promise<number> {
  await db.query(`
    create table bare_held as
      select account_id, name from access_grant
      union all select account_id, 'SQLGL|GL_SUPER_USER|STANDARD' from (
        select distinct account_id from access_grant) each where hashtext(account_id::text) % ${String(ASTRAY)} = 0`)
  await db.query('create table bare_wanted as select account_id, name from access_grant')
  await db.query('analyze bare_held, bare_wanted')
  const started = performance.now()
  await db.query(
    `select held.account_id, held.name, wanted.account_id, wanted.name
       from bare_held held full join bare_wanted wanted on wanted.account_id = held.account_id and wanted.name = held.name
      where held.account_id is null or wanted.account_id is null`,
  )
  return ACCOUNTS / ((performance.now() - started) / 1_000)
}

if (import.meta.main) console.table(await run())
