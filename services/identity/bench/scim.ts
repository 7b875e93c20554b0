// Users by SCIM against the same people by the product's own operations, in one run.
// Standalone: node services/identity/bench/scim.ts
import { atOnce } from '@erp-steward/test-kit/at-once'
import { ownCpuMicros, type BenchRow } from '@erp-steward/test-kit/bench-row'
import { onTestServer } from '@erp-steward/test-kit/on-test-server'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { identityStage } from '../test/account-stage.ts'
import {
  as,
  call,
  join,
  ok,
  responsibility,
  setRights,
  smallCompany,
} from '../test/directory-stage.ts'
import { newUser, scim } from '../test/scim/scim-stage.ts'

const USERS = 10_000
const WARM_UP = 100
const CREATED = 1_000
const PAGES = 200
const CALLERS = 8

export const bottleneck =
  'SCIM: a page of 50 opens 250 sealed texts and counts all that fit; a user that is created is a joiner, with what the client keeps besides.'

/** Users created one request each, then pages of 50 of ten thousand, filtered and not. */
export function run(): Promise<BenchRow[]> {
  return onTestServer(measure)
}

async function measure(): Promise<BenchRow[]> {
  const stage = await identityStage()
  try {
    await smallCompany(stage)
    await setRights(stage, 'CLERK', {
      roles: ['END_USER'],
      responsibilities: [responsibility('SQLGL', 'GL_CLERK')],
    })
    const post = async (tag: string) => {
      const { status, body } = await scim(stage, 'POST', '/Users', {
        body: newUser(tag, { externalId: tag, emails: [{ value: `${tag}@example.test` }] }),
      })
      if (status !== 201) throw new Error(JSON.stringify(body))
    }
    await atOnce(WARM_UP, CALLERS, (at) => post(`W${String(at)}`))
    const created = await timed(CREATED, (at) => post(`S${String(at)}`))
    const joined = await timed(CREATED, async (at) => {
      const tag = `J${String(at)}`
      await ok(join(stage, { employeeNumber: tag, email: `${tag}@example.test` }))
    })
    await fill(stage, USERS - WARM_UP - 2 * CREATED)
    // As autovacuum does in the life of a database.
    await stage.db.query('analyze')
    const list = async (query: Record<string, string>) => {
      const { status, body } = await scim(stage, 'GET', '/Users', { query })
      if (status !== 200 || Number(body.totalResults) < 1) throw new Error(JSON.stringify(body))
    }
    const people = async () => {
      await ok(call(stage, { method: 'GET', url: '/v1/persons?limit=50', headers: as('SCRIPT') }))
    }
    await atOnce(WARM_UP, 1, () => list({ count: '50' }))
    await atOnce(WARM_UP, 1, people)
    const pages = await timed(PAGES, (at) => list({ count: '50', startIndex: String(at + 1) }), 1)
    const native = await timed(PAGES, people, 1)
    const found = await timed(PAGES, (at) => list({ filter: `userName eq "u.s${String(at)}"` }), 1)
    const note = `of ${String(USERS)}; one process, injected requests; CPU without that of PostgreSQL`
    return [
      {
        name: 'users created by SCIM',
        reference: 'joiners by POST /v1/persons',
        ...against(created, joined),
        unit: 'users/s',
        note: `${String(CREATED)} requests, ${String(CALLERS)} at once; CPU without that of PostgreSQL`,
      },
      {
        name: 'pages of 50 users by SCIM',
        reference: 'pages of 50 of GET /v1/persons',
        ...against(pages, native),
        unit: 'pages/s',
        note,
      },
      {
        name: 'users found by SCIM, by user name',
        reference: 'pages of 50 of GET /v1/persons',
        ...against(found, native),
        unit: 'requests/s',
        note,
      },
    ]
  } finally {
    await stage.release()
  }
}

interface Timed {
  readonly perSecond: number
  readonly cpuMicros: number
}

async function timed(
  count: number,
  act: (at: number) => Promise<void>,
  callers = CALLERS,
): Promise<Timed> {
  const cpu = ownCpuMicros()
  const started = performance.now()
  await atOnce(count, callers, act)
  const perSecond = count / ((performance.now() - started) / 1_000)
  return { perSecond, cpuMicros: (ownCpuMicros() - cpu) / count }
}

const against = (ours: Timed, theirs: Timed) => ({
  ours: ours.perSecond,
  theirs: theirs.perSecond,
  cpuMicrosPerUnit: ours.cpuMicros,
})

/** The other people of the company, by one list. */
async function fill(stage: TestService, count: number): Promise<void> {
  for (let from = 0; from < count; from += 5_000) {
    const rows = Array.from({ length: Math.min(5_000, count - from) }, (_, at) => {
      const tag = `F${String(from + at)}`
      return `${tag},Person ${tag},NORTH,FIN,CLERK,${tag}@example.test`
    })
    const header = 'employeeNumber,name,unitCode,departmentCode,positionCode,email'
    const { statusCode, body } = await stage.app.inject({
      method: 'POST',
      url: '/v1/imports/persons?mode=all-or-none',
      headers: { ...as('SCRIPT'), 'content-type': 'text/csv' },
      payload: [header, ...rows].join('\n'),
    })
    if (statusCode !== 200) throw new Error(body)
  }
}

if (import.meta.main) console.table(await run())
