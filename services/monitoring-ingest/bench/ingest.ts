// Samples per second through the whole service, over HTTP, against a binary COPY of the same rows in the same run.
// Standalone: node services/monitoring-ingest/bench/ingest.ts
import { Agent, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { testPostgres } from '@erp-steward/postgres/ladder'
import { ownCpuMicros, type BenchRow } from '@erp-steward/test-kit/bench-row'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { writeBody } from '../test/encode-write-request.ts'
import { CONFIG, NOON, Stage } from '../test/stage.ts'

const SERIES = 2_000
const CONCURRENCY = 4
/** Step between two samples of a series, in milliseconds. */
const STEP_MS = 15_000

interface Round {
  readonly samplesPerRequest: number
  readonly requests: number
}

/** The bodies of a round: each request carries the next samples of a slice of the series, as Prometheus does. */
function bodiesOf({ samplesPerRequest, requests }: Round, metric: string): Buffer[] {
  const slices = SERIES / samplesPerRequest
  return Array.from({ length: requests }, (_, index) => {
    const atMs = NOON.getTime() - 7_000_000 + Math.floor(index / slices) * STEP_MS
    const first = (index % slices) * samplesPerRequest
    return writeBody(
      Array.from({ length: samplesPerRequest }, (_unused, offset) => ({
        labels: {
          __name__: metric,
          instance: `db${String((first + offset) % 20)}.example:9100`,
          job: 'node',
          device: `dev${String(first + offset)}`,
          mode: 'idle',
          unit: 'works-1',
          env: 'prod',
        },
        samples: [[atMs, Math.sin(index + offset) * 100]] as const,
      })),
    )
  })
}

/** CPU and wall-clock seconds of some work. */
async function timed(
  work: () => Promise<void>,
): Promise<{ wallSeconds: number; cpuMicros: number }> {
  const cpu = ownCpuMicros()
  const started = performance.now()
  await work()
  return {
    wallSeconds: (performance.now() - started) / 1_000,
    cpuMicros: ownCpuMicros() - cpu,
  }
}

function post(agent: Agent, port: number, token: string, body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        agent,
        port,
        host: '127.0.0.1',
        method: 'POST',
        path: '/v1/metrics/write',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/x-protobuf',
          'content-encoding': 'snappy',
          'content-length': body.length,
        },
      },
      (answer) => {
        answer.resume()
        answer.on('end', () => {
          resolve(answer.statusCode ?? 0)
        })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Sends every body, four at a time, and expects each to be acknowledged. */
async function sendAll(port: number, token: string, bodies: readonly Buffer[]): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY })
  let next = 0
  const sender = async () => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      const status = await post(agent, port, token, body)
      if (status !== 204) throw new Error(`a write was answered ${String(status)}`)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, sender))
  agent.destroy()
}

interface Row {
  readonly seriesId: bigint
  readonly micros: bigint
  readonly value: number
}

/** PGCOPY binary, hand-encoded: the fastest way in that a client has. */
function* copyRows(rows: readonly Row[]): Generator<Buffer> {
  const ROW_BYTES = 2 + 3 * (4 + 8)
  yield Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)])
  for (let first = 0; first < rows.length; first += 2_000) {
    const slice = rows.slice(first, first + 2_000)
    const block = Buffer.allocUnsafe(slice.length * ROW_BYTES)
    let at = 0
    for (const { seriesId, micros, value } of slice) {
      at = block.writeInt16BE(3, at)
      at = block.writeBigInt64BE(seriesId, block.writeInt32BE(8, at))
      at = block.writeBigInt64BE(micros, block.writeInt32BE(8, at))
      at = block.writeDoubleBE(value, block.writeInt32BE(8, at))
    }
    yield block
  }
  yield Buffer.from([0xff, 0xff])
}

async function copyAll(client: pg.Client, rows: readonly Row[]): Promise<void> {
  await client.query('truncate copied_sample')
  const sink = client.query(copyFrom('copy copied_sample from stdin (format binary)'))
  await pipeline(Readable.from(copyRows(rows)), sink)
}

/** The rows that the service stored for a metric, in the order they came. */
async function storedRows(client: pg.Client, metric: string): Promise<Row[]> {
  // Microseconds since 2000, as PostgreSQL keeps time.
  const { rows } = await client.query<{ id: string; micros: string; value: number }>(
    `select series_id as id, (extract(epoch from ts - '2000-01-01Z') * 1e6)::bigint as micros, value
       from sample where series_id in (select id from series where metric = $1) order by ts, series_id`,
    [metric],
  )
  return rows.map(({ id, micros, value }) => ({
    seriesId: BigInt(id),
    micros: BigInt(micros),
    value,
  }))
}

/** Measures requests of 500 samples (Prometheus 2) and of 2,000 (Prometheus 3); under half a minute. */
export async function run(): Promise<BenchRow[]> {
  const server = await testPostgres()
  process.env.STEWARD_TEST_POSTGRES = server.url
  const stage = await Stage.open({ ...CONFIG, INGEST_SERIES_PER_SOURCE: 50_000 })
  const client = new pg.Client({
    connectionString: stage.service.url,
    options: '-c search_path=monitoring_ingest',
  })
  try {
    await client.connect()
    const { token } = await stage.source()
    await stage.service.app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = stage.service.app.server.address() as AddressInfo
    // One day takes all rows, so both ways write into one partition with one index.
    await client.query('create table copied_sample (like sample including all)')
    await sendAll(port, token, bodiesOf({ samplesPerRequest: 500, requests: 20 }, 'warm_up'))
    const rows: BenchRow[] = []
    for (const round of [
      { samplesPerRequest: 500, requests: 300 },
      { samplesPerRequest: 2_000, requests: 75 },
    ]) {
      const metric = `bench_${String(round.samplesPerRequest)}`
      const bodies = bodiesOf(round, metric)
      const samples = round.samplesPerRequest * round.requests
      // The series' first rows are made before the clock runs: a source makes them once in its life.
      await sendAll(port, token, bodies.slice(0, SERIES / round.samplesPerRequest))
      const ours = await timed(() => sendAll(port, token, bodies))
      const stored = await storedRows(client, metric)
      if (stored.length !== samples)
        throw new Error(`${String(stored.length)} of ${String(samples)} samples are there`)
      const theirs = await timed(() => copyAll(client, stored))
      rows.push({
        name: `remote write, ${String(round.samplesPerRequest)} samples per request`,
        reference: 'binary COPY of the same rows, one transaction',
        ours: Math.round(samples / ours.wallSeconds),
        theirs: Math.round(samples / theirs.wallSeconds),
        unit: 'samples per second',
        cpuMicrosPerUnit: ours.cpuMicros / samples,
        note:
          `each request committed and held against the thresholds before its answer; ${String(CONCURRENCY)} senders, ` +
          `client and service in one Node process; ${server.origin}`,
      })
    }
    return rows
  } finally {
    await client.end()
    await stage.release()
    await server.release()
  }
}

if (import.meta.main) console.table(await run())
