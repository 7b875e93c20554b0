import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { eventually } from '@erp-steward/test-kit/eventually'
import { openDatabase } from '@erp-steward/service-kit/database'
import { buildService } from '@erp-steward/service-kit/service'
import { TEST_INTERNAL_TOKEN } from '@erp-steward/test-kit/test-service'
import { testKeys } from '@erp-steward/test-kit/tokens'
import { pino } from 'pino'
import { monitoringIngest } from '../src/service.ts'
import { writeBody } from './encode-write-request.ts'
import { CONFIG, NOON, Stage, type SentSource } from './stage.ts'

let stage: Stage
let source: SentSource
beforeAll(async () => {
  stage = await Stage.open()
  source = await stage.source()
})
afterAll(() => stage.release())

const children = new Set<ChildProcess>()
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
})

/** The whole service as a process of its own on the stage's database. */
async function startProcess(): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(new URL('ingest-process.ts', import.meta.url), {
    env: { ...process.env, DATABASE_URL: stage.service.url, NODE_OPTIONS: '' },
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  children.add(child)
  const [url] = (await once(child, 'message')) as [string]
  return { child, url }
}

test('[A-3.2.1] what was acknowledged is there after kill -9, each sample once', async () => {
  const from = Date.now() - 3_000_000
  const acknowledged: number[] = []
  let next = 0
  for (let round = 0; round < 2; round += 1) {
    const { child, url } = await startProcess()
    let alive = true
    const sender = async () => {
      while (alive) {
        const at = from + next
        next += 1
        const body = writeBody(
          Array.from({ length: 50 }, (_, index) => ({
            labels: { __name__: 'crash', i: String(index) },
            samples: [[at, at]] as const,
          })),
        )
        try {
          const { status } = await fetch(`${url}/v1/metrics/write`, {
            method: 'POST',
            headers: {
              authorization: `Bearer ${source.token}`,
              'content-type': 'application/x-protobuf',
              'content-encoding': 'snappy',
            },
            body: new Uint8Array(body),
          })
          if (status === 204) acknowledged.push(at)
        } catch {
          alive = false
        }
      }
    }
    const senders = Promise.all([sender(), sender(), sender()])
    const before = acknowledged.length
    await eventually(() => {
      expect(acknowledged.length).toBeGreaterThan(before + 40)
    })
    child.kill('SIGKILL')
    await once(child, 'exit')
    alive = false
    await senders
  }
  const rows: { at: string; samples: number; right: boolean }[] = await stage.service.db.query(
    `select round(extract(epoch from ts) * 1000)::text as at, count(*)::int as samples,
            bool_and(round(extract(epoch from ts) * 1000) = value) as right
       from sample group by ts`,
  )
  const kept = new Map(rows.map(({ at, samples, right }) => [Number(at), right ? samples : -1]))
  expect(acknowledged.filter((at) => kept.get(at) !== 50)).toEqual([])
  // A request is there whole or not at all, acknowledged or not.
  expect([...kept.values()].filter((samples) => samples !== 50)).toEqual([])
})

/** A way to the database that can be shut. */
async function startGate(to: string) {
  const target = new URL(to)
  const open = new Set<Socket>()
  const gate = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one)
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
    }
  })
  const listen = async (port: number) => {
    gate.listen(port, '127.0.0.1')
    await once(gate, 'listening')
    return (gate.address() as AddressInfo).port
  }
  const port = await listen(0)
  const through = new URL(to)
  through.hostname = '127.0.0.1'
  through.port = String(port)
  return {
    url: through.href,
    open: () => listen(port),
    shut: async () => {
      const closed = once(gate, 'close')
      gate.close()
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}

test('with the database away a sender is told to come back, and what it sends then is kept', async () => {
  const gate = await startGate(stage.service.url)
  const db = await openDatabase(monitoringIngest, gate.url)
  const { app } = await buildService(monitoringIngest, {
    db,
    clock: () => NOON,
    config: CONFIG,
    log: pino({ level: 'silent' }),
    keyFor: testKeys,
    internalToken: TEST_INTERNAL_TOKEN,
  })
  const send = () =>
    app.inject({
      method: 'POST',
      url: '/v1/metrics/write',
      headers: {
        authorization: `Bearer ${source.token}`,
        'content-type': 'application/x-protobuf',
        'content-encoding': 'snappy',
      },
      payload: writeBody([{ labels: { __name__: 'm' }, samples: [[NOON.getTime(), 1]] }]),
    })
  try {
    expect((await send()).statusCode).toBe(204)
    await gate.shut()
    for (let index = 0; index < 5; index += 1) {
      const away = await send()
      expect([away.statusCode, away.headers['retry-after']]).toEqual([503, '5'])
    }
    await gate.open()
    await eventually(async () => {
      expect((await send()).statusCode).toBe(204)
    })
  } finally {
    await app.close()
    await db.destroy()
    await gate.shut()
  }
})

test('past its limit of requests at once the service sheds them with Retry-After, and the others are kept', async () => {
  const small = await Stage.open({ INGEST_CONNECTIONS: 1, INGEST_IN_FLIGHT: 2 })
  try {
    const { token } = await small.source()
    const at = small.service.now.getTime()
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        small.write(token, [{ labels: { __name__: 'm', i: String(index) }, samples: [[at, 1]] }]),
      ),
    )
    const statuses = new Set(answers.map(({ statusCode }) => statusCode))
    expect(statuses).toEqual(new Set([204, 503]))
    for (const { statusCode, headers } of answers)
      if (statusCode === 503) expect(headers['retry-after']).toBe('2')
    expect(await small.count('sample')).toBe(
      answers.filter(({ statusCode }) => statusCode === 204).length,
    )
  } finally {
    await small.release()
  }
})
