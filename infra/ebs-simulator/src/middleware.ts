import type { EbsCall, EbsSimulator, EbsState } from './ebs.ts'
import { EbsRefusal } from './ebs.ts'
import { doOnce } from './is-done.ts'

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
  readonly #ebs: EbsSimulator
  readonly #say: (line: string) => void
  #token: { readonly value: string; readonly until: number } | null = null

  constructor(access: Access, ebs: EbsSimulator, say: (line: string) => void) {
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
      readBack = doOnce(this.#ebs, call)
    } catch (error) {
      if (!(error instanceof EbsRefusal)) throw error
      // A user or procedure that is not there will not be there at the next try.
      await report('fail', { code: error.code, message: error.message, permanent: true })
      return
    }
    await report('done', { readBack })
  }

  async #post(path: string, sent: object, signal: AbortSignal) {
    const answer = await this.#send(path, sent, signal)
    if (answer.status !== 401) return answer
    // Revoked before its time, or the keys were renewed: once more with a new one.
    this.#token = null
    return this.#send(path, sent, signal)
  }

  async #send(path: string, sent: object, signal: AbortSignal) {
    const response = await fetch(`${this.#access.url}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await this.#currentToken(signal)}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(sent),
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
