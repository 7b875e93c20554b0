import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { TicketClosed } from '@erp-steward/contracts/incident-events'
import type { Principal } from '@erp-steward/service-kit/authentication'
import { eventually } from '@erp-steward/test-kit/eventually'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { pino } from 'pino'
import { EventStream } from '../../src/event-stream/event-stream.ts'
import { factsFor } from '../../src/event-stream/facts-for.ts'
import { OpenStreams, type Patience } from '../../src/event-stream/open-streams.ts'
import { identityStage } from '../account-stage.ts'

/** Facts in the ledger, and bytes of each: more than sockets and streams hold between them. */
const FACTS = 400
const BYTES = 20_000
/** What a stream may hold in memory: its buffer, one fact, and the last word. */
const MOST_HELD = 65_536 + BYTES + 2_000

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
  await stage.db.transaction(async (tx) => {
    // No chain of hashes, which the triggers would ask for: only order and size matter.
    await tx.query('set local session_replication_role = replica')
    await tx.query(
      `insert into audit_record (seq, event_id, type, subject, actor, recorded_at, envelope, previous_hash, hash)
       select n, gen_random_uuid(), $2, 'x', 'x', now(), json_build_object('n', n, 'data', repeat('x', $3))::text, ''::bytea, ''::bytea
         from generate_series(1, $1) as n`,
      [FACTS, TicketClosed.type, BYTES],
    )
    await tx.query('update audit_head set seq = $1', [FACTS])
  })
})
afterAll(() => stage.release())

const audience = { types: new Set<string>([TicketClosed.type]), unitId: null }

function streams(patience: Patience): OpenStreams {
  return new OpenStreams(stage.db, () => stage.now, pino({ level: 'silent' }), patience)
}

function streamFrom(position: number, { tail }: OpenStreams): EventStream {
  return new EventStream(
    position,
    (from) => factsFor(stage.db, tail, from, audience),
    (error) => {
      throw error
    },
  )
}

function add(open: OpenStreams, position: number): EventStream {
  const stream = streamFrom(position, open)
  const principal: Principal = {
    ...{ actor: randomUUID(), kind: 'client', personId: null, sessionId: null, unitId: null },
    ...{ range: 'company', roles: ['SCRIPT'], permissions: new Set<string>(), controllers: [] },
    ...{ coolingUntil: null, secondFactorUntil: null, epoch: 0, issuedAt: 0, expiresAt: Infinity },
  }
  open.add(stream, principal, 'en')
  return stream
}

/** The numbers of the facts in what was read, and the id of the last frame that is whole. */
function heardIn(text: string): { numbers: number[]; lastId: number } {
  const whole = text.slice(0, text.lastIndexOf('\n\n') + 2)
  const all = (form: RegExp) => [...whole.matchAll(form)].map(([, digits]) => Number(digits))
  return { numbers: all(/^data: \{"n" : (\d+)/gm), lastId: all(/^id: (\d+)$/gm).at(-1) ?? NaN }
}

/** Reads so many bytes at most, then no more. */
function some(stream: Readable, bytes: number): string {
  let text = ''
  while (text.length < bytes) {
    const part = stream.read() as Buffer | null
    if (part === null) break
    text += part.toString()
  }
  return text
}

async function all(stream: Readable): Promise<string> {
  let text = ''
  for await (const part of stream) text += String(part)
  return text
}

test('a reader who takes nothing costs a bounded room, is cut off with the reason, and comes back without loss', async () => {
  const open = streams({ quietMs: 10_000, stalledMs: 300 })
  const stream = add(open, 0)
  const begun = await eventually(() => {
    const text = some(stream, BYTES * 3)
    if (heardIn(text).numbers.length === 0) throw new Error('nothing yet')
    return text
  })
  await eventually(() => {
    expect(stream.stalledMs).toBeGreaterThan(0)
    expect(stream.readableLength).toBeLessThan(MOST_HELD)
  })
  await eventually(() => {
    expect([open.size, stream.closed]).toEqual([0, true])
  })
  const { numbers, lastId } = heardIn(begun)
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, at) => at + 1))
  expect(numbers.length).toBeLessThan(FACTS / 2)

  const patient = streams({ quietMs: 10_000, stalledMs: 600_000 })
  const again = add(patient, lastId)
  let rest = ''
  again.on('data', (part: Buffer) => (rest += part.toString()))
  await eventually(() => {
    expect(heardIn(rest).numbers.at(-1)).toBe(FACTS)
  })
  expect([...numbers, ...heardIn(rest).numbers]).toEqual(
    Array.from({ length: FACTS }, (_, at) => at + 1),
  )
  await patient.close()
})

test('one who wakes up before the connection is cut reads why it ends, behind whole facts', async () => {
  const open = streams({ quietMs: 10_000, stalledMs: 600_000 })
  const stream = add(open, 0)
  await eventually(() => {
    expect(stream.stalledMs).toBeGreaterThan(0)
  })
  stream.endFor('reader-too-slow', 'The reader took nothing.')
  const text = await all(stream)
  const { numbers, lastId } = heardIn(text)
  expect(text).toMatch(/\nevent: end\ndata: \{"reason":"reader-too-slow"[^\n]*\n\n$/)
  expect(lastId).toBe(numbers.length)
  await open.close()
})

test('a stream with nothing to tell says where it stands, again and again', async () => {
  const open = streams({ quietMs: 20, stalledMs: 600_000 })
  const stream = add(open, FACTS)
  let text = ''
  stream.on('data', (part: Buffer) => (text += part.toString()))
  await eventually(() => {
    expect(text.split(`id: ${String(FACTS)}\n\n`).length).toBeGreaterThan(4)
  })
  expect(text).toMatch(/^retry: \d+\n/)
  await open.close()
  await eventually(() => {
    expect(text).toMatch(/event: end\ndata: \{"reason":"closing"/)
  })
})

test('while it cannot be asked whether tokens were revoked, streams end', async () => {
  const open = streams({ quietMs: 10_000, stalledMs: 600_000 })
  const stream = add(open, FACTS)
  let text = ''
  stream.on('data', (part: Buffer) => (text += part.toString()))
  await eventually(() => {
    expect(text).toContain('retry:')
  })
  await stage.db.query('alter table revocation rename to revocation_gone')
  await eventually(() => {
    expect(text).toContain('"reason":"unavailable"')
  })
  await stage.db.query('alter table revocation_gone rename to revocation')
  await open.close()
})
