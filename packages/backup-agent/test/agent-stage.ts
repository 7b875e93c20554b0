import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AgentPresentation,
  Heartbeat,
  Report,
  type Assignment,
} from '@erp-steward/contracts/agent-protocol'
import { eventually } from '@erp-steward/test-kit/eventually'
import { Compile } from 'typebox/compile'

export const SECRET = 'a-client-secret-nobody-may-read'
export const PASSWORD = 'a-db-password-nobody-may-read'

const isPresentation = Compile(AgentPresentation)
const isHeartbeat = Compile(Heartbeat)
const isReport = Compile(Report)

/** An assignment without what the service adds when it leases it. */
export type Task = Assignment extends infer One
  ? One extends Assignment
    ? Omit<One, 'assignmentId' | 'fencingToken' | 'leaseUntil' | 'heartbeatSeconds' | 'targetCode'>
    : never
  : never

/** As `eventually`, with the patience that processes on a busy machine need. */
export const patiently = <Result>(probe: () => Result | Promise<Result>, every = 25) =>
  eventually(probe, { within: 60_000, every })

/** A task on the stage, and all that the agent said about it. */
export interface Staged {
  readonly assignmentId: string
  fencingToken: number
  readonly task: Task
  state: 'waiting' | 'leased' | 'done'
  reports: Report[]
  heartbeats: Heartbeat[]
  /** What heartbeats and reports are answered with. */
  answer: 'kept' | 'cancelled' | 'lost' | 'away' | 'forbidden'
}

/** Speaks agent-protocol over real HTTP with one agent process on a host of its own. */
export interface AgentStage {
  readonly folder: string
  readonly key: Buffer
  /** Every access token that was given out. */
  readonly tokens: string[]
  presented: AgentPresentation | null
  /** Everything the agent printed. */
  output(): string
  give(task: Task): Staged
  /** Gives a task and waits for its report. */
  reportOn(task: Task): Promise<Report>
  environment(more?: Record<string, string>): Record<string, string>
  start(more?: Record<string, string>): ChildProcess
  kill(signal: NodeJS.Signals): Promise<number | null>
  /** Answers every call with this status while set. */
  trouble: number | null
  /** Makes every token so far invalid. */
  revokeTokens(): void
  close(): Promise<void>
}

export const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts')

export async function agentStage(): Promise<AgentStage> {
  const folder = mkdtempSync(join(tmpdir(), 'erp-steward-agent-'))
  for (const name of ['a', 'b', 'source', 'scratch']) mkdirSync(join(folder, name))
  const key = randomBytes(32)
  writeFileSync(join(folder, 'keys'), `# keys\nK1 ${key.toString('base64')}\n`, { mode: 0o600 })

  const tasks: Staged[] = []
  const tokens: string[] = []
  let valid = new Set<string>()
  let child: ChildProcess | null = null
  let output = ''

  const answer = (response: ServerResponse, status: number, body?: object) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(body === undefined ? undefined : JSON.stringify(body))
  }
  const lease = async (response: ServerResponse) => {
    for (let left = 100; left > 0 && !response.destroyed; left--) {
      const waiting = tasks.find(({ state }) => state === 'waiting')
      if (waiting !== undefined) {
        waiting.state = 'leased'
        waiting.fencingToken++
        answer(response, 200, {
          assignmentId: waiting.assignmentId,
          fencingToken: waiting.fencingToken,
          leaseUntil: new Date(Date.now() + 10_000).toISOString(),
          heartbeatSeconds: 1,
          targetCode: 'FILES',
          ...waiting.task,
        })
        return
      }
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    answer(response, 204)
  }
  const route = async (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const body: unknown = JSON.parse(Buffer.concat(parts).toString() || 'null')
    if (stage.trouble !== null) {
      answer(response, stage.trouble)
      return
    }
    if (request.url === '/v1/tokens') {
      const isKnown = JSON.stringify(body).includes(SECRET)
      const token = randomUUID()
      if (isKnown) {
        tokens.push(token)
        valid.add(token)
      }
      answer(response, isKnown ? 200 : 401, { access_token: token, expires_in: 300 })
      return
    }
    if (!valid.has((request.headers.authorization ?? '').replace('Bearer ', ''))) {
      answer(response, 401)
      return
    }
    if (request.url === '/v1/backup-agents/me' && isPresentation.Check(body)) {
      stage.presented = body
      answer(response, 200, {})
      return
    }
    if (request.url === '/v1/backup-agents/me/leases') {
      await lease(response)
      return
    }
    const [, id, verb] = /assignments\/([^/]+)\/(heartbeat|report)$/.exec(request.url ?? '') ?? []
    const staged = tasks.find(({ assignmentId }) => assignmentId === id)
    if (staged === undefined) {
      answer(response, 404)
      return
    }
    if (verb === 'heartbeat' && isHeartbeat.Check(body)) {
      staged.heartbeats.push(body)
      if (staged.answer === 'lost') answer(response, 409)
      else
        answer(response, 200, {
          leaseUntil: new Date(Date.now() + 10_000).toISOString(),
          isCancelled: staged.answer === 'cancelled',
        })
      return
    }
    if (verb === 'report' && isReport.Check(body)) {
      if (staged.answer === 'away' || staged.answer === 'forbidden') {
        answer(response, staged.answer === 'away' ? 503 : 403)
        return
      }
      staged.reports.push(body)
      if (staged.answer === 'lost') answer(response, 409)
      else {
        staged.state = 'done'
        answer(response, 200, {})
      }
      return
    }
    answer(response, 400)
  }
  const server = createServer((request, response) => {
    route(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0

  const stage: AgentStage = {
    folder,
    key,
    tokens,
    presented: null,
    trouble: null,
    output: () => output,
    revokeTokens() {
      valid = new Set()
    },
    give(task) {
      const staged: Staged = {
        assignmentId: randomUUID(),
        fencingToken: 0,
        task,
        state: 'waiting',
        reports: [],
        heartbeats: [],
        answer: 'kept',
      }
      tasks.push(staged)
      return staged
    },
    async reportOn(task) {
      const staged = stage.give(task)
      return patiently(() => {
        const [report] = staged.reports
        if (report === undefined) throw new Error(`No report yet. The agent says:\n${output}`)
        return report
      })
    },
    environment: (more = {}) => ({
      PATH: process.env.PATH ?? '',
      GATEWAY_URL: `http://127.0.0.1:${port}`,
      CLIENT_ID: 'agent-1',
      CLIENT_SECRET: SECRET,
      SITES: `A=${join(folder, 'a')},B=${join(folder, 'b')}`,
      SOURCES: join(folder, 'source'),
      SCRATCH: join(folder, 'scratch'),
      KEYS_FILE: join(folder, 'keys'),
      ...more,
    }),
    start(more) {
      child = spawn(process.execPath, [MAIN], {
        env: stage.environment(more),
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      child.stdout?.on('data', (part: Buffer) => (output += part.toString()))
      child.stderr?.on('data', (part: Buffer) => (output += part.toString()))
      return child
    },
    async kill(signal) {
      if (child?.exitCode !== null || child.signalCode !== null) return null
      const ended = once(child, 'exit')
      child.kill(signal)
      const [code] = (await ended) as [number | null]
      return code
    },
    async close() {
      await stage.kill('SIGKILL')
      server.closeAllConnections()
      server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return stage
}

export const backup = (
  stage: AgentStage,
  objectName: string,
  exclude: string[] = [],
  path = join(stage.folder, 'source'),
): Extract<Task, { kind: 'backup' }> => ({
  kind: 'backup',
  runId: randomUUID(),
  source: { executor: 'filesystem', path, exclude },
  into: { copyId: randomUUID(), siteCode: 'A', objectName },
  keyId: 'K1',
})

export const copy = (objectName: string, digest: string): Extract<Task, { kind: 'copy' }> => ({
  kind: 'copy',
  runId: randomUUID(),
  from: { copyId: randomUUID(), siteCode: 'A', objectName, digest },
  into: { copyId: randomUUID(), siteCode: 'B', objectName },
})

export const verify = (
  objectName: string,
  digest: string,
  siteCode = 'A',
): Extract<Task, { kind: 'verify' }> => ({
  kind: 'verify',
  runId: randomUUID(),
  copy: { copyId: randomUUID(), siteCode, objectName, digest },
})

export const restore = (
  objectName: string,
  digest: string,
  manifestDigest: string,
  scratchName: string,
  executor: 'filesystem' | 'postgres' = 'filesystem',
): Extract<Task, { kind: 'restore' }> => ({
  kind: 'restore',
  planId: randomUUID(),
  executor,
  copy: { copyId: randomUUID(), siteCode: 'A', objectName, digest },
  scratchName,
  manifestDigest,
})

/** The report of a backup that was made. */
export function backedUp(report: Report): Extract<Report, { outcome: 'backed-up' }> {
  if (report.outcome !== 'backed-up') throw new Error(`Not backed up: ${JSON.stringify(report)}`)
  return report
}
