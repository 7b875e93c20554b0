// The life of an account over the service's operations: created, changed, locked, ended, with every fact in the ledger, against
// the bare INSERT of the very rows that it leaves.
// Standalone: node services/identity/bench/life-cycle.ts
import { randomUUID } from 'node:crypto'
import { createLocalBus } from '@erp-steward/messaging/local-bus'
import { startConsumer } from '@erp-steward/messaging/consumer'
import { startRelay } from '@erp-steward/messaging/relay'
import { atOnce } from '@erp-steward/test-kit/at-once'
import { bareInserts } from '@erp-steward/test-kit/bare-inserts'
import { ownCpuMicros, type BenchRow } from '@erp-steward/test-kit/bench-row'
import { eventually } from '@erp-steward/test-kit/eventually'
import { onTestServer } from '@erp-steward/test-kit/on-test-server'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { pino } from 'pino'
import { identityStage } from '../test/account-stage.ts'
import {
  as,
  call,
  ok,
  responsibility,
  setRights,
  smallCompany,
  type PersonView,
} from '../test/directory-stage.ts'

const WARM_UP = 100
const LIVES = 1_000
const CALLERS = 16

export const bottleneck =
  "Life of an account: half of node's CPU is the writing of statements to the server, of four operations and of the ledger " +
  'beside them; fewer and larger writes are what is left to win.'

const OF_ACCOUNT = '(select person_id::text from account where account.id = t.account_id)'
const TABLES: Readonly<Record<string, string>> = {
  person: 't.id::text',
  account: 't.person_id::text',
  access_grant: 't.person_id::text',
  provisioning_task: OF_ACCOUNT,
}

/** Each life of four requests, one after the other, many lives at once; over when the ledger has every fact. */
export function run(): Promise<BenchRow[]> {
  return onTestServer(measure)
}

async function measure(): Promise<BenchRow[]> {
  const stage = await identityStage()
  const log = pino({ level: 'silent' })
  const bus = createLocalBus()
  const { db, url, subscriptions, consumer } = stage
  const listening = await startConsumer(bus, 'identity', subscriptions, consumer)
  const relay = startRelay({ url, schema: 'identity', bus, log })
  try {
    await smallCompany(stage)
    await setRights(stage, 'CLERK', {
      roles: ['END_USER'],
      responsibilities: [responsibility('SQLGL', 'GL_CLERK')],
    })
    await atOnce(WARM_UP, CALLERS, (at) => live(stage, `W${String(at)}`))
    await recorded(stage)
    const cpu = ownCpuMicros()
    const started = performance.now()
    await atOnce(LIVES, CALLERS, (at) => live(stage, `L${String(at)}`))
    await recorded(stage)
    const ours = LIVES / ((performance.now() - started) / 1_000)
    const cpuMicrosPerUnit = (ownCpuMicros() - cpu) / LIVES
    return [
      {
        name: 'life of an account, from create to end',
        reference: 'bare INSERT of person, account, grants and EBS tasks',
        ours,
        theirs: await bareInserts({
          ...{ db, url, schema: 'identity', tables: TABLES, units: LIVES },
          ...{ writers: CALLERS, perTransaction: 1 },
        }),
        unit: 'lives/s',
        cpuMicrosPerUnit,
        note: `${String(LIVES)} lives of create, change, lock and end, ${String(CALLERS)} at once, until the ledger has their facts; one process, injected requests; CPU without that of PostgreSQL`,
      },
    ]
  } finally {
    await relay.stop()
    await listening.stop()
    await bus.close()
    await stage.release()
  }
}

async function live(stage: TestService, tag: string): Promise<void> {
  const headers = as('SCRIPT')
  const post = <Body>(path: string, payload: object, version?: number) =>
    ok<Body>(
      call(stage, {
        ...{ method: 'POST', url: path, headers, payload },
        ...(version !== undefined && { version }),
      }),
    )
  const joined = await post<PersonView>('/v1/persons', {
    ...{ employeeNumber: tag, name: '张三', email: `${tag}@example.test` },
    ...{ unitCode: 'NORTH', departmentCode: 'FIN', positionCode: 'CLERK' },
  })
  const { id, accountId, version } = await ok<PersonView>(
    call(stage, {
      ...{ method: 'PATCH', url: `/v1/persons/${joined.id}`, headers, version: joined.version },
      payload: { name: '李四' },
    }),
  )
  const reason = { reason: `risk ${randomUUID()}` }
  await post(`/v1/accounts/${accountId}/freeze`, reason, 1)
  await post(`/v1/persons/${id}/leave`, { kind: 'resignation' }, version)
}

/** Every fact left the outbox and stands in the ledger. */
async function recorded({ db }: TestService): Promise<void> {
  await eventually(
    async () => {
      const [left]: { open: number }[] = await db.query(
        `select count(*)::integer as open from outbox
          where not exists (select from audit_record where audit_record.event_id = outbox.id)`,
      )
      if (left?.open !== 0) throw new Error(`${String(left?.open)} facts are not in the ledger`)
    },
    { within: 120_000, every: 20 },
  )
}

if (import.meta.main) {
  console.table(await run())
  process.exit(0)
}
