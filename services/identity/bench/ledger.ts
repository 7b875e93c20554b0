// The whole ledger computed anew, as an auditor asks for it, against SHA-256 over the same bytes.
// Standalone: node services/identity/bench/ledger.ts
import { createHash, randomUUID } from 'node:crypto'
import { SessionEnded } from '@erp-steward/contracts/sign-in-events'
import { ownCpuMicros, type BenchRow } from '@erp-steward/test-kit/bench-row'
import { onTestServer } from '@erp-steward/test-kit/on-test-server'
import { eventOf } from '@erp-steward/test-kit/tell'
import { testAct } from '@erp-steward/test-kit/test-act'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { onEveryFact } from '../src/audit/on-every-fact.ts'
import { identityStage } from '../test/account-stage.ts'
import { as, call, ok } from '../test/directory-stage.ts'

const FACTS = 100_000
/** Facts that are recorded by one transaction. */
const TOGETHER = 1_000

export const bottleneck =
  'Ledger: reading a record from the driver and its JSON cost as much as the hash; one process follows the chain, for each ' +
  'record hangs on the one before.'

/** 100,000 facts verified by the operation that the auditor calls. */
export function run(): Promise<BenchRow[]> {
  return onTestServer(measure)
}

async function measure(): Promise<BenchRow[]> {
  const stage = await identityStage()
  try {
    for (let from = 0; from < FACTS; from += TOGETHER) await record(stage)
    await stage.db.query('analyze audit_record')
    const cpu = ownCpuMicros()
    const started = performance.now()
    const { checked } = await ok<{ checked: number }>(
      call(stage, {
        ...{ method: 'POST', url: '/v1/audit/verifications' },
        headers: as('AUDIT_ADMIN'),
      }),
    )
    const ours = FACTS / ((performance.now() - started) / 1_000)
    const cpuMicrosPerUnit = (ownCpuMicros() - cpu) / FACTS
    if (checked < FACTS) throw new Error(`checked ${String(checked)} facts`)
    return [
      {
        name: 'facts of the ledger verified',
        reference: 'SHA-256 over the same bytes, in memory',
        ours,
        theirs: await hashes(stage),
        unit: 'facts/s',
        cpuMicrosPerUnit,
        note: `${FACTS.toLocaleString('en')} facts read, hashed, linked and held against their columns by one request; CPU without that of PostgreSQL`,
      },
    ]
  } finally {
    await stage.release()
  }
}

function record(stage: TestService): Promise<void> {
  const act = testAct({ now: stage.now })
  const deliveries = Array.from({ length: TOGETHER }, () => {
    const sessionId = randomUUID()
    const data = { accountId: sessionId, sessionId, reason: 'signed out', endedAt: EPOCH }
    return { event: eventOf(stage, SessionEnded, sessionId, data), act }
  })
  return stage.db.transaction((tx) => onEveryFact.handle(tx, deliveries))
}

const EPOCH = '2026-01-01T00:00:00Z'

async function hashes({ db }: TestService): Promise<number> {
  const records: { envelope: string }[] = await db.query('select envelope from audit_record')
  const started = performance.now()
  let last = Buffer.alloc(32)
  for (const { envelope } of records)
    last = createHash('sha256').update(last).update(envelope).digest()
  return records.length / ((performance.now() - started) / 1_000)
}

if (import.meta.main) {
  console.table(await run())
  process.exit(0)
}
