import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { services } from '@erp-steward/contracts/services'
import type { App } from '@erp-steward/service-kit/app'
import type { Dependencies } from '@erp-steward/service-kit/service'
import type { FastifyReply, FastifyRequest } from 'fastify'
import pg from 'pg'
import { Counter } from 'prom-client'
import { uncompressSync } from 'snappy'
import { Type } from 'typebox'
import type { DataSource } from 'typeorm'
import type { MonitoringConfig } from '../config.ts'
import { authenticateSource, type SendingSource } from './authenticate-source.ts'
import {
  decodeWriteRequest,
  TooManySamples,
  type WriteRequest,
} from './rules/decode-write-request.ts'
import { MalformedWrite } from './rules/protobuf-reader.ts'
import { snappyClaim } from './rules/snappy-length.ts'
import { SampleWriter } from './write-samples.ts'

declare module 'fastify' {
  interface FastifyRequest {
    sendingSource: SendingSource | null
  }
}

/** Largest request as sent, in bytes. */
const MAX_COMPRESSED_BYTES = 1_048_576
/** Most samples of one request; Prometheus sends 2,000 at most. */
const MAX_SAMPLES = 50_000

/** The connections of the samples alone, so that ingest and the other operations cannot starve each other. */
function openPool(db: DataSource, connections: number): pg.Pool {
  const { url } = db.options as { url: string }
  return new pg.Pool({
    connectionString: url,
    max: connections,
    application_name: 'monitoring-ingest samples',
    options: `-c search_path=${services['monitoring-ingest'].schema}`,
    connectionTimeoutMillis: 5_000,
  })
}

/** `POST /v1/metrics/write`: Prometheus remote write 1.0. */
export async function ingestRoutes(
  app: App,
  { db, clock, config, log }: Dependencies<MonitoringConfig>,
): Promise<void> {
  const pool = openPool(db, config.INGEST_CONNECTIONS)
  pool.on('error', (error) => {
    log.warn({ err: error }, 'an idle connection for samples was lost')
  })
  app.addHook('onClose', () => pool.end())
  const writer = new SampleWriter(pool, config.INGEST_SERIES_PER_SOURCE)
  const writtenCounter = new Counter({
    name: 'samples_written_total',
    help: 'Samples kept, those included that were there before.',
    registers: [app.metrics],
  })
  const refusedCounter = new Counter({
    name: 'samples_refused_total',
    help: 'Samples refused, by reason.',
    labelNames: ['reason'],
    registers: [app.metrics],
  })
  let inFlight = 0

  function assertRoom(): void {
    // Not 429: Prometheus retries that only when told to, and would lose the samples.
    if (inFlight >= config.INGEST_IN_FLIGHT)
      throw new Problem(
        'unavailable',
        said('Too many write requests at once.', '同时写入的请求过多。'),
        { retryAfterSeconds: 2 },
      )
  }

  async function write(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const source = request.sendingSource
    if (source === null)
      throw new Problem(
        'unauthenticated',
        said('Send the token of a source.', '请发送数据源的令牌。'),
      )
    const act: Act = {
      actor: `source:${source.id}`,
      personId: null,
      controllers: [],
      role: 'MONITORING_AGENT',
      unitId: source.unitId,
      requestId: request.id,
      traceparent: request.traceparent,
      now: clock(),
    }
    const { written, refusals } = await readable(async () =>
      writer.write(source, decoded(request), act),
    )
    writtenCounter.inc(written)
    for (const [reason, count] of refusals.counts) refusedCounter.inc({ reason }, count)
    void reply.header('x-prometheus-remote-write-samples-written', String(written))
    if (refusals.total === 0) return
    throw new Problem(
      'samples-refused',
      said(
        `${String(written)} samples kept, ${String(refusals.total)} refused: ${refusals.summary.en}.`,
        `保留 ${String(written)} 个样本，拒绝 ${String(refusals.total)} 个：${refusals.summary['zh-CN']}。`,
      ),
      {
        written,
        refused: Object.fromEntries(refusals.counts),
        errors: refusals.named.map((detail) => ({ detail })),
      },
    )
  }

  await app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      'application/x-protobuf',
      { parseAs: 'buffer', bodyLimit: MAX_COMPRESSED_BYTES },
      (_request, body, parsed) => {
        parsed(null, body)
      },
    )
    scope.decorateRequest('sendingSource', null)
    scope.addHook('onRequest', async (request) => {
      assertRoom()
      request.sendingSource = await authenticateSource(pool, request.headers.authorization)
    })
    scope.post(
      '/v1/metrics/write',
      {
        config: {
          access: 'public',
          clauses: ['A-3.2.1', 'A-3.2.3'],
          sends: {
            'application/x-protobuf': {
              schema: {
                type: 'string',
                format: 'binary',
                description:
                  'A Snappy block (`Content-Encoding: snappy`) of a message `prometheus.WriteRequest`: at most 1 MiB as sent, 8 MiB ' +
                  'unpacked and 50,000 samples. Prometheus sends it by itself when `remote_write` has this address and the token.',
              },
            },
          },
        },
        bodyLimit: MAX_COMPRESSED_BYTES,
        schema: {
          operationId: 'writeSamples',
          problems: ['samples-refused', 'unauthenticated'],
          summary: 'Prometheus remote write 1.0; the bearer token is the one of a source.',
          description:
            'A 204 says that every sample is durable and was compared with the thresholds. ' +
            'A 400 with code samples-refused says which samples were refused; the others are kept. ' +
            'Samples of the last two hours and up to ten minutes ahead are taken.',
          tags: ['metrics'],
          consumes: ['application/x-protobuf'],
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        assertRoom()
        inFlight += 1
        try {
          await write(request, reply)
        } finally {
          inFlight -= 1
        }
        return reply.code(204).send()
      },
    )
    done()
  })
}

/** @throws Problem `media-type-unsupported`, `malformed-request`, `body-too-large`; MalformedWrite, TooManySamples */
function decoded({ headers, body }: FastifyRequest): WriteRequest {
  const proto = /;\s*proto=([^;]+)/.exec(headers['content-type'] ?? '')?.[1]?.trim()
  if (proto !== undefined && proto !== 'prometheus.WriteRequest')
    throw new Problem(
      'media-type-unsupported',
      said(
        'Send prometheus.WriteRequest (remote write 1.0).',
        '请发送 prometheus.WriteRequest（remote write 1.0）。',
      ),
    )
  if (headers['content-encoding'] !== 'snappy')
    throw new Problem(
      'media-type-unsupported',
      said(
        'Send the body with Content-Encoding: snappy.',
        '请以 Content-Encoding: snappy 发送正文。',
      ),
    )
  if (!Buffer.isBuffer(body))
    throw new Problem('malformed-request', said('The body is empty.', '请求正文为空。'))
  const claim = snappyClaim(body)
  if (claim.kind === 'too-large')
    throw new Problem(
      'body-too-large',
      said('The body claims more than 8 MiB after decompression.', '正文声明解压后超过 8 MiB。'),
    )
  if (claim.kind === 'malformed')
    throw new Problem(
      'malformed-request',
      said('The body is no Snappy block.', '请求正文不是 Snappy 数据块。'),
    )
  let bytes: Buffer | string
  try {
    bytes = uncompressSync(body, { asBuffer: true })
  } catch {
    throw new Problem(
      'malformed-request',
      said('The body is no Snappy block.', '请求正文不是 Snappy 数据块。'),
    )
  }
  if (!Buffer.isBuffer(bytes)) throw new TypeError('snappy answered with text')
  return decodeWriteRequest(bytes, MAX_SAMPLES)
}

/** Turns what the decoder throws into problems. */
async function readable<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof MalformedWrite)
      throw new Problem(
        'malformed-request',
        said(`The message cannot be read: ${error.message}.`, `无法读取该消息：${error.message}。`),
      )
    if (error instanceof TooManySamples)
      throw new Problem(
        'body-too-large',
        said(`The request holds ${error.message}.`, `该请求含有 ${error.message}。`),
      )
    throw error
  }
}
