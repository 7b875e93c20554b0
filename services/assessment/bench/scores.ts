// A month of a million facts computed into a score sheet, against one bare GROUP BY over the same facts.
// Standalone: node services/assessment/bench/scores.ts
import { ownCpuMicros, type BenchRow } from '@erp-steward/test-kit/bench-row'
import { onTestServer } from '@erp-steward/test-kit/on-test-server'
import { testAct } from '@erp-steward/test-kit/test-act'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { computeSheet } from '../src/scores/compute-sheet.ts'
import { assessmentStage, MONDAY } from '../test/assessment-stage.ts'

const PERSONS = 60_000
const DEPARTMENTS = 600
const UNITS = 20
/** Facts of each month, both over on the Monday of the stage. */
const MONTHS = { '2026-01': 417_000, '2026-02': 1_000_000 } as const

export const bottleneck =
  'Scores: two fifths are the deductions, a row each with an index of four columns, kept as the proof of each point; a ' +
  'quarter sums them up, a fifth reads them once more for the digest. Written in the order of the index they are read ' +
  'from front to back; in the order of the facts all of it took twice as long.'

/** Generated in SQL, so that a million facts are there in seconds. */
export function run(): Promise<BenchRow[]> {
  return onTestServer(measure)
}

async function measure(): Promise<BenchRow[]> {
  const stage = await assessmentStage()
  try {
    await fillDirectory(stage)
    const rows: BenchRow[] = []
    for (const [month, facts] of Object.entries(MONTHS)) {
      await fillMonth(stage, month, facts)
      await stage.db.query('vacuum analyze observation, entry_count')
      const theirs = await timed(() => stage.db.query(GROUP_BY, [month]))
      const cpu = ownCpuMicros()
      const ours = await timed(() =>
        stage.db.transaction((tx) => computeSheet(tx, month, testAct({ now: MONDAY }))),
      )
      rows.push({
        name: 'facts of a month computed into scores',
        reference: 'one GROUP BY over the same facts',
        ours: facts / (ours / 1_000),
        theirs: facts / (theirs / 1_000),
        unit: 'facts/s',
        cpuMicrosPerUnit: (ownCpuMicros() - cpu) / facts,
        note:
          `${facts.toLocaleString('en')} facts, ${PERSONS.toLocaleString('en')} persons: ` +
          `${ours.toFixed(0)} ms with each deduction kept and the digest; the GROUP BY keeps nothing; CPU without that of PostgreSQL`,
      })
    }
    return rows
  } finally {
    await stage.release()
  }
}

const GROUP_BY = `
  select person_id, kind, severity, count(*) from observation
   where month = $1 group by person_id, kind, severity`

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

/** Ids that follow from a number, so that facts and people meet without a look-up. */
const idOf = (kind: number, n: string) => `lpad(to_hex(${String(kind)}), 8, '0')::text
  || '-0000-4000-8000-' || lpad(to_hex(${n}), 12, '0')`

async function fillDirectory({ db }: TestService): Promise<void> {
  await db.query(`
    insert into unit (id, code, name, uses_erp, active, version)
    select (${idOf(1, 'n')})::uuid, 'U' || n, 'Unit ' || n, true, true, 1
      from generate_series(0, ${String(UNITS - 1)}) as n;
    insert into department (id, unit_id, code, name, active, version)
    select (${idOf(2, 'n')})::uuid, (${idOf(1, `n % ${String(UNITS)}`)})::uuid, 'D' || n, 'Department ' || n, true, 1
      from generate_series(0, ${String(DEPARTMENTS - 1)}) as n;
    insert into person (id, unit_id, department_id, email, active, version)
    select (${idOf(3, 'n')})::uuid, (${idOf(1, `n % ${String(UNITS)}`)})::uuid,
           (${idOf(2, `n % ${String(DEPARTMENTS)}`)})::uuid, null, true, 1
      from generate_series(0, ${String(PERSONS - 1)}) as n;
    analyze unit, department, person`)
}

/** Four facts of five are data errors; the rest are delays and late corrections. Each person has counted entries. */
async function fillMonth({ db }: TestService, month: string, facts: number): Promise<void> {
  const at = `${month}-11T04:00:00Z`
  await db.query(
    `insert into observation (id, kind, severity, person_id, unit_id, reference, description, month, occurred_at,
                              found_at, recorded_at, recorded_by, recorded_order, fingerprint, event_id, standing, recorded_by_controllers,
                              by_concerned, corrected_by_controllers)
     select gen_random_uuid(), case n % 5 when 0 then case n % 2 when 0 then 'delay' else 'late-correction' end
                                    else 'data-error' end,
            case n % 5 when 0 then null else (array['light', 'medium', 'heavy'])[1 + n % 3] end,
            (${idOf(3, 'person')})::uuid, (${idOf(1, `person % ${String(UNITS)}`)})::uuid,
            'JE-' || n, 'Wrong account.', $1, $2, $2, $2, 'client:middleware', nextval('fact_order'),
            'fingerprint', gen_random_uuid(), 'recorded', '{}', false, '{}'
       from generate_series(1, $3::integer) as n,
            lateral (select (n::bigint * 7919 % ${String(PERSONS)})::integer as person) as chosen`,
    [month, at, facts],
  )
  await db.query(
    `with batch as (
       insert into entry_batch (id, month, module_code, persons, entries, counted_at, counted_by, fingerprint, event_id)
       values (gen_random_uuid(), $1, null, $3::integer, $3::integer * 500, $2, 'client:middleware', 'fingerprint',
               gen_random_uuid())
       returning id)
     insert into entry_count (batch_id, person_id, month, module_code, entries, recorded_order)
     select batch.id, (${idOf(3, 'n')})::uuid, $1, null, 500, nextval('fact_order')
       from batch, generate_series(0, $3::integer - 1) as n`,
    [month, at, PERSONS],
  )
}

if (import.meta.main) console.table(await run())
