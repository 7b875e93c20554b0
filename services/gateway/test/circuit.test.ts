import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import { eventually } from '@erp-steward/test-kit/eventually'
import { bearer } from '@erp-steward/test-kit/tokens'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Circuit } from '../src/upstream/circuit.ts'
import { stage, type Prepare, type Stage } from './stage.ts'

const STALL_MS = 10_000

/** So many requests on their way at `now`. */
function asked(circuit: Circuit, count: number, now: number): void {
  for (let each = 0; each < count; each += 1) circuit.asked(now)
}

function opened(now = 0): Circuit {
  const circuit = new Circuit(STALL_MS)
  asked(circuit, 5, now)
  for (let each = 0; each < 5; each += 1) circuit.failed(now)
  return circuit
}

test('five failures in a row cut a service off, an answer between them does not', () => {
  const circuit = new Circuit(STALL_MS)
  asked(circuit, 20, 0)
  for (let each = 0; each < 4; each += 1) circuit.failed(1)
  circuit.answered(2)
  for (let each = 0; each < 4; each += 1) circuit.failed(3)
  expect([circuit.state, circuit.waitMs(3)]).toEqual(['closed', 0])
  circuit.failed(4)
  expect([circuit.state, circuit.waitMs(4), circuit.waitMs(104)]).toEqual(['open', 500, 400])
})

test('a service that keeps sixteen waiting and says nothing is cut off, with fewer it is not', () => {
  const circuit = new Circuit(STALL_MS)
  asked(circuit, 15, 0)
  expect(circuit.waitMs(100_000)).toBe(0)
  circuit.asked(100_000)
  // The silence began when the first of them was sent.
  expect(circuit.waitMs(100_000)).toBe(500)
})

test('a slow service that answers somebody now and then is not cut off', () => {
  const circuit = new Circuit(STALL_MS)
  asked(circuit, 30, 0)
  for (let now = 0; now < 100_000; now += STALL_MS - 1) {
    circuit.answered(now)
    circuit.asked(now)
    expect(circuit.waitMs(now + STALL_MS - 1)).toBe(0)
  }
})

test('callers who leave are no failures, and are not waited with', () => {
  const circuit = new Circuit(STALL_MS)
  asked(circuit, 20, 0)
  for (let each = 0; each < 20; each += 1) circuit.left()
  expect(circuit.waitMs(100_000)).toBe(0)
})

test('one question at a time decides, after ever longer pauses', () => {
  const circuit = opened()
  expect(circuit.takeQuestion(499)).toBe(false)
  expect(circuit.takeQuestion(500)).toBe(true)
  expect([circuit.state, circuit.takeQuestion(500)]).toEqual(['half-open', false])
  expect(circuit.waitMs(500)).toBeGreaterThan(0)
  let now = 500
  const pauses: number[] = []
  for (let each = 0; each < 7; each += 1) {
    circuit.heard(false, now)
    pauses.push(circuit.waitMs(now))
    now += circuit.waitMs(now)
    expect(circuit.takeQuestion(now)).toBe(true)
  }
  expect(pauses).toEqual([1_000, 2_000, 4_000, 5_000, 5_000, 5_000, 5_000])
  circuit.heard(true, now)
  expect([circuit.state, circuit.waitMs(now)]).toEqual(['closed', 0])
  // It begins with the short pause again, and needs five failures again.
  asked(circuit, 5, now)
  for (let each = 0; each < 4; each += 1) circuit.failed(now)
  expect(circuit.waitMs(now)).toBe(0)
  circuit.failed(now)
  expect(circuit.waitMs(now)).toBe(500)
})

/** A service that breaks each exchange off, says nothing, or answers. */
class Patient {
  mode: 'breaks' | 'hangs' | 'works' = 'works'
  isReady = true
  readonly asked: string[] = []
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    server.on('request', ({ method = '', url = '' }, answer) => {
      if (url === '/health/ready') answer.writeHead(this.isReady ? 200 : 503).end('{}')
      else if (url === '/openapi.json') answer.writeHead(404).end()
      else {
        this.asked.push(`${method} ${url}`)
        if (this.mode === 'breaks') answer.destroy()
        else if (this.mode === 'works') answer.end('{"works":true}')
      }
    })
  }

  static async start(): Promise<Patient> {
    const server = createServer()
    const patient = new Patient(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return patient
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`
  }

  end(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

let patient: Patient
let on: Stage
const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

/** The gateway in front of a service that is a patient. */
async function admit(settings: Record<string, string> = {}, prepare: Prepare = {}): Promise<void> {
  patient = await Patient.start()
  endings.push(() => {
    patient.end()
  })
  on = await stage(prepare, { INCIDENT_TIERING_URL: patient.url, ...settings })
  endings.push(() => on.end())
}

const headers = bearer({ roles: ['KEY_USER', 'SECURITY_ADMIN'] })
const post = (path: string) => on.call(path, { method: 'POST', headers, body: '{}' })
const tickets = () => on.call('/v1/tickets', { headers })
const cutOff = async () => (await on.call('/health')).json.cutOff
const gauge = async (name: string) =>
  (await on.call('/metrics')).text.split('\n').find((line) => line.startsWith(name))

test('a service that fails is cut off with 503, others are untouched, and it is back when it says that it can work', async () => {
  await admit({}, { 'monitoring-ingest': (app) => app.get('/v1/alerts', () => ({ here: true })) })
  patient.mode = 'breaks'
  patient.isReady = false
  const broken = await Promise.all(Array.from({ length: 5 }, tickets))
  expect(broken.map(({ json }) => json.code)).toEqual(Array(5).fill('upstream-failed'))
  const before = patient.asked.length
  const refused = await tickets()
  expect(refused.json).toMatchObject({ status: 503, code: 'unavailable' })
  expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1)
  expect(patient.asked).toHaveLength(before)
  expect(await cutOff()).toEqual(['incident-tiering'])
  expect(await gauge('upstream_cut_off{upstream="incident-tiering"')).toMatch(/ 1$/)
  expect((await on.call('/v1/alerts', { headers })).json).toEqual({ here: true })
  patient.mode = 'works'
  patient.isReady = true
  await eventually(async () => {
    expect((await tickets()).json).toEqual({ works: true })
  })
  expect(await cutOff()).toEqual([])
  expect(await gauge('upstream_cut_off{upstream="incident-tiering"')).toMatch(/ 0$/)
})

test('whoever comes to a service that hangs is refused while others still wait for it', async () => {
  await admit({ UPSTREAM_TIMEOUT_SECONDS: '3' })
  patient.mode = 'hangs'
  patient.isReady = false
  const waiting = Array.from({ length: 20 }, tickets)
  await eventually(async () => {
    // Who comes too early does not wait for long.
    const answer = await fetch(`${on.gateway.url}/v1/tickets`, {
      headers,
      signal: AbortSignal.timeout(200),
    })
    expect(await answer.json()).toMatchObject({ status: 503, code: 'unavailable' })
  })
  const codes = (await Promise.all(waiting)).map(({ json }) => json.code)
  expect(new Set(codes)).toEqual(new Set(['upstream-timeout']))
  expect(await cutOff()).toEqual(['incident-tiering'])
})

test('[A-2.1.7] what is vital is passed on to a service that is cut off', async () => {
  let isBroken = true
  const breakOff = (request: FastifyRequest, reply: FastifyReply) => {
    reply.hijack()
    request.raw.socket.destroy()
  }
  await admit(
    {},
    {
      identity: (app) => {
        app.addHook('onRequest', (request, reply, done) => {
          // It says of itself that it cannot work.
          if (request.url === '/health/ready') void reply.code(503).send({})
          else done()
        })
        app.get('/v1/accounts', breakOff)
        app.post('/v1/accounts/lockdowns', (request, reply) => {
          if (isBroken) breakOff(request, reply)
          else void reply.send({ frozen: true })
        })
      },
    },
  )
  const accounts = () => on.call('/v1/accounts', { headers })
  await Promise.all(Array.from({ length: 5 }, accounts))
  expect((await accounts()).json.code).toBe('unavailable')
  expect((await post('/v1/accounts/lockdowns')).json.code).toBe('upstream-failed')
  isBroken = false
  expect((await post('/v1/accounts/lockdowns')).json).toEqual({ frozen: true })
})
