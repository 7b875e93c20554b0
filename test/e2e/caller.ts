import { setTimeout as sleep } from 'node:timers/promises'

export interface Answer {
  readonly status: number
  readonly etag: string
  // The play reads what it needs and fails by name where a member is missing.
  readonly body: Record<string, unknown>
}

export interface Ask {
  readonly token?: string
  readonly body?: unknown
  readonly contentType?: string
  /** Makes a creation repeatable. */
  readonly key?: string
  readonly ifMatch?: string
}

/** How long a call is repeated while the product is away, in milliseconds. */
const PATIENCE_MS = 180_000

/**
 * Calls the product as a careful script does: repeats keyed and safe requests while it is away, never others' errors.
 *
 * Every request of the play is repeatable: reads, keyed creations, and conditional changes that re-read on 412.
 */
export class Caller {
  readonly url: string

  constructor(url: string) {
    this.url = url
  }

  async ask(method: string, path: string, ask: Ask = {}): Promise<Answer> {
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      const answer = await this.#once(method, path, ask)
      if (answer !== null && ![429, 502, 503, 504].includes(answer.status)) return answer
      if (Date.now() > deadline)
        throw new Error(`${method} ${path} had no answer: ${JSON.stringify(answer?.body ?? null)}`)
      await sleep(200)
    }
  }

  /** Asks and insists on success. */
  async must(method: string, path: string, ask: Ask = {}): Promise<Answer> {
    const answer = await this.ask(method, path, ask)
    if (answer.status >= 400)
      throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`)
    return answer
  }

  /**
   * Reads a resource and changes it under its version. When the answer to a change was lost, the change is found done
   * by `done` and not repeated.
   */
  async change(
    method: string,
    resource: string,
    path: string,
    ask: Ask,
    done: (current: Record<string, unknown>) => boolean,
  ): Promise<Answer> {
    for (;;) {
      const current = await this.must(
        'GET',
        resource,
        ask.token === undefined ? {} : { token: ask.token },
      )
      if (done(current.body)) return current
      const answer = await this.ask(method, path, { ...ask, ifMatch: current.etag })
      if (answer.status === 412) continue
      if (answer.status === 409) {
        const again = await this.must(
          'GET',
          resource,
          ask.token === undefined ? {} : { token: ask.token },
        )
        if (done(again.body)) return again
      }
      if (answer.status >= 400)
        throw new Error(
          `${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`,
        )
      return answer
    }
  }

  /** The text of an answer that is no JSON object. */
  async raw(path: string, token: string): Promise<string> {
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      const answer = await this.#textOf(path, token).catch(() => null)
      if (answer?.ok === true) return answer.text
      if (Date.now() > deadline) throw new Error(`GET ${path} had no answer: ${answer?.text ?? ''}`)
      await sleep(200)
    }
  }

  async #textOf(path: string, token: string): Promise<{ ok: boolean; text: string }> {
    const response = await fetch(`${this.url}${path}`, {
      signal: AbortSignal.timeout(30_000),
      headers: { authorization: `Bearer ${token}` },
    })
    return { ok: response.ok, text: await response.text() }
  }

  async #once(method: string, path: string, ask: Ask): Promise<Answer | null> {
    const { token, body, contentType = 'application/json', key, ifMatch } = ask
    try {
      const response = await fetch(`${this.url}${path}`, {
        method,
        signal: AbortSignal.timeout(30_000),
        headers: {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': contentType }),
          ...(key !== undefined && { 'idempotency-key': key }),
          ...(ifMatch !== undefined && { 'if-match': ifMatch }),
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await response.text()
      return {
        status: response.status,
        etag: response.headers.get('etag') ?? '',
        body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
      }
    } catch {
      // The product was killed under the request, or is not up yet.
      return null
    }
  }
}
