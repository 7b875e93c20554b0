import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { SessionEnded } from '@erp-steward/contracts/sign-in-events'
import type { Envelope } from '@erp-steward/contracts/event'
import { topics } from '@erp-steward/contracts/event-catalog'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { runTask } from '@erp-steward/test-kit/run-task'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { bearer } from '@erp-steward/test-kit/tokens'
import { ledgerHash } from '../../src/audit/ledger-hash.ts'
import { identity } from '../../src/service.ts'
import { addAccount, identityStage, pass, stillValid } from '../account-stage.ts'

const folder = mkdtempSync(join(tmpdir(), 'steward-ledger-'))
let stage: TestService
beforeAll(async () => {
  stage = await identityStage({ LEDGER_WITNESS_FILE: join(folder, 'ledger-witness.ndjson') })
})
afterAll(async () => {
  await stage.release()
  rmSync(folder, { recursive: true })
})
// A tampered chain stays tampered: every test starts an empty one.
beforeEach(() =>
  tamper(
    'truncate audit_record, audit_anchor, audit_seal, audit_head, inbox, outbox',
    `insert into audit_head values (true, 0, decode(repeat('00', 32), 'hex'))`,
  ),
)

const auditor = () => bearer({ roles: ['AUDIT_ADMIN'], exp: stillValid(stage) })

const ACTORS = ['00000000-0000-4000-8000-000000000000', '00000000-0000-4000-8000-000000000001']

function fact(n: number, members: Partial<Envelope> = {}): Envelope {
  const accountId = randomUUID()
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: '/identity',
    type: SessionEnded.type,
    subject: `subject-${String(n % 3)}`,
    time: '2026-11-23T12:00:00.000Z',
    datacontenttype: 'application/json',
    actor: ACTORS[n % 2] ?? '',
    actingrole: 'SERVICE',
    clauseids: '',
    requestid: 'request-1',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    data: {
      accountId,
      sessionId: accountId,
      reason: `r${String(n)}`,
      endedAt: '2026-11-23T12:00:00Z',
    },
    ...members,
  }
}

async function recorded(count: number): Promise<Envelope[]> {
  const facts = Array.from({ length: count }, (_, n) => fact(n))
  for (const each of facts) expect(await stage.consumer.deliver(each)).toBe('handled')
  return facts
}

async function verify() {
  const answer = await stage.app.inject({
    method: 'POST',
    url: '/v1/audit/verifications',
    headers: auditor(),
  })
  expect(answer.statusCode).toBe(200)
  return answer.json<unknown>()
}

/** As somebody who can switch triggers off, in one session. */
async function tamper(...statements: string[]): Promise<void> {
  await stage.db.transaction(async (tx) => {
    await tx.query(`set local session_replication_role = 'replica'`)
    for (const statement of statements) await tx.query(statement)
  })
}

const list = async (query = '') => {
  const answer = await stage.app.inject({ url: `/v1/audit/records${query}`, headers: auditor() })
  return answer.json<{
    items: {
      seq: number
      envelope: string
      previousHash: string
      hash: string
      recordedAt: string
      type: string
      actor: string
      actorName: string | null
      actorUserName: string | null
      subjectName: string | null
      subject: string
    }[]
    next: string | null
  }>()
}

test('[A-4.3.4] the ledger listens to every topic of the product', () => {
  const [subscription] = identity.subscriptions({ ...stage, clock: () => stage.now } as never)
  expect(subscription?.topics).toEqual(topics)
})

test('[A-4.3.4] facts are chained without gaps, and an outsider can check an export', async () => {
  const facts = await recorded(5)
  const { items } = await list()
  expect(items.map(({ seq }) => seq)).toEqual([5, 4, 3, 2, 1])
  expect(items.map(({ envelope }) => (JSON.parse(envelope) as Envelope).id)).toEqual(
    facts.map(({ id }) => id).reverse(),
  )
  let previous = Buffer.alloc(32)
  for (const { seq, recordedAt, envelope, previousHash, hash } of items.reverse()) {
    expect(previousHash).toBe(previous.toString('hex'))
    previous = Buffer.from(
      ledgerHash(previous, { seq: BigInt(seq), recordedAt: new Date(recordedAt), envelope }),
    )
    expect(hash).toBe(previous.toString('hex'))
  }
  expect(await verify()).toMatchObject({ checked: 5, intact: true, fault: null })
})

test('an empty ledger is intact', async () => {
  expect(await verify()).toMatchObject({ checked: 0, intact: true, fault: null })
})

test('a fact delivered twice is recorded once, even when its receipt is long gone', async () => {
  const [first] = await recorded(3)
  expect(await stage.consumer.deliver(first)).toBe('duplicate')
  await stage.db.query('delete from inbox')
  expect(await stage.consumer.deliver(first)).toBe('handled')
  await recorded(1)
  expect(await verify()).toMatchObject({ checked: 4, intact: true, fault: null })
})

test('facts delivered at once, many of them twice, leave one chain', async () => {
  const facts = Array.from({ length: 40 }, (_, n) => fact(n))
  const outcomes = await Promise.all(
    [...facts, ...facts.slice(0, 20)].map((each) => stage.consumer.deliver(each)),
  )
  const count = (outcome: string) => outcomes.filter((each) => each === outcome).length
  expect([count('handled'), count('duplicate')]).toEqual([40, 20])
  expect(await verify()).toMatchObject({ checked: 40, intact: true, fault: null })
})

test('a fact of a type that nobody knows yet is recorded too', async () => {
  const unknown = fact(1, { type: 'identity.account.invented-later.v3', data: { any: ['thing'] } })
  expect(await stage.consumer.deliver(unknown)).toBe('handled')
  expect((await list('?type=identity.account.invented-later.v3')).items).toHaveLength(1)
})

test('[A-4.3.4] no statement of the service can change, remove or empty the ledger', async () => {
  await recorded(2)
  await runTask(stage, 'anchor-ledger')
  for (const table of ['audit_record', 'audit_anchor', 'audit_seal'])
    for (const statement of [
      `update ${table} set seq = seq where false`,
      `delete from ${table}`,
      `truncate ${table}`,
    ])
      await expect(stage.db.query(statement)).rejects.toThrow(/only grows/)
  expect(await verify()).toMatchObject({ intact: true })
})

test.each([
  [
    'a changed envelope',
    [`update audit_record set envelope = replace(envelope, 'r2', 'r9') where seq = 3`],
    3,
    'record-changed',
  ],
  [
    'a changed instant',
    [`update audit_record set recorded_at = recorded_at + interval '1 ms' where seq = 2`],
    2,
    'record-changed',
  ],
  [
    'a changed hash',
    [`update audit_record set hash = decode(repeat('ab', 32), 'hex') where seq = 4`],
    4,
    'record-changed',
  ],
  [
    'a changed actor column',
    [`update audit_record set actor = 'somebody' where seq = 5`],
    5,
    'columns-differ-from-envelope',
  ],
  ['a removed record', [`delete from audit_record where seq = 3`], 3, 'record-missing'],
  ['the first one removed', [`delete from audit_record where seq = 1`], 1, 'record-missing'],
  ['the last one removed', [`delete from audit_record where seq = 6`], 6, 'record-missing'],
  [
    'a removed record with the gap closed',
    [
      `delete from audit_record where seq = 3`,
      `update audit_record set seq = seq - 1 where seq > 3`,
      `update audit_head set seq = 5`,
    ],
    3,
    'record-changed',
  ],
  [
    'two records swapped',
    [
      `update audit_record set seq = -2 where seq = 2`,
      `update audit_record set seq = 2 where seq = 5`,
      `update audit_record set seq = 5 where seq = -2`,
    ],
    2,
    'record-changed',
  ],
  [
    'two envelopes swapped',
    [
      `update audit_record a set envelope = b.envelope from audit_record b
        where (a.seq, b.seq) in ((2, 4), (4, 2))`,
    ],
    2,
    'record-changed',
  ],
  [
    'a record computed anew, hash and all',
    [
      `update audit_record set envelope = replace(envelope, 'r2', 'r9'), hash = sha256(previous_hash ||
         convert_to('3' || chr(10) || to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
           || chr(10) || replace(envelope, 'r2', 'r9') || chr(10), 'UTF8')) where seq = 3`,
    ],
    4,
    'record-not-linked',
  ],
  ['the head moved back', [`update audit_head set seq = 5`], 6, 'head-differs'],
  ['the hash of the head changed', [`update audit_head set hash = sha256('x')`], 6, 'head-differs'],
  ['the head removed', [`delete from audit_head`], 6, 'head-differs'],
  [
    'an inserted record',
    [
      `insert into audit_record select 7, gen_random_uuid(), type, subject, actor, recorded_at, envelope,
         hash, sha256('x') from audit_record where seq = 6`,
    ],
    7,
    'record-changed',
  ],
] as const)('[A-4.3.4] tampering is found and named: %s', async (_what, statements, seq, what) => {
  await recorded(6)
  await tamper(...statements)
  expect(await verify()).toMatchObject({ intact: false, fault: { seq, what } })
})

test('[A-4.3.4] a tail cut off with the head set back contradicts the anchor of the day', async () => {
  await recorded(6)
  await runTask(stage, 'anchor-ledger')
  await tamper(
    `delete from audit_record where seq > 4`,
    `update audit_head set (seq, hash) = (select seq, hash from audit_record where seq = 4)`,
  )
  expect(await verify()).toMatchObject({
    checked: 4,
    intact: false,
    fault: { seq: 5, what: 'record-missing' },
  })
})

test('[A-4.3.4] a chain written anew from end to end contradicts the anchor of the day', async () => {
  await recorded(3)
  await runTask(stage, 'anchor-ledger')
  const rows: { seq: string; recorded_at: Date; envelope: string }[] = await stage.db.query(
    'select seq, recorded_at, envelope from audit_record order by seq',
  )
  let previous = Buffer.alloc(32)
  await stage.db.transaction(async (tx) => {
    await tx.query(`set local session_replication_role = 'replica'`)
    for (const { seq, recorded_at: recordedAt, envelope: before } of rows) {
      const envelope = before.replace('r0', 'r7')
      const hash = Buffer.from(ledgerHash(previous, { seq: BigInt(seq), recordedAt, envelope }))
      await tx.query(
        'update audit_record set envelope = $2, previous_hash = $3, hash = $4 where seq = $1',
        [seq, envelope, previous, hash],
      )
      previous = hash
    }
    await tx.query('update audit_head set hash = $1', [previous])
  })
  expect(await verify()).toMatchObject({ intact: false, fault: { seq: 3, what: 'anchor-differs' } })
})

test('the anchor of a day is set once and published', async () => {
  await recorded(2)
  await runTask(stage, 'anchor-ledger')
  await recorded(1)
  await runTask(stage, 'anchor-ledger')
  const anchored = (await queuedEvents(stage.db)).filter(
    ({ type }) => type === 'audit.access.ledger-anchored.v1',
  )
  const { items } = await list()
  expect(anchored.map(({ data }) => data)).toEqual([
    expect.objectContaining({ seq: 2, hash: items.find(({ seq }) => seq === 2)?.hash }),
  ])
  pass(stage, 86_400_000)
  await runTask(stage, 'anchor-ledger')
  const anchors: unknown[] = await stage.db.query('select from audit_anchor')
  expect(anchors).toHaveLength(2)
})

test('every verification is a fact itself', async () => {
  await recorded(1)
  await verify()
  const [checked] = (await queuedEvents(stage.db)).filter(
    ({ type }) => type === 'audit.access.ledger-verified.v1',
  )
  expect(checked).toMatchObject({
    actingrole: 'AUDIT_ADMIN',
    clauseids: 'A-4.3.4',
    data: { checked: 1, intact: true, fault: null },
  })
})

test('a chain longer than one batch is checked to its end', async () => {
  await recorded(1)
  await stage.db.transaction(async (tx) => {
    let [{ hash: previous } = { hash: Buffer.alloc(0) }]: { hash: Buffer }[] = await tx.query(
      'select hash from audit_head',
    )
    for (let n = 2; n <= 2_001; n += 1) {
      const event = fact(n)
      const envelope = JSON.stringify(event)
      const hash = ledgerHash(previous, { seq: BigInt(n), recordedAt: stage.now, envelope })
      await tx.query('insert into audit_record values ($1, $2, $3, $4, $5, $6, $7, $8, $9)', [
        n,
        event.id,
        event.type,
        event.subject,
        event.actor,
        stage.now,
        envelope,
        previous,
        hash,
      ])
      previous = hash
    }
  })
  expect(await verify()).toMatchObject({ checked: 2_001, intact: true, fault: null })
  await tamper(`delete from audit_record where seq = 2000`)
  expect(await verify()).toMatchObject({
    checked: 1_999,
    intact: false,
    fault: { seq: 2_000, what: 'record-missing' },
  })
})

test('the list is filtered and read page by page', async () => {
  await recorded(9)
  const bySubject = await list('?subject=subject-1')
  expect(bySubject.items.map(({ seq }) => seq)).toEqual([8, 5, 2])
  expect((await list(`?actor=${ACTORS[1]}&subject=subject-1`)).items.map(({ seq }) => seq)).toEqual(
    [8, 2],
  )
  expect((await list(`?type=${SessionEnded.type}&limit=2`)).items).toHaveLength(2)
  const seqs: number[] = []
  let cursor = ''
  for (;;) {
    const { items, next } = await list(`?limit=4${cursor}`)
    seqs.push(...items.map(({ seq }) => seq))
    if (next === null) break
    cursor = `&cursor=${next}`
  }
  expect(seqs).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1])
  const now = encodeURIComponent(stage.now.toISOString())
  expect((await list(`?from=${now}`)).items).toHaveLength(9)
  expect((await list(`?to=${now}`)).items).toHaveLength(0)
})

test.each([
  '?cursor=x',
  '?cursor=WyJhIl0',
  '?limit=0',
  '?limit=201',
  '?from=yesterday',
  '?from=0000-01-01T00:00:00Z',
  '?to=2026-12-31T23:59:60Z',
  '?subject=%00',
  '?actor=actor-1',
  '?actor=ZHANGSAN',
  '?actor=00000000-0000-4000-8000-00000000000A',
  '?actor=service:',
  '?type=identity.account.created',
  '?type=identity.account.created.v0',
  '?type=created',
  '?eventId=1',
  '?userName=',
  '?userName=NOBODY-HAS-IT',
  '?from=2026-11-24T00:00:00Z&to=2026-11-24T00:00:00Z',
  '?from=2026-11-24T00:00:00Z&to=2026-11-23T00:00:00Z',
])('a list with %s is refused, not failed', async (query) => {
  const answer = await stage.app.inject({ url: `/v1/audit/records${query}`, headers: auditor() })
  expect([400, 422]).toContain(answer.statusCode)
})

test.each(['SYSTEM_ADMIN', 'SECURITY_ADMIN', 'OM_AUTHORITY', 'SCRIPT'] as const)(
  '[A-4.3.3] %s neither reads nor checks the ledger',
  async (role) => {
    const headers = bearer({ roles: [role], exp: stillValid(stage) })
    const read = await stage.app.inject({ url: '/v1/audit/records', headers })
    const check = await stage.app.inject({
      method: 'POST',
      url: '/v1/audit/verifications',
      headers,
    })
    expect([read.statusCode, check.statusCode]).toEqual([403, 403])
  },
)

test('[A-4.3.4] the facts that prove a clause can be asked for; a clause nobody knows is refused', async () => {
  await recorded(2)
  const ask = (clause: string) =>
    stage.app.inject({ url: `/v1/audit/records?clause=${clause}`, headers: auditor() })
  expect((await ask('A-2.2.7')).json<{ items: unknown[] }>().items).toHaveLength(2)
  expect((await ask('B-4.1.2')).json<{ items: unknown[] }>().items).toHaveLength(0)
  expect((await ask('A-9.9.9')).json()).toMatchObject({ status: 422, code: 'clause-unknown' })
})

test.each([
  'service:identity',
  'service:incident-tiering',
  'source:00000000-0000-4000-8000-000000000000',
  'host:root',
  'anonymous',
])('facts by %s can be asked for', async (actor) => {
  expect(await stage.consumer.deliver(fact(0, { actor }))).toBe('handled')
  await recorded(1)
  const { items } = await list(`?actor=${actor}`)
  expect(items.map((item) => item.actor)).toEqual([actor])
})

test('a fact is found by the id of its event', async () => {
  const [, second] = await recorded(3)
  expect((await list(`?eventId=${second?.id ?? ''}`)).items.map(({ seq }) => seq)).toEqual([2])
  expect((await list(`?eventId=${randomUUID()}`)).items).toEqual([])
})

test('[A-4.3.1] names stand beside ids: masked for the auditor, who finds the account by its user name', async () => {
  const person = await addAccount(stage)
  const administrator = await addAccount(stage, { administratorRole: 'SYSTEM_ADMIN' })
  const machine = randomUUID()
  await stage.db.query(
    `insert into client (id, name, role, status, created_at) values ($1, $2, 'SCRIPT', 'active', $3)`,
    [machine, `Loader ${machine}`, stage.now],
  )
  for (const [actor, subject] of [
    [person.id, person.personId ?? ''],
    [administrator.id, person.id],
    [machine, person.unitId ?? ''],
    ['service:identity', 'ledger'],
    [randomUUID(), 'ledger'],
  ] as const)
    expect(await stage.consumer.deliver(fact(0, { actor, subject }))).toBe('handled')
  const { items } = await list()
  expect(
    items.map(({ actorName, actorUserName, subjectName }) => [
      actorName,
      actorUserName,
      subjectName,
    ]),
  ).toEqual([
    [null, null, null],
    [null, null, null],
    [`Loader ${machine}`, null, 'Unit'],
    [administrator.userName, administrator.userName, 'P*'],
    ['P*', person.userName, 'P*'],
  ])
  const by = async (query: string) => (await list(query)).items.map(({ seq }) => seq)
  expect(await by(`?userName=${person.userName.toLowerCase()}`)).toEqual([1])
  expect(await by(`?userName=${person.userName}&actor=${person.id}`)).toEqual([1])
  const other = await stage.app.inject({
    url: `/v1/audit/records?userName=${person.userName}&actor=${administrator.id}`,
    headers: auditor(),
  })
  expect(other.json()).toMatchObject({ status: 422, errors: [{ parameter: 'userName' }] })
})
