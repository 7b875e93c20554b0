import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { Envelope } from '@erp-steward/contracts/event'
import { LedgerExported } from '@erp-steward/contracts/ledger-events'
import { SessionEnded } from '@erp-steward/contracts/sign-in-events'
import { permissionsOf, roles } from '@erp-steward/contracts/permissions'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { testAct } from '@erp-steward/test-kit/test-act'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { bearer } from '@erp-steward/test-kit/tokens'
import { ndjsonExport } from '../../src/audit/export-lines.ts'
import { canonicalJson, ledgerHash } from '../../src/audit/ledger-hash.ts'
import { createLedgerSigner } from '../../src/audit/ledger-key.ts'
import { sealLedger } from '../../src/audit/seal-ledger.ts'
import { addSeals } from '../../src/audit/witness-file.ts'
import { addAccount, identityStage, pass, stillValid, TEST_SEALING_KEYS } from '../account-stage.ts'

const VERIFIER = join(import.meta.dirname, '../../../../scripts/verify-ledger.mjs')
const seed = (fill: number) => Buffer.alloc(32, fill).toString('base64')
const KEYS = `${seed(2)},${seed(1)}`
const signer = createLedgerSigner(KEYS, TEST_SEALING_KEYS)
const [KEY = '', OLD_KEY = ''] = signer.publicKeys.map(({ publicKey }) => publicKey)
const folder = mkdtempSync(join(tmpdir(), 'steward-export-'))
const witness = join(folder, 'ledger-witness.ndjson')

let stage: TestService
beforeAll(async () => {
  stage = await identityStage({ LEDGER_KEYS: KEYS, LEDGER_WITNESS_FILE: witness })
})
afterAll(async () => {
  await stage.release()
  rmSync(folder, { recursive: true })
})
beforeEach(async () => {
  writeFileSync(witness, '')
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

function fact(members: Partial<Envelope> = {}): Envelope {
  const id = randomUUID()
  return {
    specversion: '1.0',
    id,
    source: '/identity',
    type: SessionEnded.type,
    subject: id,
    time: '2026-11-23T12:00:00.000Z',
    datacontenttype: 'application/json',
    actor: 'service:identity',
    actingrole: 'SERVICE',
    clauseids: '',
    requestid: 'request-1',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    data: { accountId: id, sessionId: id, reason: '张三 "r"', endedAt: '2026-11-23T12:00:00Z' },
    ...members,
  }
}

async function recorded(count: number, members: Partial<Envelope> = {}): Promise<void> {
  for (let n = 0; n < count; n += 1)
    expect(await stage.consumer.deliver(fact(members))).toBe('handled')
}

/** More records than are delivered one by one in a test. */
async function recordedAtOnce(count: number): Promise<void> {
  const rows: unknown[][] = []
  let previous: Buffer = Buffer.alloc(32)
  for (let n = 1; n <= count; n += 1) {
    const event = fact()
    const envelope = canonicalJson(event)
    const hash = Buffer.from(
      ledgerHash(previous, { seq: BigInt(n), recordedAt: stage.now, envelope }),
    )
    rows.push([n, event.id, event.type, event.subject, event.actor, envelope, previous, hash])
    previous = hash
  }
  await stage.db.transaction(async (tx) => {
    await tx.query(`set local session_replication_role = 'replica'`)
    await tx.query(
      `insert into audit_record (seq, event_id, type, subject, actor, envelope, previous_hash, hash, recorded_at)
       select *, $9::timestamptz from unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[],
         $7::bytea[], $8::bytea[])`,
      [...Array.from({ length: 8 }, (_, at) => rows.map((row) => row[at])), stage.now],
    )
    await tx.query('update audit_head set (seq, hash) = ($1, $2)', [count, previous])
  })
}

/** Signs the head, and lets the file hear of it. */
async function witnessed(signing = signer): Promise<void> {
  await stage.db.transaction((tx) => sealLedger(signing).run(tx, {}, testAct({ now: stage.now })))
  await addSeals(stage.db, witness, 0)
}

const auditor = () => bearer({ roles: ['AUDIT_ADMIN'], exp: stillValid(stage) })

const ask = (payload: object, headers = auditor()) =>
  stage.app.inject({ method: 'POST', url: '/v1/audit/exports', headers, payload })

let files = 0
/** A copy as it is saved. */
async function saved(payload: object = {}): Promise<string> {
  const answer = await ask({ format: 'ndjson', ...payload })
  expect(answer.statusCode).toBe(200)
  return file(answer.body)
}

function file(text: string): string {
  files += 1
  const path = join(folder, `copy-${String(files)}.ndjson`)
  writeFileSync(path, text)
  return path
}

/** Runs the program as somebody who has nothing but it and the files. */
function check(...args: string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [VERIFIER, ...args],
      { env: {} },
      (_error, stdout, stderr) => {
        resolve({ code: child.exitCode ?? -1, text: stdout + stderr })
      },
    )
  })
}

const linesIn = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\n')

test('[A-4.3.4] a copy of the ledger is checked by a program of one file, with nothing but a public key', async () => {
  await recorded(6)
  await witnessed()
  pass(stage, 60_000)
  await recorded(5)
  await witnessed()
  await recorded(1)
  const copy = await saved()
  expect(linesIn(copy).map((line) => (JSON.parse(line) as { line: string }).line)).toEqual([
    'export',
    ...Array.from({ length: 6 }, () => 'record'),
    'head',
    ...Array.from({ length: 5 }, () => 'record'),
    'head',
    'record',
    'receipt',
  ])
  const { code, text } = await check('--key', KEY, '--witness', witness, copy)
  expect({ code, text }).toMatchObject({ code: 0 })
  expect(text).toContain('12 records (1 to 12)')
  expect(text).toContain('2 signed heads inside agree')
  expect(text).toContain('2 of 2 heads from outside lie in these records, and agree')
})

test('[A-4.3.4] without a key of the reader a copy is unproven, never sound', async () => {
  await recorded(2)
  const { code, text } = await check(await saved())
  expect([code, text.includes('UNPROVEN')]).toEqual([3, true])
})

test('[A-4.3.4] a witness that says nothing of these records leaves them unproven', async () => {
  await recorded(2)
  const { code } = await check('--key', KEY, '--witness', witness, await saved())
  expect(code).toBe(3)
})

test('an empty ledger and a ledger of many batches are copied to their ends', async () => {
  expect(await check('--key', KEY, await saved())).toMatchObject({ code: 0 })
  await recordedAtOnce(1_001)
  await witnessed()
  const { code, text } = await check('--key', KEY, '--witness', witness, await saved())
  expect({ code, text }).toMatchObject({ code: 0 })
  expect(text).toContain('1001 records (1 to 1001)')
})

test('a copy goes on where the last one ended, and the program sees that none lies between', async () => {
  await recorded(3)
  const first = await saved()
  await recorded(2)
  const second = await saved({ after: 3 })
  expect((await check('--key', KEY, first, second)).code).toBe(0)
  await recorded(1)
  const third = await saved({ after: 5 })
  expect((await check('--key', KEY, first, second, third)).code).toBe(0)
  const gap = await check('--key', KEY, first, third)
  expect([gap.code, gap.text.includes('begins after record 5')]).toEqual([1, true])
  expect((await check('--key', KEY, second, first)).code).toBe(1)
  // Nothing has come since.
  const fourth = await saved({ after: 6 })
  expect((await check('--key', KEY, third, fourth)).code).toBe(0)
})

interface Change {
  readonly what: string
  readonly apply: (lines: string[]) => string[]
}
const inLine =
  (at: number, from: string, to: string): Change['apply'] =>
  (lines) => {
    expect(lines[at]).toContain(from)
    return lines.with(at, (lines[at] ?? '').replace(from, to))
  }
const changes: readonly Change[] = [
  { what: 'an event changed', apply: inLine(3, '张三', '李四') },
  { what: 'a name beside an id changed', apply: inLine(3, '"actorName":null', '"actorName":"x"') },
  {
    what: 'an actor beside the event changed',
    apply: inLine(3, '"actor":"service:identity","recordedAt"', '"actor":"anonymous","recordedAt"'),
  },
  { what: 'an instant changed', apply: inLine(3, '"recordedAt":"2', '"recordedAt":"1') },
  { what: 'a record left out', apply: (lines) => lines.toSpliced(3, 1) },
  { what: 'the first record left out', apply: (lines) => lines.toSpliced(1, 1) },
  { what: 'a record put in twice', apply: (lines) => lines.toSpliced(3, 0, lines[3] ?? '') },
  {
    what: 'two records swapped',
    apply: (lines) => lines.with(2, lines[3] ?? '').with(3, lines[2] ?? ''),
  },
  { what: 'a signed head left out', apply: (lines) => lines.toSpliced(-2, 1) },
  { what: 'the receipt left out', apply: (lines) => lines.slice(0, -1) },
  { what: 'the end cut off', apply: (lines) => lines.slice(0, 4) },
  { what: 'an empty line put in', apply: (lines) => lines.toSpliced(2, 0, '') },
  { what: 'a line put behind the receipt', apply: (lines) => [...lines, lines[1] ?? ''] },
  { what: 'a filter invented', apply: inLine(0, '"filter":{}', '"filter":{"type":"x"}') },
  { what: 'the one who made it changed', apply: inLine(0, '"madeBy":"', '"madeBy":"0') },
  { what: 'something that is no copy', apply: () => ['{"line":"record"}'] },
  { what: 'nothing', apply: () => [] },
]

test.each(changes)('[A-4.3.4] a copy with $what is found to be broken', async ({ apply }) => {
  await recorded(5)
  await witnessed()
  const changed = apply(linesIn(await saved()))
  const { code, text } = await check('--key', KEY, file(changed.map((l) => `${l}\n`).join('')))
  expect({ code, text }).toMatchObject({ code: 1, text: expect.stringContaining('BROKEN') })
})

test('[A-4.3.4] who writes a copy of his own and signs it himself is found by the key', async () => {
  await recorded(3)
  const forger = createLedgerSigner(seed(9), TEST_SEALING_KEYS)
  const [head]: { seq: number; hash: string }[] = await stage.db.query(
    `select seq::float8 as seq, encode(hash, 'hex') as hash from audit_head`,
  )
  if (head === undefined) throw new TypeError('there is no head')
  const pieces: string[] = []
  const copy = {
    after: 0,
    head,
    condition: { text: 'true', values: [] },
    filter: {},
    viewer: { personId: null, unitId: null, seesAll: false, sensitive: [] },
    madeBy: 'anonymous',
    madeAt: stage.now,
  }
  for await (const piece of ndjsonExport(stage.db, forger, copy, () => stage.now))
    pieces.push(piece)
  const forged = file(pieces.join(''))
  expect((await check('--key', KEY, forged)).code).toBe(1)
  expect((await check(forged)).code).toBe(3)
  // Under the name of our key.
  const renamed = file(pieces.join('').replaceAll(forger.keyId, signer.keyId))
  expect((await check('--key', KEY, renamed)).code).toBe(1)
})

test('[A-4.3.4] a ledger rewritten or cut before it was copied contradicts a witness or a noted head', async () => {
  await recorded(10)
  await witnessed()
  const [noted]: { hash: string }[] = await stage.db.query(
    `select encode(hash, 'hex') as hash from audit_head`,
  )
  const head = `10:${noted?.hash ?? ''}`
  expect((await check('--key', KEY, '--head', head, await saved())).code).toBe(0)
  pass(stage, 600_000)
  // Cut, with everything in the database that remembers.
  await asSuperuser(
    'delete from audit_record where seq > 7',
    'update audit_head set (seq, hash) = (select seq, hash from audit_record where seq = 7)',
    'truncate audit_seal',
  )
  const cut = await saved()
  expect((await check('--key', KEY, cut)).code).toBe(0)
  const found = await check('--key', KEY, '--witness', witness, cut)
  expect(found).toMatchObject({ code: 1, text: expect.stringContaining('head 10 was signed') })
  // Grown again, the records of the same numbers are others.
  await recorded(5)
  const grown = await saved()
  expect((await check('--key', KEY, '--witness', witness, grown)).code).toBe(1)
  expect((await check('--key', KEY, '--head', head, grown)).code).toBe(1)
})

test('heads of an older key count when its key is given', async () => {
  await recorded(2)
  await witnessed(createLedgerSigner(seed(1), TEST_SEALING_KEYS))
  const copy = await saved()
  const one = await check('--key', KEY, copy)
  expect(one).toMatchObject({ code: 0, text: expect.stringContaining('1 heads inside are signed') })
  const both = await check('--key', KEY, '--key', OLD_KEY, '--witness', witness, copy)
  expect(both).toMatchObject({ code: 0, text: expect.stringContaining('1 of 1 heads') })
})

test('[A-4.3.4] a filtered copy says what it holds, and its records are checked one by one', async () => {
  const account = await addAccount(stage)
  await recorded(2)
  await recorded(2, { actor: account.id })
  await recorded(1)
  await recorded(1, { actor: account.id })
  const copy = await saved({ filter: { userName: account.userName } })
  const { code, text } = await check('--key', KEY, copy)
  expect({ code, text }).toMatchObject({ code: 0 })
  expect(text).toContain('3 records (3 to 6, filtered by')
  // The user name is in no line of the filter; the account is.
  expect(JSON.parse(linesIn(copy)[0] ?? '')).toMatchObject({ filter: { actor: account.id } })
  const less = linesIn(copy).toSpliced(2, 1)
  expect((await check('--key', KEY, file(`${less.join('\n')}\n`))).code).toBe(1)
})

test.each([
  { format: 'pdf' },
  {},
  { format: 'csv', after: -1 },
  { format: 'csv', more: true },
  { format: 'csv', filter: { actor: 'ZHANGSAN' } },
  { format: 'csv', filter: { type: 'identity.account.created' } },
  { format: 'csv', filter: { userName: 'NOBODY-HAS-IT' } },
  { format: 'csv', filter: { other: 'x' } },
])('a copy that cannot be is refused: %j', async (payload) => {
  const answer = await ask(payload)
  expect(answer.statusCode).toBe(422)
  expect(await queuedEvents(stage.db)).toEqual([])
})

test.each(roles.filter((role) => !permissionsOf([role]).includes('audit.read')))(
  '[A-4.3.3] %s gets no copy of the ledger',
  async (role) => {
    const headers = bearer({ roles: [role], exp: stillValid(stage) })
    expect((await ask({ format: 'csv' }, headers)).statusCode).toBe(403)
  },
)

test('[A-4.3.4] that somebody took a copy is a fact itself', async () => {
  await recorded(2)
  await ask({ format: 'csv', after: 1, filter: { type: SessionEnded.type } })
  const stated = (await queuedEvents(stage.db)).filter(({ type }) => type === LedgerExported.type)
  expect(stated).toMatchObject([
    {
      actingrole: 'AUDIT_ADMIN',
      data: { format: 'csv', after: 1, through: 2, filter: { type: SessionEnded.type } },
    },
  ])
  expect(await stage.consumer.deliver(stated[0])).toBe('handled')
})

test('[A-4.3.4] a spreadsheet reads every record, and runs nothing that somebody chose as a name', async () => {
  const names = [
    `=cmd|' /C calc'!A0`,
    '+1',
    '-1',
    '@SUM(1)',
    '＝1+1',
    ' =1',
    '"quoted", and more',
    '料件导入',
  ]
  for (const name of names) {
    const id = randomUUID()
    await stage.db.query(
      `insert into client (id, name, role, status, created_at) values ($1, $2, 'SCRIPT', 'active', $3)`,
      [id, name, stage.now],
    )
    await recorded(1, { actor: id })
  }
  const answer = await ask({ format: 'csv' })
  expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8')
  expect(answer.headers['content-disposition']).toBe('attachment; filename="ledger-1-8.csv"')
  // Excel knows UTF-8 by its mark.
  expect(answer.rawPayload.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]))
  const lines = answer.body.slice(1).split('\r\n')
  expect(lines).toHaveLength(10)
  const cells = lines.map((line) => [...line.matchAll(/(?:^|,)("(?:[^"]|"")*"|[^,"]*)/g)])
  expect(new Set(cells.slice(0, 9).map(({ length }) => length))).toEqual(new Set([12]))
  expect(cells.slice(1, 9).map((row) => row[6]?.[1])).toEqual([
    `"'=cmd|' /C calc'!A0"`,
    `"'+1"`,
    `"'-1"`,
    `"'@SUM(1)"`,
    `"'＝1+1"`,
    `"' =1"`,
    '"""quoted"", and more"',
    '"料件导入"',
  ])
})

test('a copy is read from the database at the pace of who takes it, one batch at a time', async () => {
  await recordedAtOnce(2_000)
  const statements: string[] = []
  const before = stage.serviceDb.logger
  stage.serviceDb.logger = { ...before, logQuery: (text) => void statements.push(text) }
  try {
    const [head]: { hash: string }[] = await stage.db.query(
      `select encode(hash, 'hex') as hash from audit_head`,
    )
    const copy = {
      after: 0,
      head: { seq: 2_000, hash: head?.hash ?? '' },
      condition: { text: 'true', values: [] },
      filter: {},
      viewer: { personId: null, unitId: null, seesAll: false, sensitive: [] },
      madeBy: 'anonymous',
      madeAt: stage.now,
    }
    const lines = ndjsonExport(stage.serviceDb, signer, copy, () => stage.now)
    const reads = () => statements.filter((text) => text.includes('from audit_record')).length
    await lines.next()
    expect(reads()).toBe(0)
    const second = await lines.next()
    expect([reads(), String(second.value).trimEnd().split('\n').length]).toEqual([1, 500])
    await lines.return(undefined)
    expect(reads()).toBe(1)
  } finally {
    stage.serviceDb.logger = before
  }
})

test('[A-4.3.4] a copy that breaks off in the middle is not taken for a whole one', async () => {
  await recordedAtOnce(600)
  // The name of the last one's subject cannot be opened: its key is gone.
  const account = await addAccount(stage)
  const gone = `00000000.${'A'.repeat(16)}.${'A'.repeat(22)}.AAAA`
  await asSuperuser(
    `update account set user_name = '${gone}' where id = '${account.id}'`,
    `update audit_record set subject = '${account.id}' where seq = 600`,
  )
  await stage.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = stage.app.server.address() as { port: number }
  const answer = await fetch(`http://127.0.0.1:${String(port)}/v1/audit/exports`, {
    method: 'POST',
    headers: { ...auditor(), 'content-type': 'application/json' },
    body: JSON.stringify({ format: 'ndjson' }),
  })
  const got: Uint8Array[] = []
  const read = async () => {
    for await (const chunk of answer.body ?? []) got.push(chunk as Uint8Array)
  }
  await expect(read()).rejects.toThrow()
  const { code } = await check('--key', KEY, file(Buffer.concat(got).toString()))
  expect(code).toBe(1)
})
