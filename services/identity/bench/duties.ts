// A check of incompatible duties under 5,000 pairs against the bare read of what the person holds.
// Standalone: node services/identity/bench/duties.ts
import { randomUUID } from 'node:crypto'
import { ownCpuMicros, type BenchRow } from '@erp-steward/test-kit/bench-row'
import { onTestServer } from '@erp-steward/test-kit/on-test-server'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { violatedPairs } from '../src/sod/violations-of.ts'
import { addAccount, identityStage } from '../test/account-stage.ts'

const PAIRS = 5_000
const DUTIES = 500
const CARRIERS = 5_000
/** Grants of each person. */
const HELD = 20
const CHECKS = 500

export function run(): Promise<BenchRow[]> {
  return onTestServer(measure)
}

async function measure(): Promise<BenchRow[]> {
  const stage = await identityStage()
  try {
    const people = await company(stage)
    const { manager } = stage.db
    const items = [{ kind: 'ebs-responsibility', name: nameOf(4_999) }] as const
    const check = async (personId: string) => {
      await violatedPairs(manager, [{ personId, items }], stage.now)
    }
    const bare = async (personId: string) => {
      await manager.query('select * from access_grant where person_id = $1 and ended_at is null', [
        personId,
      ])
    }
    await perSecond(people.slice(0, 50), check)
    await perSecond(people.slice(0, 50), bare)
    const cpu = ownCpuMicros()
    const ours = await perSecond(people, check)
    const cpuMicrosPerUnit = (ownCpuMicros() - cpu) / people.length
    return [
      {
        name: `check of one person under ${PAIRS} pairs of duties`,
        reference: 'bare SELECT of what the person holds',
        ours,
        theirs: await perSecond(people, bare),
        unit: 'checks/s',
        cpuMicrosPerUnit,
        note: `${HELD} grants a person, one more asked for, one after the other; CPU without that of PostgreSQL`,
      },
    ]
  } finally {
    await stage.release()
  }
}

const nameOf = (at: number) => `SQLGL|RESP_${String(at)}|STANDARD`

async function company(stage: TestService): Promise<string[]> {
  const { db, now } = stage
  await db.query(`delete from sod_pair`)
  await db.query(
    `insert into sod_pair
     select least(a, b), greatest(a, b) from (
       select 'D' || (at % $2) as a, 'D' || ((at % $2 + 1 + at / $2) % $2) as b from generate_series(0, $1::int - 1) as at) pair
      where a <> b on conflict do nothing`,
    [PAIRS, DUTIES],
  )
  await db.query(
    `insert into sod_carrier
     select 'ebs-responsibility', 'SQLGL|RESP_' || at || '|STANDARD', 'D' || (at % $2) from generate_series(0, $1::int - 1) as at`,
    [CARRIERS, DUTIES],
  )
  const { personId, id: accountId, unitId } = await addAccount(stage)
  const people = [String(personId)]
  await db.query(
    `insert into access_grant (id, person_id, account_id, kind, name, source, position_id, position_version, starts_at,
                               owner_unit_id, granted_by, sod, version)
     select gen_random_uuid(), $1, $2, 'ebs-responsibility', 'SQLGL|RESP_' || at * 37 || '|STANDARD', 'position',
            (select position_id from person where id = $1), 1, $3, $4, 'bench', 'clear', 1
       from generate_series(1, $5::int) as at`,
    [people[0], accountId, now, unitId, HELD],
  )
  await db.query('analyze')
  return Array.from({ length: CHECKS }, () => people[0] ?? randomUUID())
}

async function perSecond(
  people: readonly string[],
  ask: (personId: string) => Promise<void>,
): Promise<number> {
  const started = performance.now()
  for (const personId of people) await ask(personId)
  return people.length / ((performance.now() - started) / 1_000)
}

if (import.meta.main) console.table(await run())
