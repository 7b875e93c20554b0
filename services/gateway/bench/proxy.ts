// Requests through the gateway against @fastify/http-proxy and nginx in front of the same service.
// Standalone: node services/gateway/bench/proxy.ts
import { spawn, type ChildProcess } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
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
const CONNECTIONS = 32
const WARM_UP_MS = 2_000
const MEASURED_MS = 4_000
/** Linux counts the CPU time of a process in hundredths of a second. */
const TICKS_PER_SECOND = 100

type Role = 'service' | 'gateway' | 'http-proxy'

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

interface Subject {
  readonly url: string
  readonly process: ChildProcess
}

async function start(role: Role, serviceUrl = '', environment = {}): Promise<Subject> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), role, serviceUrl], {
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
}

/** @throws Error on any answer but 200, for then there is nothing to compare */
async function measure({ url, process: { pid } }: Subject, token: string): Promise<Measured> {
  if (pid === undefined) throw new Error('the process did not start')
  const pool = new Pool(url, { connections: CONNECTIONS })
  const headers = { authorization: `Bearer ${token}` }
  const ask = async () => {
    const { statusCode, body } = await pool.request({ method: 'GET', path: '/v1/tickets', headers })
    await body.dump()
    if (statusCode !== 200) throw new Error(`${url} answered ${String(statusCode)}`)
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
  await load(WARM_UP_MS)
  const [cpuBefore, before] = [await cpuSeconds(pid), performance.now()]
  const count = await load(MEASURED_MS)
  const seconds = (performance.now() - before) / 1_000
  const cpu = (await cpuSeconds(pid)) - cpuBefore
  await pool.destroy()
  return {
    perCpuSecond: Math.round(count / cpu),
    perSecond: Math.round(count / seconds),
    cpuMicros: Math.round((cpu / count) * 1e6),
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

const tell = ({ perSecond, cpuMicros }: Measured) =>
  `${String(perSecond)} requests/s at ${String(cpuMicros)} µs of CPU`

/** Measures the three proxies one after the other on the same service; about twenty seconds. */
export async function run(): Promise<BenchRow[]> {
  const pem = testKeys('test-key')
  if (pem === undefined) throw new Error('there is no key to sign with')
  const jwk = { ...createPublicKey(pem).export({ format: 'jwk' }), kid: 'test-key', alg: 'ES256' }
  const token = testToken({ roles: ['KEY_USER'] })
  const folder = await mkdtemp(join(tmpdir(), 'steward-bench-'))
  const started: Subject[] = []
  const keep = (subject: Subject) => {
    started.push(subject)
    return subject
  }
  try {
    const { url } = keep(await start('service', '', { BENCH_JWK: JSON.stringify(jwk) }))
    const gateway = await measure(keep(await start('gateway', url)), token)
    const httpProxy = await measure(keep(await start('http-proxy', url)), token)
    const row = (reference: string, theirs: Measured): BenchRow => ({
      name: 'GET of 200 bytes through the gateway with token, revocation, rate limit and log',
      reference,
      ours: gateway.perCpuSecond,
      theirs: theirs.perCpuSecond,
      unit: 'requests per CPU-second of the proxy',
      cpuMicrosPerUnit: gateway.cpuMicros,
      note: `gateway ${tell(gateway)}; ${reference} ${tell(theirs)}`,
    })
    const rows = [row('@fastify/http-proxy, which checks nothing', httpProxy)]
    if (existsSync(NGINX))
      rows.push(
        row(
          'nginx, which checks nothing',
          await measure(keep(await startNginx(url, folder)), token),
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
