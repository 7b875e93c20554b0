import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { Envelope } from '@erp-steward/contracts/event'
import {
  LedgerVerified,
  type SignedHead,
  type VerificationReceipt,
} from '@erp-steward/contracts/ledger-events'
import { SessionEnded } from '@erp-steward/contracts/sign-in-events'
import type { Task } from '@erp-steward/service-kit/jobs'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { TEST_INTERNAL_TOKEN, type TestService } from '@erp-steward/test-kit/test-service'
import { bearer } from '@erp-steward/test-kit/tokens'
import { runTask } from '@erp-steward/test-kit/run-task'
import { sealsAfter } from '../../src/audit/audit-seal.ts'
import { ledgerHash } from '../../src/audit/ledger-hash.ts'
import { createLedgerSigner } from '../../src/audit/ledger-key.ts'
import { sealLedger } from '../../src/audit/seal-ledger.ts'
import { addSeals } from '../../src/audit/witness-file.ts'
import { testAct } from '@erp-steward/test-kit/test-act'
import { identityStage, pass, stillValid, TEST_SEALING_KEYS } from '../account-stage.ts'

const seed = (fill: number) => Buffer.alloc(32, fill).toString('base64')
const OLD = seed(1)
const NEW = seed(2)
const folder = mkdtempSync(join(tmpdir(), 'steward-witness-'))
const file = join(folder, 'ledger-witness.ndjson')

/** The other service, as far as identity knows it: it keeps what the event told it. */
const kept: SignedHead[] = []
let assessment: Server
let answers: 'pages' | 'error' | 'nonsense'
const config = { LEDGER_KEYS: `${NEW},${OLD}`, LEDGER_WITNESS_FILE: file, ASSESSMENT_URL: '' }

let stage: TestService
let sealing: Task
beforeAll(async () => {
  assessment = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://here')
    const isKnown = request.headers.authorization === `Bearer ${TEST_INTERNAL_TOKEN}`
    if (answers === 'error' || !isKnown || url.pathname !== '/internal/ledger-heads')
      return response.writeHead(isKnown ? 500 : 401).end()
    if (answers === 'nonsense') return response.end('{"items":[{"seq":1}]}')
    // Two at a time, so that pages are turned.
    const after = Number(url.searchParams.get('after'))
    const items = kept.slice(after, after + 2)
    return response.end(JSON.stringify({ items, next: items.length === 2 ? after + 2 : null }))
  }).listen(0, '127.0.0.1')
  await once(assessment, 'listening')
  config.ASSESSMENT_URL = `http://127.0.0.1:${(assessment.address() as AddressInfo).port}`
  stage = await identityStage(config)
})
afterAll(async () => {
  await stage.release()
  assessment.close()
  rmSync(folder, { recursive: true })
})
beforeEach(async () => {
  answers = 'pages'
  sealing = sealLedger(createLedgerSigner(config.LEDGER_KEYS, TEST_SEALING_KEYS))
  kept.length = 0
  writeFileSync(file, '')
  await asSuperuser(
    'truncate audit_record, audit_anchor, audit_seal, audit_head, inbox, outbox',
    `insert into audit_head values (true, 0, decode(repeat('00', 32), 'hex'))`,
  )
})

async function asSuperuser(...statements: string[]): Promise<void> {
  await stage.db.transaction(async (tx) => {
    await tx.query(`set local session_replication_role = 'replica'`)
    for (const statement of statements) await tx.query(statement)
  })
}

async function recorded(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const id = randomUUID()
    const event: Envelope = {
      specversion: '1.0',
      id,
      source: '/identity',
      type: SessionEnded.type,
      subject: id,
      time: '2026-11-23T12:00:00.000Z',
      datacontenttype: 'application/json',
      actor: 'actor',
      actingrole: 'SERVICE',
      clauseids: '',
      requestid: 'request-1',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      data: { accountId: id, sessionId: id, reason: 'r', endedAt: '2026-11-23T12:00:00Z' },
    }
    expect(await stage.consumer.deliver(event)).toBe('handled')
  }
}

/** The task of the minute, of one process. */
const sealed = (task = sealing) =>
  stage.db.transaction((tx) => task.run(tx, {}, testAct({ now: stage.now })))

const seals = () => sealsAfter(stage.db.manager, 0, 1_000)

/** Signs, and lets the witnesses hear of it, as the minute does it. */
async function witnessed(): Promise<void> {
  await sealed()
  const last = kept.at(-1)?.seq ?? 0
  await addSeals(stage.db, file, last)
  kept.push(...(await sealsAfter(stage.db.manager, last, 1_000)))
}

/** A day of work: three heads over thirty records. */
async function workedADay(): Promise<void> {
  for (let minute = 0; minute < 3; minute += 1) {
    await recorded(10)
    await witnessed()
    pass(stage, 60_000)
  }
}

interface Answer {
  intact: boolean
  state: string
  fault: { seq: number; what: string } | null
  receipt: VerificationReceipt
  witnesses: {
    witness: string
    state: string
    disagreement: { seq: number; what: string } | null
  }[]
}

async function verify(): Promise<Answer> {
  const headers = bearer({ roles: ['AUDIT_ADMIN'], exp: stillValid(stage) })
  const answer = await stage.app.inject({
    method: 'POST',
    url: '/v1/audit/verifications',
    headers,
  })
  expect(answer.statusCode).toBe(200)
  return answer.json<Answer>()
}

const states = ({ witnesses }: Answer) =>
  Object.fromEntries(witnesses.map(({ witness, state }) => [witness, state]))

const CUT = [
  'delete from audit_record where seq > 10',
  'update audit_head set (seq, hash) = (select seq, hash from audit_record where seq = 10)',
]

/** Rewrites every record from `from` on, with hashes that agree: what a thief of the whole database can do. */
async function rewritten(from: number): Promise<void> {
  const rows: { seq: string; recorded_at: Date; envelope: string; hash: Buffer }[] =
    await stage.db.query('select seq, recorded_at, envelope, hash from audit_record order by seq')
  let previous: Buffer = Buffer.alloc(32)
  await stage.db.transaction(async (tx) => {
    await tx.query(`set local session_replication_role = 'replica'`)
    for (const { seq, recorded_at: recordedAt, envelope: before, hash: old } of rows) {
      if (Number(seq) < from) {
        previous = old
        continue
      }
      const envelope = before.replace('"reason":"r"', '"reason":"another"')
      const hash = Buffer.from(ledgerHash(previous, { seq: BigInt(seq), recordedAt, envelope }))
      await tx.query(
        'update audit_record set envelope = $2, previous_hash = $3, hash = $4 where seq = $1',
        [seq, envelope, previous, hash],
      )
      previous = hash
    }
    await tx.query('update audit_head set hash = $1', [previous])
  })
}

test('[A-4.3.4] a ledger that nobody touched is intact, and every witness vouches for it', async () => {
  await workedADay()
  expect(await verify()).toMatchObject({
    checked: 30,
    intact: true,
    state: 'intact',
    fault: null,
    witnesses: [
      { witness: 'signature', state: 'agrees', heads: 3, newest: { seq: 30 } },
      { witness: 'file', state: 'agrees', heads: 3, newest: { seq: 30 } },
      { witness: 'assessment', state: 'agrees', heads: 3, newest: { seq: 30 } },
    ],
  })
})

test('[A-4.3.4] cutting off the last 20 records with the head is found, and each witness says where', async () => {
  await workedADay()
  await asSuperuser(...CUT)
  const answer = await verify()
  expect(answer).toMatchObject({
    checked: 10,
    intact: false,
    state: 'broken',
    fault: { seq: 20, what: 'witness-disagrees' },
  })
  expect(
    answer.witnesses.map(({ witness, state, disagreement }) => [witness, state, disagreement]),
  ).toEqual(
    ['signature', 'file', 'assessment'].map((witness) => [
      witness,
      'disagrees',
      { seq: 20, what: 'record-missing' },
    ]),
  )
})

test('[A-4.3.4] who cuts off the seals as well is contradicted from outside the database', async () => {
  await workedADay()
  await asSuperuser(...CUT, 'delete from audit_seal where seq > 10')
  const answer = await verify()
  expect(answer).toMatchObject({ state: 'broken', fault: { seq: 20 } })
  expect(states(answer)).toEqual({
    signature: 'agrees',
    file: 'disagrees',
    assessment: 'disagrees',
  })
})

test('[A-4.3.4] the whole chain written anew with every hash right is found by each witness', async () => {
  await workedADay()
  await rewritten(1)
  const answer = await verify()
  expect(answer).toMatchObject({ checked: 30, state: 'broken', fault: { seq: 10 } })
  expect(answer.witnesses.map(({ disagreement }) => disagreement?.what)).toEqual(
    Array.from({ length: 3 }, () => 'hash-differs'),
  )
})

test('[A-4.3.4] a rewriting that begins after a head is found at the next one, and by one witness alone', async () => {
  await workedADay()
  await rewritten(15)
  await asSuperuser('delete from audit_seal')
  writeFileSync(file, '')
  const answer = await verify()
  expect(answer).toMatchObject({ state: 'broken', fault: { seq: 20, what: 'witness-disagrees' } })
  expect(states(answer)).toMatchObject({ assessment: 'disagrees' })
})

test('[A-4.3.4] the file alone finds it when everything in the database agrees with the thief', async () => {
  await workedADay()
  await rewritten(1)
  await asSuperuser('delete from audit_seal', 'delete from audit_anchor')
  kept.length = 0
  const answer = await verify()
  expect(answer.state).toBe('broken')
  expect(states(answer).file).toBe('disagrees')
})

test('[A-4.3.4] a thief who signs with a key of his own, under the name of ours or his, is found', async () => {
  await workedADay()
  await rewritten(1)
  const [{ hash } = { hash: '' }]: { hash: string }[] = await stage.db.query(
    `select encode(hash, 'hex') as hash from audit_record where seq = 30`,
  )
  const thief = createLedgerSigner(seed(9), TEST_SEALING_KEYS)
  const forged = thief.sign({ seq: 30, hash }, stage.now)
  const ours = createLedgerSigner(NEW, TEST_SEALING_KEYS).keyId
  for (const keyId of [forged.keyId, ours]) {
    await asSuperuser('delete from audit_seal')
    await stage.db.query('insert into audit_seal values ($1, $2, $3, $4, $5)', [
      30,
      keyId,
      Buffer.from(hash, 'hex'),
      stage.now,
      Buffer.from(forged.signature, 'base64url'),
    ])
    writeFileSync(file, `${JSON.stringify({ ...forged, keyId })}\n`)
    kept.splice(0, kept.length, { ...forged, keyId })
    const answer = await verify()
    expect(answer.state).toBe('broken')
    expect(answer.witnesses.map(({ disagreement }) => disagreement?.what)).toEqual(
      Array.from({ length: 3 }, () => 'signature-invalid'),
    )
  }
})

test.each([
  ['the number', { seq: 9 }],
  ['the hash', { hash: 'ab'.repeat(32) }],
  ['the instant', { signedAt: '2026-11-23T12:00:00.000Z' }],
] as const)('[A-4.3.4] a head of which %s was changed is none of ours', async (_, change) => {
  await recorded(10)
  await witnessed()
  const [head] = kept
  if (head === undefined) throw new TypeError('nothing was signed')
  kept[0] = { ...head, ...change }
  expect(await verify()).toMatchObject({
    state: 'broken',
    witnesses: [
      { state: 'agrees' },
      { state: 'agrees' },
      { disagreement: { what: 'signature-invalid' } },
    ],
  })
})

test('[A-4.3.4] a database put back to an older dump is contradicted by the file, and is not signed again', async () => {
  await workedADay()
  // All schemas lie in one dump: assessment goes back with it.
  await asSuperuser(...CUT, 'delete from audit_seal where seq > 10')
  kept.length = 1
  expect(states(await verify())).toMatchObject({ signature: 'agrees', file: 'disagrees' })
  await recorded(5)
  await sealed()
  expect((await seals()).map(({ seq }) => seq)).toEqual([10])
})

test('[A-4.3.4] a chain that lacks what was signed is not signed; it is stated once an hour', async () => {
  await workedADay()
  await rewritten(1)
  await recorded(1)
  const stated = async () =>
    (await queuedEvents(stage.db)).filter(({ type }) => type === LedgerVerified.type)
  await sealed()
  expect((await seals()).map(({ seq }) => seq)).toEqual([10, 20, 30])
  const [first, ...more] = await stated()
  expect(first).toMatchObject({
    data: { intact: false, state: 'broken', fault: { seq: 30, what: 'hash-differs' } },
  })
  expect(more).toEqual([])
  // The fact comes back to the ledger like every other.
  expect(await stage.consumer.deliver(first)).toBe('handled')
  await sealed()
  expect(await stated()).toHaveLength(1)
  pass(stage, 3_600_001)
  await sealed()
  expect(await stated()).toHaveLength(2)
})

test('[A-4.3.4] a missing head is broken, whatever the witnesses say', async () => {
  await workedADay()
  await asSuperuser('delete from audit_head')
  expect(await verify()).toMatchObject({ state: 'broken', fault: { what: 'head-differs' } })
})

test('[A-4.3.4] removed anchors do not help: the signed heads remain', async () => {
  await workedADay()
  await runTask(stage, 'anchor-ledger')
  await rewritten(1)
  await asSuperuser('delete from audit_anchor')
  expect(await verify()).toMatchObject({ state: 'broken', fault: { what: 'witness-disagrees' } })
})

test.each([
  ['answers with an error', 'error'],
  ['answers with something else', 'nonsense'],
] as const)(
  '[A-4.3.4] a witness that %s makes the ledger unproven, never intact',
  async (_, how) => {
    await workedADay()
    answers = how
    const answer = await verify()
    expect(answer).toMatchObject({ intact: false, state: 'unproven', fault: null })
    expect(states(answer)).toEqual({
      signature: 'agrees',
      file: 'agrees',
      assessment: 'unreachable',
    })
  },
)

test('[A-4.3.4] facts that wait for a signed head for more than five minutes make it unproven', async () => {
  await workedADay()
  await recorded(1)
  pass(stage, 5 * 60_000)
  expect((await verify()).state).toBe('intact')
  pass(stage, 1)
  const late = await verify()
  expect(late.state).toBe('unproven')
  expect(states(late)).toEqual({ signature: 'behind', file: 'behind', assessment: 'behind' })
  await witnessed()
  expect((await verify()).state).toBe('intact')
})

test('[A-4.3.4] one witness whose heads were removed is behind', async () => {
  await workedADay()
  pass(stage, 6 * 60_000)
  rmSync(file)
  expect(states(await verify())).toMatchObject({ file: 'behind', assessment: 'agrees' })
})

test('a head is signed when facts came, by one of two replicas, and its own fact alone is no reason', async () => {
  await recorded(3)
  await Promise.all([
    sealed(),
    sealed(sealLedger(createLedgerSigner(config.LEDGER_KEYS, TEST_SEALING_KEYS))),
  ])
  expect((await seals()).map(({ seq }) => seq)).toEqual([3])
  const signed = (await queuedEvents(stage.db)).filter(({ type }) => type.includes('head-signed'))
  expect(signed.map(({ data }) => data)).toEqual(await seals())
  expect(await stage.consumer.deliver(signed[0])).toBe('handled')
  await sealed()
  expect(await seals()).toHaveLength(1)
  await recorded(1)
  await sealed()
  expect((await seals()).map(({ seq }) => seq)).toEqual([3, 5])
})

test('a crash between commit and signature, or between signature and file, is made up for', async () => {
  await recorded(3)
  await expect(
    stage.db.transaction(async (tx) => {
      await sealing.run(tx, {}, testAct({ now: stage.now }))
      throw new Error('the process ends here')
    }),
  ).rejects.toThrow('ends here')
  expect(await seals()).toEqual([])
  await sealed()
  // The file was cut short in the middle of a line.
  appendFileSync(file, '\n{"seq":2,"ha')
  expect(await addSeals(stage.db, file, 0)).toBe(3)
  expect(await addSeals(stage.db, file, 3)).toBe(3)
  kept.push(...(await seals()))
  expect(await verify()).toMatchObject({
    state: 'intact',
    witnesses: [{ heads: 1 }, { heads: 1 }, { heads: 1 }],
  })
  expect(readFileSync(file, 'utf8').match(/"seq":3/g)).toHaveLength(1)
})

test('the file is for its owner alone', async () => {
  rmSync(file)
  await recorded(1)
  await witnessed()
  expect((statSync(file).mode & 0o777).toString(8)).toBe('600')
})

test('heads of an older key verify while it is configured, and those of none do not', async () => {
  await recorded(1)
  const at = new Date('2026-11-29T00:00:00.000Z')
  const head = { seq: 1, hash: 'cd'.repeat(32) }
  const before = createLedgerSigner(OLD, TEST_SEALING_KEYS).sign(head, at)
  const rotated = createLedgerSigner(`${NEW},${OLD}`, TEST_SEALING_KEYS)
  expect(rotated.isSignedByUs(before)).toBe(true)
  expect(rotated.sign(head, at).keyId).not.toBe(before.keyId)
  expect(createLedgerSigner(NEW, TEST_SEALING_KEYS).isSignedByUs(before)).toBe(false)
})

test('a site without a key of its own derives one, and its heads verify after it got one', () => {
  const head = { seq: 1, hash: 'cd'.repeat(32) }
  const derived = createLedgerSigner('', TEST_SEALING_KEYS).sign(head, stage.now)
  expect(createLedgerSigner(NEW, TEST_SEALING_KEYS).isSignedByUs(derived)).toBe(true)
  expect(createLedgerSigner('', seed(8)).isSignedByUs(derived)).toBe(false)
  // New sealing keys go in front of the old ones.
  expect(createLedgerSigner('', `${seed(8)},${TEST_SEALING_KEYS}`).isSignedByUs(derived)).toBe(true)
})

test('[A-4.3.4] the role of the service cannot put a record beside the chain, nor move the head', async () => {
  await recorded(2)
  const asService = (text: string) => stage.serviceDb.query(text)
  await expect(asService('update audit_head set seq = 1')).rejects.toThrow(/permission denied/)
  const copy = (seq: number, previous: string) =>
    `insert into audit_record select ${String(seq)}, gen_random_uuid(), type, subject, actor, recorded_at, envelope,
       ${previous}, sha256('x') from audit_record where seq = 2`
  for (const [seq, previous] of [
    [4, 'hash'],
    [3, 'previous_hash'],
    [3, `sha256('y')`],
    [0, 'hash'],
  ] as const)
    await expect(asService(copy(seq, previous))).rejects.toThrow(/does not continue the chain/)
  expect((await verify()).state).toBe('intact')
})

/** What the program of one file says of a receipt, by exit code and text. */
function checkReceipt(answer: object, ...args: string[]): Promise<[number | null, string]> {
  const path = join(folder, 'receipt.json')
  writeFileSync(path, JSON.stringify(answer, null, 2))
  const program = join(import.meta.dirname, '../../../../scripts/verify-ledger.mjs')
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, '--receipt', path, ...args], (_, out) => {
      resolve([child.exitCode, out])
    })
  })
}

const publicKeyOf = (keys: string) =>
  createLedgerSigner(keys, TEST_SEALING_KEYS).publicKeys[0]?.publicKey ?? ''

test('[A-4.3.4] a verification is a receipt: up to where, since when, by which key; checked elsewhere', async () => {
  const began = stage.now
  await workedADay()
  const answer = await verify()
  const [newest] = (await seals()).toReversed()
  expect(answer.receipt).toMatchObject({
    state: 'intact',
    seq: 30,
    hash: newest?.hash,
    since: began.toISOString(),
    vouchedSeq: 30,
    signedAt: stage.now.toISOString(),
    keyId: newest?.keyId,
  })
  const key = publicKeyOf(NEW)
  const [code, text] = await checkReceipt(answer, '--key', key)
  expect(code).toBe(0)
  expect(text).toContain('the ledger was intact')
  expect((await checkReceipt(answer.receipt, '--key', key))[0]).toBe(0)
  // The fact of it holds it too: those of the night are not lost.
  const [stated] = (await queuedEvents(stage.db)).filter(({ type }) => type === LedgerVerified.type)
  expect(stated).toMatchObject({ data: { receipt: answer.receipt } })
  expect((await checkReceipt(answer))[0]).toBe(2)
  expect((await checkReceipt(answer, '--key', publicKeyOf(OLD)))[0]).toBe(1)
  for (const change of [
    { state: 'unproven' },
    { seq: 31 },
    { hash: 'ab'.repeat(32) },
    { since: null },
    { vouchedSeq: 29 },
    { signedAt: '2026-11-23T12:00:00.000Z' },
  ])
    expect((await checkReceipt({ ...answer.receipt, ...change }, '--key', key))[0]).toBe(1)
})

test('[A-4.3.4] a receipt claims no more than what was computed and vouched for', async () => {
  const claims = async () => {
    const { receipt } = await verify()
    return [receipt.state, receipt.seq, receipt.vouchedSeq]
  }
  expect(await claims()).toEqual(['intact', 0, 0])
  await workedADay()
  await recorded(2)
  expect(await claims()).toEqual(['intact', 32, 30])
  await asSuperuser(`update audit_record set actor = 'another' where seq = 25`)
  expect(await claims()).toEqual(['broken', 24, 20])
  await rewritten(15)
  await asSuperuser('delete from audit_seal', `update audit_record set actor = 'actor'`)
  expect(await claims()).toEqual(['broken', 32, 10])
  await asSuperuser(...CUT)
  expect(await claims()).toEqual(['broken', 10, 10])
  // The seals beside the ledger vouch for nothing.
  await asSuperuser('delete from audit_seal')
  writeFileSync(file, '')
  kept.length = 0
  pass(stage, 6 * 60_000)
  await sealed(sealLedger(createLedgerSigner(config.LEDGER_KEYS, TEST_SEALING_KEYS)))
  expect(await claims()).toEqual(['unproven', 10, 0])
})

test('[A-4.3.4] the public keys are told, with what each signed', async () => {
  await recorded(1)
  await sealed(sealLedger(createLedgerSigner(OLD, TEST_SEALING_KEYS)))
  await recorded(2)
  pass(stage, 60_000)
  await witnessed()
  const headers = bearer({ roles: ['AUDIT_ADMIN'], exp: stillValid(stage) })
  const answer = await stage.app.inject({ url: '/v1/audit/keys', headers })
  const at = stage.now.toISOString()
  const before = new Date(stage.now.getTime() - 60_000).toISOString()
  expect(answer.json<{ items: unknown[] }>().items).toMatchObject([
    { publicKey: publicKeyOf(NEW), signs: true, heads: 1, since: at, until: at },
    { publicKey: publicKeyOf(OLD), signs: false, heads: 1, since: before, until: before },
    { publicKey: publicKeyOf(''), signs: false, heads: 0, since: null, until: null },
  ])
  // No private key is anywhere in it.
  expect(answer.body).not.toContain(NEW.slice(0, -1))
})

const compare = async (heads: object[]) => {
  const headers = bearer({ roles: ['AUDIT_ADMIN'], exp: stillValid(stage) })
  return stage.app.inject({
    method: 'POST',
    url: '/v1/audit/anchors/comparisons',
    headers,
    payload: { heads },
  })
}

test('[A-4.3.4] anchors are listed beside what the ledger says of them now', async () => {
  await runTask(stage, 'anchor-ledger')
  await workedADay()
  pass(stage, 86_400_000)
  await runTask(stage, 'anchor-ledger')
  pass(stage, 86_400_000)
  await recorded(1)
  await runTask(stage, 'anchor-ledger')
  const headers = bearer({ roles: ['AUDIT_ADMIN'], exp: stillValid(stage) })
  interface Page {
    items: { seq: number; record: string; day: string; hash: string; anchoredAt: string }[]
    next: string | null
  }
  const read = async (query = '') =>
    (await stage.app.inject({ url: `/v1/audit/anchors${query}`, headers })).json<Page>()
  const states = async () => (await read()).items.map(({ seq, record }) => [seq, record])
  expect(await states()).toEqual([
    [31, 'agrees'],
    [30, 'agrees'],
    [0, 'agrees'],
  ])
  const first = await read('?limit=2')
  const second = await read(`?limit=2&cursor=${first.next ?? ''}`)
  expect([first.items.length, second.items.map(({ seq }) => seq), second.next]).toEqual([
    2,
    [0],
    null,
  ])
  const [noted] = first.items.filter(({ seq }) => seq === 30)
  await rewritten(1)
  await asSuperuser('delete from audit_record where seq = 31')
  expect(await states()).toEqual([
    [31, 'record-missing'],
    [30, 'hash-differs'],
    [0, 'agrees'],
  ])
  // The thief moves the anchor along; who noted it outside finds it all the same.
  await asSuperuser(
    'update audit_anchor a set hash = r.hash from audit_record r where r.seq = a.seq',
  )
  expect((await states())[1]).toEqual([30, 'agrees'])
  const { seq, hash, day, anchoredAt } = noted ?? {}
  expect((await compare([{ seq, hash, day, anchoredAt }])).json()).toEqual({
    agree: false,
    items: [{ seq, hash, record: 'hash-differs' }],
  })
  for (const [cursor, status] of [
    ['x', 422],
    [Buffer.from('["2026-13-01","listAuditAnchors"]').toString('base64url'), 400],
  ] as const)
    expect(
      (await stage.app.inject({ url: `/v1/audit/anchors?cursor=${cursor}`, headers })).statusCode,
    ).toBe(status)
})

test('[A-4.3.4] heads that were noted outside are compared with the ledger, each by itself', async () => {
  await workedADay()
  const [ten, twenty, thirty] = await seals()
  if (ten === undefined || twenty === undefined || thirty === undefined)
    throw new TypeError('too little was signed')
  const all = await compare([ten, { seq: 20, hash: twenty.hash }, thirty])
  expect(all.json()).toMatchObject({ agree: true, items: [{ seq: 10 }, { seq: 20 }, { seq: 30 }] })
  const forged = createLedgerSigner(seed(9), TEST_SEALING_KEYS).sign(ten, stage.now)
  const some = await compare([
    twenty,
    { ...ten, hash: twenty.hash },
    { seq: 10, hash: twenty.hash },
    { seq: 31, hash: ten.hash },
    forged,
    { ...forged, keyId: ten.keyId },
  ])
  const { agree, items } = some.json<{ agree: boolean; items: { record: string }[] }>()
  expect([agree, ...items.map(({ record }) => record)]).toEqual([
    false,
    'agrees',
    'signature-invalid',
    'hash-differs',
    'record-missing',
    'signature-invalid',
    'signature-invalid',
  ])
})

test.each([
  [[]],
  [[{ seq: 0, hash: 'ab'.repeat(32) }]],
  [[{ seq: 1, hash: 'AB'.repeat(32) }]],
  [[{ seq: 1, hash: 'ab'.repeat(32), keyId: '0123456789abcdef' }]],
  [[{ seq: 1, hash: 'ab'.repeat(32), signature: 'A'.repeat(86) }]],
  [Array.from({ length: 1_001 }, () => ({ seq: 1, hash: 'ab'.repeat(32) }))],
])('a comparison of what is no head is refused: %#', async (heads) => {
  expect((await compare(heads)).statusCode).toBe(422)
})

test.each(['SYSTEM_ADMIN', 'SECURITY_ADMIN', 'OM_AUTHORITY', 'SCRIPT'] as const)(
  '[A-4.3.3] %s sees neither keys nor anchors of the ledger, and compares nothing',
  async (role) => {
    const headers = bearer({ roles: [role], exp: stillValid(stage) })
    for (const url of ['/v1/audit/keys', '/v1/audit/anchors'])
      expect((await stage.app.inject({ url, headers })).statusCode).toBe(403)
    const payload = { heads: [{ seq: 1, hash: 'ab'.repeat(32) }] }
    const url = '/v1/audit/anchors/comparisons'
    expect((await stage.app.inject({ method: 'POST', url, headers, payload })).statusCode).toBe(403)
  },
)
