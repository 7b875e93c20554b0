// Access tokens for machines over HTTP against what no such service can do without: reading the client, one signature.
// Standalone: node services/identity/bench/tokens.ts
import { createHash, generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto'
import { Agent, request as httpRequest } from 'node:http'
import { atOnce } from '@erp-steward/test-kit/at-once'
import { ownCpuMicros, type BenchRow } from '@erp-steward/test-kit/bench-row'
import { onTestServer } from '@erp-steward/test-kit/on-test-server'
import pg from 'pg'
import { identityStage } from '../test/account-stage.ts'

const WARM_UP = 1_000
const TOKENS = 5_000
const CALLERS = 16
const CLIENTS = 100

export const bottleneck =
  'Tokens for machines: those who ask at once share a statement, so what is left is HTTP and its checks, then the signature.'

/** A token per request, 16 callers at once; client and service in one process. */
export function run(): Promise<BenchRow[]> {
  return onTestServer(measure)
}

async function measure(): Promise<BenchRow[]> {
  const stage = await identityStage()
  const agent = new Agent({ keepAlive: true, maxSockets: CALLERS })
  try {
    const secret = randomBytes(32).toString('base64url')
    const ids = Array.from({ length: CLIENTS }, () => randomUUID())
    for (const id of ids)
      await stage.db.query(
        `insert into client (id, name, role, status, secret_hash, created_at)
         values ($1, $2, 'MIDDLEWARE', 'active', $3, $4)`,
        [id, `bench ${id}`, createHash('sha256').update(secret).digest(), stage.now],
      )
    const address = await stage.app.listen({ host: '127.0.0.1', port: 0 })
    const bodies = ids.map((id) =>
      JSON.stringify({ grant_type: 'client_credentials', client_id: id, client_secret: secret }),
    )
    let at = 0
    const token = () => {
      at = (at + 1) % CLIENTS
      return post(agent, `${address}/v1/tokens`, bodies[at] ?? '')
    }
    await atOnce(WARM_UP, CALLERS, token)
    const cpu = ownCpuMicros()
    const ours = await atOnce(TOKENS, CALLERS, token)
    const cpuMicrosPerUnit = (ownCpuMicros() - cpu) / TOKENS
    return [
      {
        name: 'tokens for machines',
        reference: 'bare SELECT of the client and an ES256 signature',
        ours,
        theirs: await bareTokens(stage.url, ids),
        unit: 'tokens/s',
        cpuMicrosPerUnit,
        note: `${String(TOKENS)} over HTTP, ${String(CALLERS)} callers at once, in one process; CPU of callers and service, without PostgreSQL`,
      },
    ]
  } finally {
    agent.destroy()
    await stage.release()
  }
}

/** @throws Error on any answer but 200 */
function post(agent: Agent, url: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length }
    const asked = httpRequest(url, { agent, method: 'POST', headers }, (answer) => {
      answer.resume()
      answer.once('end', () => {
        if (answer.statusCode === 200) resolve()
        else reject(new Error(`answered ${String(answer.statusCode)}`))
      })
    })
    asked.once('error', reject)
    asked.end(body)
  })
}

async function bareTokens(url: string, ids: readonly string[]): Promise<number> {
  const pool = new pg.Pool({ connectionString: url, max: CALLERS })
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const one = async () => {
    const { rows } = await pool.query<object>({
      name: 'client',
      text: 'select role, unit_id, status, secret_hash, epoch from identity.client where id = $1',
      values: [ids[Math.floor(Math.random() * ids.length)]],
    })
    sign('sha256', Buffer.from(JSON.stringify(rows)), { key, dsaEncoding: 'ieee-p1363' })
  }
  await atOnce(WARM_UP, CALLERS, one)
  const perSecond = await atOnce(TOKENS, CALLERS, one)
  await pool.end()
  return perSecond
}

if (import.meta.main) {
  console.table(await run())
  process.exit(0)
}
