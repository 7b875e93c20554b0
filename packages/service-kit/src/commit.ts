import { createHash } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { ask, write, type RowsStatement } from '@erp-steward/messaging/statement'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { DataSource, EntityManager } from 'typeorm'
import { actOf } from './authentication.ts'
import { personalDataIfHeld } from './personal-data.ts'
import { atVersion, idempotencyKeyOf } from './preconditions.ts'

/** How long an answer can be had again with the same key, in hours. Source: architecture, rules for all HTTP. */
export const IDEMPOTENCY_HOURS = 24

/** Where a change is committed and what time it is. */
export interface Committer {
  readonly db: DataSource
  readonly clock: () => Date
}

/** The answer to a creation. */
export interface Created<Body> {
  readonly body: Body
  /** Path of the new resource. */
  readonly location?: string
  /** Version for the `ETag`. */
  readonly version?: number
  /** Default 201. */
  readonly status?: 200 | 201 | 202
}

interface StoredAnswer {
  readonly request_hash: Buffer
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: unknown
  readonly created_at: Date
}

const CLAIM = {
  name: 'claim idempotency key',
  text: `insert into idempotency_key as held (caller, route, key, request_hash, created_at)
         values ($1, $2, $3, $4, $5)
         on conflict on constraint idempotency_key_pkey do update
           set request_hash = excluded.request_hash, created_at = excluded.created_at, status = null
           where held.created_at < $6
         returning key`,
}

/** A transaction has one answer. */
const KEEP_ANSWER: RowsStatement<unknown[]> = {
  name: 'keep answer',
  table: 'idempotency_key',
  parents: [],
  text: `update idempotency_key set status = $4, headers = $5, body = $6
          where caller = $1 and route = $2 and key = $3`,
  values: ([answer = []]) => answer,
}

/**
 * Runs a creation once per `Idempotency-Key`, caller and route; a repetition within 24 h gets the same answer.
 *
 * Key and effect commit together, so a crash between the two cannot make a second effect. A repetition that arrives
 * while the first still runs waits for it. A refused creation keeps nothing and may be repeated with the same key.
 *
 * @throws Problem `idempotency-key-missing`, `idempotency-key-reused` (same key, other request)
 */
export async function createOnce<Body>(
  { db, clock }: Committer,
  request: FastifyRequest,
  reply: FastifyReply,
  create: (tx: EntityManager, act: Act) => Promise<Created<Body>>,
): Promise<Body> {
  const key = idempotencyKeyOf(request)
  const caller = request.principal?.actor ?? 'anonymous'
  const route = `${request.method} ${request.routeOptions.url ?? request.url}`
  const hash = createHash('sha256')
    .update(`${request.url}\n${JSON.stringify(request.body ?? null)}`)
    .digest()
  return db.transaction(async (tx) => {
    const act = actOf(request, clock())
    const oldest = new Date(act.now.getTime() - IDEMPOTENCY_HOURS * 3_600_000)
    const claimed = await ask(tx, CLAIM, [caller, route, key, hash, act.now, oldest])
    if (claimed.length === 0) {
      const [stored]: StoredAnswer[] = await tx.query(
        `select request_hash, status, headers, body from idempotency_key
          where caller = $1 and route = $2 and key = $3`,
        [caller, route, key],
      )
      if (stored?.request_hash.equals(hash) !== true)
        throw new Problem(
          'idempotency-key-reused',
          said(
            'This Idempotency-Key belongs to a request with another body.',
            '此 Idempotency-Key 属于另一个正文不同的请求。',
          ),
        )
      void reply.code(stored.status).headers(stored.headers).header('idempotency-replayed', 'true')
      return openAnswer(tx, hash, stored.body) as Body
    }
    const { body, location, version, status = 201 } = await create(tx, act)
    const headers = {
      ...(location !== undefined && { location }),
      ...(version !== undefined && { etag: etag(version) }),
    }
    const answer = [status, JSON.stringify(headers), sealAnswer(tx, hash, body)]
    await write(tx, KEEP_ANSWER, [[caller, route, key, ...answer]])
    void reply.code(status).headers(headers)
    return body
  })
}

/** The answer as it is kept: sealed where the service holds personal data, for it shows what the rows keep sealed. */
function sealAnswer(tx: EntityManager, requestHash: Buffer, body: unknown): string {
  const text = JSON.stringify(body)
  const personal = personalDataIfHeld(tx)
  return personal === null
    ? text
    : JSON.stringify({ sealed: personal.seal(requestHash.toString('hex'), 'answer', text) })
}

function openAnswer(tx: EntityManager, requestHash: Buffer, body: unknown): unknown {
  const { sealed } = Object(body) as { sealed?: unknown }
  const personal = personalDataIfHeld(tx)
  return personal === null || typeof sealed !== 'string'
    ? body
    : JSON.parse(personal.open(requestHash.toString('hex'), 'answer', sealed))
}

/** Runs a change in one transaction; `expected` is the version from `If-Match`, see `atVersion`. */
export async function change<Result extends { version: number }>(
  { db, clock }: Committer,
  request: FastifyRequest,
  reply: FastifyReply,
  apply: (tx: EntityManager, act: Act, expected: number) => Promise<Result>,
): Promise<Result> {
  const result = await atVersion(request, (expected) =>
    db.transaction((tx) => apply(tx, actOf(request, clock()), expected)),
  )
  void reply.header('etag', etag(result.version))
  return result
}

/** The strong entity tag of a version. */
export function etag(version: number): string {
  return `"${String(version)}"`
}

/** @throws Problem `version-stale` with the current version when it is not the expected one */
export function assertVersion(current: number, expected: number): void {
  if (current !== expected)
    throw new Problem(
      'version-stale',
      said(
        `The resource is at version ${String(current)}.`,
        `该资源的当前版本为 ${String(current)}。`,
      ),
      {
        currentVersion: current,
      },
    )
}
