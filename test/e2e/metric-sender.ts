import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@erp-steward/postgres/port'
import { writeBody } from '../../services/monitoring-ingest/test/encode-write-request.ts'
import { eventually, text, type Company } from './company.ts'

const PROMETHEUS = '/usr/bin/prometheus'
const NODE_EXPORTER = '/usr/bin/prometheus-node-exporter'

/** The metric that the play moves: share of the tablespace in use, in percent. */
export const METRIC = 'ebs_tablespace_used_percent'

export interface MetricSender {
  readonly kind: 'prometheus' | 'own encoder'
  /** What the watched host reports from now on. */
  value: number
  stop(): Promise<void>
}

/** How soon the silence of a source is reported, in seconds: the shortest that the product takes. */
const SILENT_AFTER_SECONDS = 30

/** Registers a source and answers its token. */
export async function sourceToken(
  company: Company,
  name: string,
  { unitId, moduleCode }: { readonly unitId: string; readonly moduleCode: string | null },
): Promise<string> {
  // The directory reaches the service by event; until then it does not know the unit.
  const source = await eventually(async () =>
    company.must('SYSADM', 'POST', '/v1/sources', {
      key: company.key(name),
      body: {
        name: company.key(name),
        unitId,
        moduleCode,
        silentAfterSeconds: SILENT_AFTER_SECONDS,
      },
    }),
  )
  const path = `/v1/sources/${text(source, 'id')}`
  const { etag } = await company.must('SYSADM', 'GET', path)
  return text(await company.must('SYSADM', 'POST', `${path}/token`, { ifMatch: etag }), 'token')
}

/** Whether a real Prometheus is installed here. */
export const hasPrometheus = existsSync(PROMETHEUS)

/**
 * A real Prometheus that scrapes a watched host each second and sends by remote write 1.0 with the source's token; the
 * node exporter, where installed, makes it carry the hundreds of series of a real machine.
 */
export async function startPrometheus(writeUrl: string, token: string): Promise<MetricSender> {
  const sender = { kind: 'prometheus' as const, value: 50, stop: () => Promise.resolve() }
  const exporter = createServer((_request, response) => {
    response
      .setHeader('content-type', 'text/plain; version=0.0.4')
      .end(`# TYPE ${METRIC} gauge\n${METRIC}{tablespace="APPS_TS_TX_DATA"} ${sender.value}\n`)
  })
  await new Promise<void>((resolve) => {
    exporter.listen(0, '127.0.0.1', resolve)
  })
  const { port } = exporter.address() as AddressInfo
  const folder = mkdtempSync(join(tmpdir(), 'steward-prometheus-'))
  const children: ChildProcess[] = []
  const targets = [`127.0.0.1:${port}`]
  if (existsSync(NODE_EXPORTER)) {
    const address = `127.0.0.1:${await freePort()}`
    children.push(spawn(NODE_EXPORTER, [`--web.listen-address=${address}`], { stdio: 'ignore' }))
    targets.push(address)
  }
  const config = join(folder, 'prometheus.yml')
  writeFileSync(
    config,
    JSON.stringify({
      global: { scrape_interval: '1s' },
      scrape_configs: [{ job_name: 'ebs', static_configs: [{ targets }] }],
      remote_write: [
        {
          url: writeUrl,
          authorization: { credentials: token },
          queue_config: { batch_send_deadline: '500ms', min_backoff: '100ms', max_backoff: '1s' },
        },
      ],
    }),
  )
  children.push(
    spawn(
      PROMETHEUS,
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${await freePort()}`,
      ],
      { stdio: 'ignore' },
    ),
  )
  sender.stop = async () => {
    for (const child of children) {
      child.kill('SIGTERM')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    }
    exporter.closeAllConnections()
    exporter.close()
  }
  return sender
}

/** The same series by our own encoder, once a second, where no Prometheus is installed. */
export function startEncoder(writeUrl: string, token: string): MetricSender {
  const sender = { kind: 'own encoder' as const, value: 50, stop: () => Promise.resolve() }
  sender.stop = sendEachSecond(writeUrl, token, () => [
    {
      labels: { __name__: METRIC, job: 'ebs', tablespace: 'APPS_TS_TX_DATA' },
      value: sender.value,
    },
  ])
  return sender
}

/** The key figures of a calm host of a unit, once a second. */
export function startKeyFigures(writeUrl: string, token: string): () => Promise<void> {
  return sendEachSecond(writeUrl, token, () => [
    { labels: { __name__: 'erp_cpu_used_percent' }, value: 20 },
    { labels: { __name__: 'erp_memory_used_percent' }, value: 40 },
    { labels: { __name__: 'erp_disk_busy_percent' }, value: 10 },
  ])
}

/** Sends what is seen, once a second; answers how to stop. Like Prometheus, what is refused for good is dropped; the next second brings a new sample. */
export function sendEachSecond(
  writeUrl: string,
  token: string,
  seen: () => readonly { readonly labels: Record<string, string>; readonly value: number }[],
): () => Promise<void> {
  const send = async () => {
    const body = writeBody(
      seen().map(({ labels, value }) => ({ labels, samples: [[Date.now(), value]] })),
    )
    await fetch(writeUrl, {
      method: 'POST',
      signal: AbortSignal.timeout(5_000),
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/x-protobuf',
        'content-encoding': 'snappy',
        'x-prometheus-remote-write-version': '0.1.0',
      },
      body: new Uint8Array(body),
    }).catch(() => undefined)
  }
  const timer = setInterval(() => void send(), 1_000)
  return () => {
    clearInterval(timer)
    return Promise.resolve()
  }
}
