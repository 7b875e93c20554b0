import { randomUUID } from 'node:crypto'
import { EbsRefusal, type EbsCall, type EbsState } from './ebs.ts'
import type { Ebs } from './ebs-client.ts'
import { isDone } from './is-done.ts'

/** A middleware's account at the product. */
export interface Access {
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
}

/** A task as far as a middleware needs to know it. */
interface Task {
  readonly id: string
  readonly kind: string
  readonly userName: string
  readonly leaseToken: string
  readonly call: EbsCall
}

/** Longest answer in milliseconds, beyond the time that a lease may wait. */
const ANSWER_MS = 30_000
/** Seconds before its end at which a token is not used any more. */
const TOKEN_MARGIN_SECONDS = 30
const LEASE = { worker: 'ebs-simulator', limit: 20, leaseSeconds: 60 }

/** What the product answered that the middleware cannot go on with. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/**
 * What stands between the product and EBS: leases tasks, calls, reads back and reports. An example of how one is written;
 * the guide is docs/guides/ebs.md.
 */
export class Middleware {
  readonly #access: Access
  readonly #ebs: Ebs
  readonly #say: (line: string) => void
  #token: { readonly value: string; readonly until: number } | null = null

  constructor(access: Access, ebs: Ebs, say: (line: string) => void) {
    this.#access = access
    this.#ebs = ebs
    this.#say = say
  }

  /**
   * Takes tasks, waiting for them at most `waitSeconds`, and works them off. Answers how many there were.
   *
   * @throws Refused when the product does not let it in, TypeError of `fetch` while it cannot be reached
   */
  async work(waitSeconds: number, signal: AbortSignal): Promise<number> {
    const path = '/v1/provisioning-tasks/lease'
    const { status, body } = await this.#post(path, { ...LEASE, waitSeconds }, signal)
    if (status !== 200) throw refusal(path, status, body)
    const { items } = body as { items: Task[] }
    for (const task of items) await this.#workOff(task, signal)
    return items.length
  }

  async #workOff({ id, kind, userName, leaseToken, call }: Task, signal: AbortSignal) {
    const report = async (verb: 'done' | 'fail', members: object) => {
      const path = `/v1/provisioning-tasks/${id}/${verb}`
      const { status, body } = await this.#post(path, { leaseToken, ...members }, signal)
      // 409: it went to another worker meanwhile, or what was read back is not what was asked. Neither is repeated.
      if (status !== 200 && status !== 409) throw refusal(path, status, body)
      const said = status === 200 ? (body as { status: string }).status : codeOf(body)
      this.#say(`${kind} ${userName}: ${said}`)
    }
    let readBack: EbsState
    try {
      // It may have been done by a middleware that died before it said so.
      if (!isDone(call, await this.#ebs.read(call))) await this.#ebs.call(call)
      readBack = (await this.#ebs.read(call)) ?? {}
    } catch (error) {
      if (error instanceof TypeError) {
        // EBS was not reached, or answered nothing that can be read.
        await report('fail', { code: 'EBS-AWAY', message: error.message, class: 'unreachable' })
        return
      }
      if (!(error instanceof EbsRefusal)) throw error
      // A user or procedure that is not there will not be there at the next try.
      await report('fail', { code: error.code, message: error.message, class: 'permanent' })
      return
    }
    await report('done', { readBack })
  }

  /**
   * Tells what EBS holds, whole: the product compares it with what was approved. Answers how many users there were.
   *
   * @throws Refused, TypeError as `work`
   */
  async upload(signal: AbortSignal): Promise<number> {
    const opened = await this.#must(
      '/v1/ebs-uploads',
      { takenAt: new Date().toISOString() },
      signal,
    )
    const path = `/v1/ebs-uploads/${(opened as { id: string }).id}`
    let accounts = 0
    let part = 0
    for await (const users of this.#ebs.held()) {
      part += 1
      accounts += users.length
      await this.#part(`${path}/parts/${String(part)}`, users, signal)
    }
    const options = Object.entries(await this.#ebs.profile())
    const lines = options.map(([profileOption, value]) => ({ profileOption, value }))
    if (lines.length > 0) await this.#part(`${path}/parts/${String(part + 1)}`, lines, signal)
    // An EBS without a user is one that could not be read.
    if (accounts > 0)
      await this.#must(`${path}/complete`, { accounts, profileOptions: lines.length }, signal)
    this.#say(`${String(accounts)} users and ${String(lines.length)} profile options told.`)
    return accounts
  }

  async #must(path: string, sent: object, signal: AbortSignal): Promise<unknown> {
    const { status, body } = await this.#post(path, sent, signal)
    if (status >= 300) throw refusal(path, status, body)
    return body
  }

  async #part(path: string, lines: readonly object[], signal: AbortSignal): Promise<void> {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
    const { status, body } = await this.#ask('PUT', path, 'application/x-ndjson', text, signal)
    if (status >= 300) throw refusal(path, status, body)
  }

  #post(path: string, sent: object, signal: AbortSignal) {
    return this.#ask('POST', path, 'application/json', JSON.stringify(sent), signal)
  }

  async #ask(method: string, path: string, type: string, text: string, signal: AbortSignal) {
    const key = randomUUID()
    const answer = await this.#send(method, path, type, text, key, signal)
    if (answer.status !== 401) return answer
    // Revoked before its time, or the keys were renewed: once more with a new one.
    this.#token = null
    return this.#send(method, path, type, text, key, signal)
  }

  async #send(
    method: string,
    path: string,
    type: string,
    text: string,
    key: string,
    signal: AbortSignal,
  ) {
    const response = await fetch(`${this.#access.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await this.#currentToken(signal)}`,
        'content-type': type,
        ...(method === 'POST' && { 'idempotency-key': key }),
      },
      body: text,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    })
    return { status: response.status, body: await jsonOf(response) }
  }

  async #currentToken(signal: AbortSignal): Promise<string> {
    if (this.#token !== null && this.#token.until > Date.now()) return this.#token.value
    const { url, clientId, clientSecret } = this.#access
    const response = await fetch(`${url}/v1/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
      }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    })
    const body = await jsonOf(response)
    if (!response.ok) throw refusal('/v1/tokens', response.status, body)
    const { access_token: value, expires_in: lives } = body as {
      access_token: string
      expires_in: number
    }
    this.#token = { value, until: Date.now() + (lives - TOKEN_MARGIN_SECONDS) * 1_000 }
    return value
  }
}

async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text()
  try {
    return JSON.parse(text) as unknown
  } catch {
    return { detail: text.slice(0, 200) }
  }
}

const codeOf = (body: unknown) => String((body as { code?: unknown }).code)

function refusal(path: string, status: number, body: unknown): Refused {
  const { code, error, detail = '' } = body as { code?: string; error?: string; detail?: string }
  return new Refused(status, `${path} answered ${status} ${code ?? error ?? ''} ${detail}`.trim())
}
