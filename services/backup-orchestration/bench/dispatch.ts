// A thousand schedules that are due in the same minute, against the bare INSERT of the rows that this queues.
// Standalone: node services/backup-orchestration/bench/dispatch.ts
import { bareInserts } from '@erp-steward/test-kit/bare-inserts'
import { ownCpuMicros, type BenchRow } from '@erp-steward/test-kit/bench-row'
import { onTestServer } from '@erp-steward/test-kit/on-test-server'
import { testAct } from '@erp-steward/test-kit/test-act'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { dispatchDueRuns } from '../src/runs/dispatch-due-runs.ts'
import { UNIT } from '@erp-steward/test-kit/tell-of-company'
import { AGENT, backupStage, MONDAY } from '../test/backup-stage.ts'

const TARGETS = 1_000

/** Each target's own rows; the second half missed its last run and states that. */
const TABLES: Readonly<Record<string, string>> = {
  backup_run: 'target_id::text',
  backup_copy: 'target_id::text',
  backup_assignment: 'target_id::text',
  outbox: 'aggregateid',
}

export const bottleneck =
  'Schedules: eight statements queue whatever is due, so PostgreSQL writing rows and indexes bounds it; after a downtime ' +
  'it is the event of each target that missed runs, one statement each.'

/** One dispatcher, as each minute has it: reckons the schedules, queues run, copy and work, states what was missed. */
export function run(): Promise<BenchRow[]> {
  return onTestServer(measure)
}

async function measure(): Promise<BenchRow[]> {
  const stage = await backupStage()
  try {
    const rows: BenchRow[] = []
    for (const missed of [0, 1]) rows.push(await dispatched(stage, missed))
    return rows
  } finally {
    await stage.release()
  }
}

/** @param missed runs that each target has missed before the one that is due */
async function dispatched(stage: TestService, missed: number): Promise<BenchRow> {
  await fillTargets(stage, missed)
  const cpu = ownCpuMicros()
  const started = performance.now()
  const due = await stage.db.transaction((tx) => dispatchDueRuns(tx, testAct({ now: MONDAY })))
  const ms = performance.now() - started
  const cpuMicrosPerUnit = (ownCpuMicros() - cpu) / TARGETS
  if (due !== TARGETS) throw new Error(`${String(due)} targets were due`)
  const theirs = await bareInserts({
    db: stage.db,
    url: stage.url,
    schema: 'backup_orchestration',
    tables: TABLES,
    units: TARGETS,
    writers: 1,
    perTransaction: TARGETS,
  })
  return {
    name: missed === 0 ? 'schedules due in one minute' : 'schedules due after a downtime',
    reference: 'bare INSERT of runs, copies, work and events',
    ours: TARGETS / (ms / 1_000),
    theirs,
    unit: 'schedules/s',
    cpuMicrosPerUnit,
    note: `${String(TARGETS)} targets in ${ms.toFixed(0)} ms, one transaction on both sides, the reference target by target, ${missed === 0 ? 'no event' : 'one event each'}; CPU without that of PostgreSQL`,
  }
}

/** Hourly schedules whose next instant is now, or so many hours ago. */
async function fillTargets({ db }: TestService, missed: number): Promise<void> {
  await db.query(`truncate backup_run, backup_copy, backup_assignment, backup_target, backup_policy, backup_agent, outbox;
    drop table if exists bare_0, bare_1, bare_2, bare_3`)
  await db.query(
    `insert into backup_agent (id, host_name, version, executors, sites, presented_at, last_seen_at)
     values ($1, 'db01', '1', '[{"executor": "filesystem", "isAvailable": true, "reason": null}]', '["PRIMARY"]', $2, $2)`,
    [AGENT, MONDAY],
  )
  await db.query(
    `insert into backup_target (id, code, name, system_code, unit_id, agent_id, source, key_id, object_kind,
                                required_before_change, active, policy_version, next_run_at, created_at, version)
     select gen_random_uuid(), 'T' || n, 'Target ' || n, 'S' || n % 100, $1, $2,
            '{"executor": "filesystem", "path": "/data", "exclude": []}', 'KEY1', 'apps', false, true, 1,
            $3::timestamptz - $4 * interval '1 hour', $3, 1
       from generate_series(1, $5::integer) as n`,
    [UNIT, AGENT, MONDAY, missed, TARGETS],
  )
  await db.query(
    `insert into backup_policy (target_id, version, schedule, rpo, start_within, keep_days, primary_site, author, created_at)
     select id, 1, '0 * * * *', 'PT2H', 'PT1H', 14, 'PRIMARY', 'bench', created_at from backup_target`,
  )
  await db.query('analyze backup_target, backup_policy')
}

if (import.meta.main) console.table(await run())
