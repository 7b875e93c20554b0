import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { eventually } from '@erp-steward/test-kit/eventually'
import { writeBody } from './encode-write-request.ts'
import { Stage, type SentSource } from './stage.ts'

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
}, 60_000)

test('with the database away a sender is told to come back, and what it sends then is kept', async () => {
  const fresh = await Stage.open({ INGEST_CONNECTIONS: 1 })
  try {
    const { token } = await fresh.source()
    const body = writeBody([
      { labels: { __name__: 'm' }, samples: [[fresh.service.now.getTime(), 1]] },
    ])
    expect((await fresh.send(token, body)).statusCode).toBe(204)
    // Every connection of the service is cut, as a server that restarts does it.
    const name = new URL(fresh.service.url).pathname.slice(1)
    await stage.service.db.query(`alter database ${name} allow_connections false`)
    await stage.service.db.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()',
      [name],
    )
    const away = await fresh.send(token, body)
    expect([away.statusCode, Number(away.headers['retry-after']) > 0]).toEqual([503, true])
    await stage.service.db.query(`alter database ${name} allow_connections true`)
    await eventually(async () => {
      expect((await fresh.send(token, body)).statusCode).toBe(204)
    })
  } finally {
    await fresh.release()
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
