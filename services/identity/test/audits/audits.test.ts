import { createHash, createPublicKey, randomUUID, verify } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { Envelope } from '@erp-steward/contracts/event'
import { AccessRefused, ServiceAlive } from '@erp-steward/contracts/platform-events'
import { AccountRolesChanged } from '@erp-steward/contracts/account-events'

import { LedgerExported } from '@erp-steward/contracts/ledger-events'
import type { Role } from '@erp-steward/contracts/permissions'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { runTask } from '@erp-steward/test-kit/run-task'
import { setParameter } from '@erp-steward/test-kit/set-parameter'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { toldAttention } from '@erp-steward/test-kit/told-attention'
import { addSeals } from '../../src/audit/witness-file.ts'
import { addAccount, identityStage } from '../account-stage.ts'
import { as, call, ok, refusal } from '../directory-stage.ts'

interface Task {
  readonly id: string
  readonly version: number
  readonly [member: string]: unknown
}
interface Item {
  readonly seq: number
  readonly stratum: string
  readonly actor: string
  readonly type: string
  readonly byAuditor: boolean
  readonly judgement: string | null
  readonly envelope: string | null
}

const AUDITOR = randomUUID()
const GUARD = randomUUID()
const auditor = () => as('AUDIT_ADMIN', { sub: AUDITOR })
const guard = () => as('SECURITY_ADMIN', { sub: GUARD })

let folder: string
let stage: TestService
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'steward-audits-'))
  stage = await identityStage({ LEDGER_WITNESS_FILE: join(folder, 'ledger-witness.ndjson') })
  stage.now = new Date('2026-09-14T03:00:00Z')
})
afterEach(async () => {
  await stage.release()
  rmSync(folder, { recursive: true })
})

async function record(type: string, actor: string): Promise<void> {
  const envelope: Envelope = {
    specversion: '1.0',
    id: randomUUID(),
    source: '/identity',
    type,
    subject: 'somebody',
    time: stage.now.toISOString(),
    datacontenttype: 'application/json',
    actor,
    actingrole: 'SERVICE',
    clauseids: '',
    requestid: 'request-1',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    data: {},
  }
  expect(await stage.consumer.deliver(envelope)).toBe('handled')
}

/** A month with sign-ins, refusals, operations, and many beats of our own services. */
async function september({ clerk = randomUUID() } = {}): Promise<string> {
  for (let n = 0; n < 8; n += 1) {
    await record(LedgerExported.type, clerk)
    await record(AccountRolesChanged.type, clerk)
    await record(ServiceAlive.type, 'service:identity')
    await record(AccountRolesChanged.type, 'service:identity')
  }
  await record(AccessRefused.type, 'anonymous')
  return clerk
}

/** What the service has stated so far comes to its own ledger, as over the bus. */
async function settle(): Promise<void> {
  for (const event of await queuedEvents(stage.db)) await stage.consumer.deliver(event)
}

/** The first day of October is no working day, nor is the week after it. */
async function openedOn(day: string): Promise<Task[]> {
  stage.now = new Date(`${day}T00:15:00Z`)
  await runTask(stage, 'open-audit')
  return tasks()
}

const tasks = async () =>
  (
    await ok<{ items: Task[] }>(
      call(stage, { method: 'GET', url: '/v1/audit/tasks', headers: auditor() }),
    )
  ).items

const items = async (id: string, headers = auditor()) =>
  (
    await ok<{ items: Item[] }>(
      call(stage, { method: 'GET', url: `/v1/audit/tasks/${id}/items?limit=200`, headers }),
    )
  ).items

const judging = (task: Task, judged: object[], headers = auditor()) =>
  call(stage, {
    method: 'POST',
    url: `/v1/audit/tasks/${task.id}/judgements`,
    headers,
    payload: { items: judged },
    version: task.version,
  })

const signing = (task: Task, conclusion: string, role: Role = 'AUDIT_ADMIN') =>
  call(stage, {
    method: 'POST',
    url: `/v1/audit/tasks/${task.id}/sign`,
    headers: as(role),
    payload: { conclusion, summary: '抽查样本均有据可查。' },
    version: task.version,
  })

async function verifyLedger(): Promise<void> {
  await settle()
  await runTask(stage, 'seal-ledger')
  await addSeals(stage.db, join(folder, 'ledger-witness.ndjson'), 0)
  await ok(call(stage, { method: 'POST', url: '/v1/audit/verifications', headers: auditor() }))
  await settle()
}

function only(found: readonly Task[]): Task {
  const [first] = found
  if (first === undefined || found.length > 1) throw new Error(JSON.stringify(found))
  return first
}

test('[A-4.3.4] an audit of the month is opened on the first working day after it, once, and draws of accesses and operations', async () => {
  await september()
  expect(await openedOn('2026-09-30')).toEqual([])
  expect(await openedOn('2026-10-01')).toEqual([])
  expect(await openedOn('2026-10-07')).toEqual([])
  const task = only(await openedOn('2026-10-08'))
  expect(task).toMatchObject({
    kind: 'periodic',
    state: 'open',
    recordedBefore: '2026-09-30T16:00:00.000Z',
    afterSeq: 0,
    throughSeq: 33,
    population: { access: 9, operation: 8 },
    items: 17,
    openItems: 17,
    // Ten working days, of which one is a Saturday that makes up for the holidays.
    dueAt: '2026-10-20T09:30:00.000Z',
  })
  const drawn = await items(task.id)
  expect(drawn.map(({ actor }) => actor)).not.toContain('service:identity')
  expect(drawn.filter(({ stratum }) => stratum === 'access')).toHaveLength(9)
  expect(await openedOn('2026-10-09')).toHaveLength(1)
  expect(await openedOn('2026-10-30')).toHaveLength(1)
})

test('[A-4.3.4] what was missed while nothing ran is one audit, and no record lies between two', async () => {
  await september()
  const first = only(await openedOn('2026-10-08'))
  stage.now = new Date('2026-10-20T03:00:00Z')
  await september()
  stage.now = new Date('2026-12-20T03:00:00Z')
  await september()
  const [second] = await openedOn('2027-01-05')
  expect(second).toMatchObject({
    afterSeq: first.throughSeq,
    recordedBefore: '2026-12-31T16:00:00.000Z',
  })
})

test('[A-4.3.4] whoever has a copy of the ledger draws the same sample', async () => {
  await setParameter(stage, { key: 'identity.audit.sample', value: 10 })
  await september()
  const task = only(await openedOn('2026-10-08'))
  const rows: { seq: number; type: string; actor: string; hash: string }[] = await stage.db.query(
    `select seq::int as seq, type, actor, encode(hash, 'hex') as hash from audit_record where seq <= $1`,
    [task.throughSeq],
  )
  expect(task.seed).toBe(rows.find(({ seq }) => seq === task.throughSeq)?.hash)
  const rank = (seq: number) =>
    createHash('sha256')
      .update(`${String(task.seed)}:${String(seq)}`)
      .digest('hex')
  const drawn = (kind: 'access' | 'operation') =>
    rows
      .filter(({ actor }) => !actor.startsWith('service:'))
      .filter(
        ({ type }) =>
          ([LedgerExported.type, AccessRefused.type] as string[]).includes(type) ===
          (kind === 'access'),
      )
      .map(({ seq }) => seq)
      .sort((one, other) => (rank(one) < rank(other) ? -1 : 1))
      .slice(0, 5)
  expect((await items(task.id)).map(({ seq }) => seq)).toEqual(
    [...drawn('access'), ...drawn('operation')].sort((one, other) => one - other),
  )
})

test('[A-4.3.4] [A-4.3.5] the report is signed when every fact is judged and the ledger verified, and stays as it is', async () => {
  await september()
  const task = only(await openedOn('2026-10-08'))
  const drawn = await items(task.id)
  const [odd, ...others] = drawn.map(({ seq }) => ({ seq, judgement: 'in-order' }))
  const half = await ok<Task>(judging(task, others))
  expect(half).toMatchObject({ openItems: 1, anomalies: 0, version: 2 })
  expect(await refusal(signing(half, 'in-order'))).toEqual([409, 'audit-unfinished'])
  const anomaly = { ...odd, judgement: 'anomaly', note: '登录地点无法说明。' }
  expect(await refusal(judging(half, [{ ...odd, judgement: 'anomaly' }]))).toEqual([
    422,
    'validation-failed',
  ])
  expect(await refusal(judging(half, [anomaly, anomaly]))).toEqual([422, 'validation-failed'])
  expect(await refusal(judging(task, [anomaly]))).toEqual([412, 'version-stale'])
  const all = await ok<Task>(judging(half, [anomaly]))
  expect(all).toMatchObject({ openItems: 0, anomalies: 1 })
  // What was found is not taken back.
  expect(await refusal(judging(all, [{ ...odd, judgement: 'in-order' }]))).toEqual([
    409,
    'audit-anomaly-stays',
  ])
  expect(await refusal(signing(all, 'anomalies'))).toEqual([409, 'audit-unfinished'])
  await verifyLedger()
  expect(await refusal(signing(all, 'in-order'))).toEqual([409, 'audit-conclusion-unfit'])
  const signed = await ok<Task & Record<'report' | 'sha256' | 'keyId' | 'signature', string>>(
    signing(all, 'anomalies'),
  )
  expect(signed).toMatchObject({
    state: 'signed',
    conclusion: 'anomalies',
    withinTarget: true,
    ledger: { state: 'intact', oldestAt: '2026-09-14T03:00:00.000Z' },
  })

  const keys = await ok<{ items: { keyId: string; publicKey: string }[] }>(
    call(stage, { method: 'GET', url: '/v1/audit/keys', headers: auditor() }),
  )
  const x = keys.items.find(({ keyId }) => keyId === signed.keyId)?.publicKey ?? ''
  const lines = [
    'erp-steward ledger audit 1',
    task.id,
    signed.sha256,
    signed.signedAt,
    signed.keyId,
  ]
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  const text = Buffer.from(lines.map((line) => `${String(line)}\n`).join(''))
  expect(verify(null, text, key, Buffer.from(signed.signature, 'base64url'))).toBe(true)
  expect(createHash('sha256').update(signed.report).digest('hex')).toBe(signed.sha256)
  const report = JSON.parse(signed.report) as { items: Item[]; summary: string }
  expect(report.items.map(({ seq }) => seq)).toEqual(drawn.map(({ seq }) => seq))

  expect(await refusal(judging(signed, [anomaly]))).toEqual([409, 'audit-signed'])
  expect(await refusal(signing(signed, 'anomalies'))).toEqual([409, 'audit-signed'])
  // Nor by whoever speaks to the database with the rights of the service.
  for (const statement of [
    `update audit_item set judgement = 'in-order'`,
    `update audit_task set summary = ''`,
    'delete from audit_item',
    'delete from audit_task',
  ])
    await expect(stage.serviceDb.query(statement)).rejects.toThrow()
  const facts = (await queuedEvents(stage.db)).filter(({ subject }) => subject === task.id)
  expect(facts.map(({ type }) => type)).toEqual([
    'identity.security.audit-opened.v1',
    'identity.security.audit-items-judged.v1',
    'identity.security.audit-items-judged.v1',
    'identity.security.audit-report-signed.v1',
  ])
})

test('[A-4.3.4] nobody judges an own act: those of auditors are for the security administrator, who sees no others', async () => {
  const { id: watcher } = await addAccount(stage, { administratorRole: 'AUDIT_ADMIN' })
  const clerk = await september()
  await record(LedgerExported.type, watcher)
  const task = only(await openedOn('2026-10-08'))
  const drawn = await items(task.id)
  const own = drawn.find(({ actor }) => actor === watcher)
  const other = drawn.find(({ actor }) => actor === clerk)
  expect([own?.byAuditor, other?.byAuditor]).toEqual([true, false])
  const inOrder = (item: Item | undefined) => [{ seq: item?.seq, judgement: 'in-order' }]
  const self = as('AUDIT_ADMIN', { sub: watcher })
  expect(await refusal(judging(task, inOrder(own), self))).toEqual([409, 'same-person'])

  expect((await items(task.id, guard())).map(({ seq }) => seq)).toEqual([own?.seq])
  expect(await refusal(judging(task, inOrder(other), guard()))).toEqual([422, 'audit-item-unknown'])
  const judged = await ok<Task>(judging(task, inOrder(own), guard()))
  expect(judged.openItems).toBe(drawn.length - 1)
  expect(await refusal(signing(judged, 'in-order', 'SECURITY_ADMIN'))).toEqual([
    403,
    'permission-missing',
  ])
  expect(await refusal(judging(judged, [{ seq: 4_711, judgement: 'in-order' }]))).toEqual([
    422,
    'audit-item-unknown',
  ])
})

test('[A-4.3.4] an audit that is not signed in time wants a human until it is', async () => {
  await september()
  const task = only(await openedOn('2026-10-08'))
  const overdue = () => toldAttention(stage, { kind: 'audit-overdue' })
  expect(await overdue()).toEqual([])
  stage.now = new Date('2026-10-22T03:00:00Z')
  expect(await overdue()).toMatchObject([{ subject: task.id, mending: 'readAuditTask' }])
  const judged = await ok<Task>(
    judging(
      task,
      (await items(task.id)).map(({ seq }) => ({ seq, judgement: 'in-order' })),
    ),
  )
  await verifyLedger()
  expect(await ok<Task>(signing(judged, 'in-order'))).toMatchObject({ withinTarget: false })
  expect(await overdue()).toEqual([])
})

test('[A-4.3.5] an audit of any time can be asked for, but of none without a record or to come', async () => {
  await september()
  const asking = (from: string, to: string, headers = auditor()) =>
    call(stage, {
      method: 'POST',
      url: '/v1/audit/tasks',
      headers,
      payload: { from, to, reason: '接到举报。' },
    })
  stage.now = new Date('2026-09-15T03:00:00Z')
  const asked = await ok<Task>(asking('2026-09-14T00:00:00Z', '2026-09-15T00:00:00Z'))
  expect(asked).toMatchObject({ kind: 'extra', items: 17, reason: '接到举报。' })
  expect(await refusal(asking('2026-09-13T00:00:00Z', '2026-09-14T00:00:00Z'))).toEqual([
    422,
    'audit-empty',
  ])
  for (const [from, to] of [
    ['2026-09-15T00:00:00Z', '2026-09-14T00:00:00Z'],
    ['2026-09-14T00:00:00Z', '2026-09-16T00:00:00Z'],
  ] as const)
    expect(await refusal(asking(from, to))).toEqual([422, 'validation-failed'])
  expect(await refusal(asking('2026-09-14T00:00:00Z', '2026-09-15T00:00:00Z', guard()))).toEqual([
    403,
    'permission-missing',
  ])
  // It leaves nothing out of the periodic one.
  const [periodic] = await openedOn('2026-10-08')
  expect(periodic).toMatchObject({ kind: 'periodic', afterSeq: 0 })
})
