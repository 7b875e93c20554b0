// Requests through the gateway against HAProxy, a bare undici, @fastify/http-proxy and nginx in front of the same service.
// Standalone: node services/gateway/bench/proxy.ts
import { spawn, type ChildProcess } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { DEFAULT_ISSUER } from '@erp-steward/contracts/access-token'
import { serviceNames } from '@erp-steward/contracts/services'
import { createLocalBus } from '@erp-steward/messaging/local-bus'
import { readConfig } from '@erp-steward/service-kit/config'
import { createLog, writeByTurn } from '@erp-steward/service-kit/log'
import { testKeys, testToken } from '@erp-steward/test-kit/tokens'
import fastifyHttpProxy from '@fastify/http-proxy'
import Fastify from 'fastify'
import { Pool } from 'undici'
import { GatewayConfig, urlSettingOf } from '../src/config.ts'
import { startGateway } from '../src/gateway.ts'

/** One line of a benchmark; `ours` and `theirs` count `unit`s, and higher is better. */
export interface BenchRow {
  name: string
  reference: string
  ours: number
  theirs: number
  unit: string
  /** CPU microseconds (user and system) per unit of ours. */
  cpuMicrosPerUnit: number
  note?: string
}

const NGINX = '/usr/sbin/nginx'
const HAPROXY = '/usr/sbin/haproxy'
const CONNECTIONS = 64
/** Callers with a token each: what a site of some hundred people and machines shows within a quarter of an hour. */
const TOKENS = 1_000
const WARM_UP_MS = 2_000
const WARM_UP_ROUNDS = 10
const MEASURED_MS = 4_000
/** Linux counts the CPU time of a process in hundredths of a second. */
const TICKS_PER_SECOND = 100

/** As the image sets it for the gateway; the others keep the default of Node. */
const GATEWAY_FLAGS = ['--max-semi-space-size=4']

export const bottleneck =
  'Gateway: the two system calls that send the request and the answer are two fifths of the CPU, collecting garbage an eighth. ' +
  'An answer of node:http alone costs a third of it, a pass-through on the same connections without any check three fifths; no single check is above a fiftieth.'

type Role = 'service' | 'gateway' | 'undici' | 'http-proxy'

/** What a child process does, by its first argument; it prints its address and serves until it is ended. */
async function serve(role: Role, serviceUrl: string): Promise<string> {
  if (role === 'gateway') {
    const { url } = await startGateway({
      config: readConfig(GatewayConfig, {
        ...Object.fromEntries(serviceNames.map((name) => [urlSettingOf(name), serviceUrl])),
        INTERNAL_TOKEN: 'internal-token-of-the-bench-0123456789',
        PORT: '0',
        RATE_LIMIT_CALLER: '10000000',
      }),
      bus: createLocalBus(),
      log: createLog('info', writeByTurn('/dev/null')),
    })
    return url
  }
  if (role === 'undici') return passOn(serviceUrl)
  const app = Fastify()
  if (role === 'http-proxy') await app.register(fastifyHttpProxy, { upstream: serviceUrl })
  else {
    const row = { id: '0195f2a0-0000-7000-8000-000000000001', title: 'x'.repeat(120), level: 'P2' }
    app.get('/v1/tickets', () => row)
    app.get('/.well-known/jwks.json', () => ({
      keys: [JSON.parse(process.env.BENCH_JWK ?? '{}') as object],
    }))
    app.get('/internal/revocations', () => ({ accounts: [], sessions: [] }))
  }
  return app.listen({ host: '127.0.0.1', port: 0 })
}

/** The least that a proxy on these libraries can do: no check, no header of its own, no log. */
async function passOn(serviceUrl: string): Promise<string> {
  const pool = new Pool(serviceUrl, { connections: 128 })
  const server = createHttpServer(({ method = '', url = '', headers }, response) => {
    const { authorization = '' } = headers
    pool.dispatch(
      { method, path: url, headers: { authorization } },
      {
        onRequestStart: () => undefined,
        onResponseStart(_controller, status, head) {
          response.writeHead(status, {
            'content-type': String(head['content-type']),
            'content-length': String(head['content-length']),
          })
        },
        onResponseData(_controller, chunk) {
          response.write(chunk)
        },
        onResponseEnd() {
          response.end()
        },
        onResponseError() {
          response.destroy()
        },
      },
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
}

interface Subject {
  readonly url: string
  readonly process: ChildProcess
}

async function start(role: Role, serviceUrl = '', environment = {}): Promise<Subject> {
  const flags = role === 'gateway' ? GATEWAY_FLAGS : []
  const file = fileURLToPath(import.meta.url)
  const child = spawn(process.execPath, [...flags, file, role, serviceUrl], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production', ...environment },
  })
  const lines = createInterface(child.stdout)
  const [url] = (await Promise.race([once(lines, 'line'), once(child, 'exit')])) as [unknown]
  if (typeof url !== 'string') throw new Error(`${role} ended before it listened`)
  return { url, process: child }
}

async function startNginx(serviceUrl: string, folder: string): Promise<Subject> {
  const port = await freePort()
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
     events { worker_connections 512; }
     http {
       access_log ${folder}/access.log;
       ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(' ')}
       keepalive_requests 1000000;
       upstream service { server ${new URL(serviceUrl).host}; keepalive 64; }
       server {
         listen 127.0.0.1:${String(port)};
         location / { proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection ""; }
       }
     }`,
  )
  const child = spawn(NGINX, ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' })
  return { url: `http://127.0.0.1:${String(port)}`, process: child }
}

/** One thread, as the others have; it verifies each token by its signature, issuer and algorithm, and knows no revocation. */
async function startHaproxy(serviceUrl: string, folder: string, pem: string): Promise<Subject> {
  const port = await freePort()
  await writeFile(join(folder, 'key.pem'), pem)
  await writeFile(
    join(folder, 'haproxy.cfg'),
    `global
  nbthread 1
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 2s
frontend door
  bind 127.0.0.1:${String(port)}
  http-request set-var(txn.token) http_auth_bearer
  http-request set-var(txn.alg) var(txn.token),jwt_header_query('$.alg')
  http-request deny deny_status 401 unless { var(txn.alg) -m str ES256 }
  http-request deny deny_status 401 unless { var(txn.token),jwt_payload_query('$.iss') -m str ${DEFAULT_ISSUER} }
  http-request deny deny_status 401 unless { var(txn.token),jwt_verify(txn.alg,"${join(folder, 'key.pem')}") -m int 1 }
  default_backend service
backend service
  server service ${new URL(serviceUrl).host}
`,
  )
  const child = spawn(HAPROXY, ['-db', '-f', join(folder, 'haproxy.cfg')], { stdio: 'ignore' })
  return { url: `http://127.0.0.1:${String(port)}`, process: child }
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

/** CPU seconds (user and system) that a process and its children have used. */
async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const own = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
  const children = await readFile(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8')
  const below = children
    .split(' ')
    .filter((child) => child.trim() !== '')
    .map((child) => cpuSeconds(Number(child)))
  return (await Promise.all(below)).reduce((sum, seconds) => sum + seconds, own)
}

interface Measured {
  readonly perCpuSecond: number
  readonly perSecond: number
  readonly cpuMicros: number
  /** Milliseconds that 99 of 100 answers took at most, with all connections busy. */
  readonly p99: number
  /** Resident memory at its most, in MB. */
  readonly peakMb: number
}

/** @throws Error on any answer but 200, for then there is nothing to compare */
async function measure(
  { url, process: { pid } }: Subject,
  tokens: readonly string[],
): Promise<Measured> {
  if (pid === undefined) throw new Error('the process did not start')
  const pool = new Pool(url, { connections: CONNECTIONS })
  const took: number[] = []
  let turn = 0
  const ask = async () => {
    const authorization = tokens[(turn = (turn + 1) % tokens.length)] ?? ''
    const headers = { authorization }
    const began = performance.now()
    const { statusCode, body } = await pool.request({ method: 'GET', path: '/v1/tickets', headers })
    await body.dump()
    if (statusCode !== 200) throw new Error(`${url} answered ${String(statusCode)}`)
    took.push(performance.now() - began)
  }
  const load = async (milliseconds: number) => {
    const end = performance.now() + milliseconds
    let count = 0
    await Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        while (performance.now() < end) {
          await ask()
          count += 1
        }
      }),
    )
    return count
  }
  await reachable(ask)
  // Each token has been seen before, and all code is compiled, however slow the machine.
  for (let seen = 0; seen < WARM_UP_ROUNDS * TOKENS;) seen += await load(WARM_UP_MS)
  took.length = 0
  const [cpuBefore, before] = [await cpuSeconds(pid), performance.now()]
  const count = await load(MEASURED_MS)
  const seconds = (performance.now() - before) / 1_000
  const cpu = (await cpuSeconds(pid)) - cpuBefore
  await pool.destroy()
  took.sort((one, other) => one - other)
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8')
  return {
    perCpuSecond: Math.round(count / cpu),
    perSecond: Math.round(count / seconds),
    cpuMicros: Math.round((cpu / count) * 1e6),
    p99: took[Math.floor(took.length * 0.99)] ?? 0,
    peakMb: Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) / 1_024,
  }
}

async function reachable(ask: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + 5_000
  for (;;) {
    try {
      await ask()
      return
    } catch (error) {
      if (performance.now() > deadline) throw error
      await sleep(50)
    }
  }
}

const tell = ({ perSecond, cpuMicros, p99, peakMb }: Measured) =>
  `${String(perSecond)} requests/s at ${String(cpuMicros)} µs of CPU, p99 ${p99.toFixed(1)} ms, ${peakMb.toFixed(0)} MB`

/** Measures the proxies one after the other on the same service; about half a minute. */
export async function run(): Promise<BenchRow[]> {
  const pem = testKeys('test-key')
  if (pem === undefined) throw new Error('there is no key to sign with')
  const jwk = { ...createPublicKey(pem).export({ format: 'jwk' }), kid: 'test-key', alg: 'ES256' }
  const tokens = Array.from(
    { length: TOKENS },
    () => `Bearer ${testToken({ roles: ['KEY_USER'] })}`,
  )
  const folder = await mkdtemp(join(tmpdir(), 'steward-bench-'))
  const started: Subject[] = []
  const keep = (subject: Subject) => {
    started.push(subject)
    return subject
  }
  try {
    const { url } = keep(await start('service', '', { BENCH_JWK: JSON.stringify(jwk) }))
    const gateway = await measure(keep(await start('gateway', url)), tokens)
    const undici = await measure(keep(await start('undici', url)), tokens)
    const httpProxy = await measure(keep(await start('http-proxy', url)), tokens)
    const row = (reference: string, theirs: Measured): BenchRow => ({
      name: 'GET of 200 bytes through the gateway with token, revocation, rate limit and log',
      reference,
      ours: gateway.perCpuSecond,
      theirs: theirs.perCpuSecond,
      unit: 'requests per CPU-second of the proxy',
      cpuMicrosPerUnit: gateway.cpuMicros,
      note: `gateway ${tell(gateway)}; ${reference} ${tell(theirs)}`,
    })
    const rows = [
      row('a bare undici, which checks nothing', undici),
      row('@fastify/http-proxy, which checks nothing', httpProxy),
    ]
    if (existsSync(HAPROXY))
      rows.push(
        row(
          'HAProxy, which verifies the signature',
          await measure(keep(await startHaproxy(url, folder, pem)), tokens),
        ),
      )
    else process.stderr.write('haproxy is not installed, its row is left out\n')
    if (existsSync(NGINX))
      rows.push(
        row(
          'nginx, which checks nothing',
          await measure(keep(await startNginx(url, folder)), tokens),
        ),
      )
    else process.stderr.write('nginx is not installed, its row is left out\n')
    return rows
  } finally {
    for (const { process: child } of started) {
      const gone = once(child, 'exit')
      if (child.kill('SIGTERM')) await gone
    }
    await rm(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  const [role, serviceUrl = ''] = process.argv.slice(2)
  if (role === undefined) console.table(await run())
  else process.stdout.write(`${await serve(role as Role, serviceUrl)}\n`)
}
