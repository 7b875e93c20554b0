import type { Stage } from './stage.ts'
import { StableNames } from './stable.ts'

/** As much of the OpenAPI document as a request needs. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

export interface Operation {
  readonly operationId: string
  readonly parameters?: readonly {
    readonly $ref?: string
    readonly in?: string
    readonly name?: string
  }[]
  readonly security?: readonly object[]
}

/** What is sent; what is left out is not sent, but for the headers that the document asks for. */
export interface Ask {
  /** User name of a person, name of a client; left out where the operation is open to anybody. */
  readonly as?: string
  readonly path?: Readonly<Record<string, string | number>>
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[]>>
  readonly body?: unknown
  /** Default: JSON. */
  readonly contentType?: string
  /** Version that is changed; default: the one that the resource has now. */
  readonly ifMatch?: string | null
  readonly headers?: Readonly<Record<string, string>>
  /** Members by which the entries of the shown lists are put in order, where the answer's order is one of ids. */
  readonly shownBy?: readonly string[]
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Body
}
// The story reads what it needs and fails by name where a member is missing.
export type Body = Readonly<Record<string, unknown>>

/** One request and its answer as they are shown, with stable names. */
export interface Example {
  readonly summary: string
  readonly request: {
    readonly path?: Readonly<Record<string, unknown>>
    readonly query?: Readonly<Record<string, unknown>>
    readonly headers?: unknown
    readonly contentType?: string
    readonly body?: unknown
  }
  readonly response: {
    readonly status: number
    readonly headers?: unknown
    readonly contentType?: string
    readonly body?: unknown
  }
}

/** Examples by operation and by their own names, in the order they were played. */
export type Examples = Map<string, Map<string, Example>>

/** Headers that an example shows of an answer: what the caller acts on. */
const SHOWN = ['etag', 'location'] as const

/** What one request takes of the company's day, in milliseconds: no two things happen at the same moment. */
const BETWEEN_MS = 7_000

/** Longest wait for a gateway that asks itself whether its tokens are revoked, after hours have passed. */
const PATIENCE_MS = 60_000

interface Session {
  readonly authorization: string
  readonly endsAt: number
}

/** Sends the requests of the story as its people and programs, and keeps those that are examples. */
export class Play {
  readonly examples: Examples = new Map()
  readonly stage: Stage
  readonly names = new StableNames()
  readonly #operations = new Map<string, { method: string; path: string; operation: Operation }>()
  readonly #renew = new Map<string, () => Promise<Answer>>()
  readonly #sessions = new Map<string, Session>()
  /** Versions of what was answered last, by id: for what cannot be read alone. */
  readonly #versions = new Map<string, string>()
  #keys = 0

  constructor(stage: Stage, document: ApiDocument) {
    this.stage = stage
    for (const [path, item] of Object.entries(document.paths))
      for (const [method, operation] of Object.entries(item))
        this.#operations.set(operation.operationId, { method, path, operation })
  }

  /** Lets whoever is called `name` act; `renew` answers a token and how long it lives. */
  admit(name: string, renew: () => Promise<Answer>): void {
    this.#renew.set(name, renew)
    this.#sessions.delete(name)
  }

  /** Whoever has new rights, or was asked to sign in anew, does so before the next request. */
  signInAnew(name: string): void {
    this.#sessions.delete(name)
  }

  /** Sends a request that is an example, and insists that it succeeds. */
  async show(operationId: string, summary: string, ask: Ask = {}): Promise<Answer> {
    return this.#send(operationId, ask, summary)
  }

  /** Sends a request that the story needs and nobody is shown; it succeeds. */
  async call(operationId: string, ask: Ask = {}): Promise<Answer> {
    return this.#send(operationId, ask, null)
  }

  /** Sends a request that the story needs to be refused. */
  async refused(operationId: string, ask: Ask): Promise<Answer> {
    return this.#send(operationId, ask, null, true)
  }

  async pass(minutes: number): Promise<void> {
    await this.stage.passTo(new Date(this.stage.now().getTime() + minutes * 60_000))
  }

  async #send(
    operationId: string,
    ask: Ask,
    summary: string | null,
    mayFail = false,
  ): Promise<Answer> {
    const found = this.#operations.get(operationId)
    if (found === undefined) throw new Error(`there is no operation ${operationId}`)
    const { method, path, operation } = found
    const { as, query = {}, body, contentType = 'application/json' } = ask
    const url = `${filled(path, ask.path)}${searchOf(query)}`
    const shown: Record<string, string> = { ...ask.headers }
    if (asks(operation, 'IdempotencyKey')) {
      this.#keys += 1
      shown['Idempotency-Key'] = `${operationId}-2026-${String(this.#keys).padStart(4, '0')}`
    }
    const version = await this.#versionFor(operation, path, ask)
    if (version !== null) shown['If-Match'] = version
    const answer = await this.#fetch(method.toUpperCase(), url, {
      headers: {
        ...shown,
        ...(as !== undefined && { authorization: await this.#authorizationOf(as) }),
        ...(body !== undefined && { 'content-type': contentType }),
      },
      ...(body !== undefined && { body: encoded(body, contentType) }),
    })
    if (answer.status >= 400 !== mayFail)
      throw new Error(
        `${operationId} of ${as ?? 'nobody'} (${summary ?? 'not shown'}) answered ${String(answer.status)}: ` +
          JSON.stringify(answer.body, null, 1),
      )
    const { id } = answer.body
    if (typeof id === 'string' && answer.headers.etag !== undefined)
      this.#versions.set(id, answer.headers.etag)
    const code = new URL(answer.headers.location ?? '', this.stage.url).searchParams.get('code')
    if (code !== null) this.names.hide(code, 'example-code')
    if (summary !== null) this.#keep(operationId, summary, ask, shown, answer)
    await this.stage.passTo(new Date(this.stage.now().getTime() + BETWEEN_MS))
    return answer
  }

  async #fetch(
    method: string,
    url: string,
    init: { headers: Record<string, string>; body?: string | Uint8Array<ArrayBuffer> },
  ): Promise<Answer & { contentType: string; text: string }> {
    const deadline = performance.now() + PATIENCE_MS
    for (;;) {
      // Where a browser would be sent next is part of the answer.
      const response = await fetch(`${this.stage.url}${url}`, {
        method,
        redirect: 'manual',
        ...init,
      })
      const isStream =
        response.headers.get('content-type')?.startsWith('text/event-stream') === true
      const text = isStream ? await firstEvent(response) : await response.text()
      const contentType = response.headers.get('content-type')?.split(';')[0] ?? ''
      if (response.status !== 503 || performance.now() > deadline)
        return {
          status: response.status,
          headers: Object.fromEntries(response.headers),
          contentType,
          text,
          body: (isJson(contentType) ? JSON.parse(text) : {}) as Body,
        }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** The version that the request changes, read where the story does not say it. */
  async #versionFor(operation: Operation, path: string, ask: Ask): Promise<string | null> {
    if (ask.ifMatch === null) return null
    if (ask.ifMatch !== undefined) return ask.ifMatch
    if (!asks(operation, 'IfMatch')) return null
    for (let resource = path; resource !== ''; resource = resource.replace(/\/[^/]*$/, '')) {
      const read = [...this.#operations.values()].find(
        (each) => each.path === resource && each.method === 'get',
      )
      if (read === undefined || !asks(read.operation, 'IfNoneMatch')) continue
      const headers = { authorization: await this.#authorizationOf(ask.as ?? '') }
      const { headers: told } = await this.#fetch('GET', filled(resource, ask.path), { headers })
      return told.etag ?? null
    }
    const last = this.#versions.get(String(ask.path?.id ?? ''))
    if (last === undefined)
      throw new Error(
        `${operation.operationId} changes a version that nobody has seen: say ifMatch`,
      )
    return last
  }

  async #authorizationOf(name: string): Promise<string> {
    const session = this.#sessions.get(name)
    const now = this.stage.now().getTime()
    if (session !== undefined && session.endsAt > now + 60_000) return session.authorization
    const renew = this.#renew.get(name)
    if (renew === undefined) throw new Error(`${name} cannot sign in yet`)
    const { body } = await renew()
    const token = String(body.accessToken ?? body.access_token ?? body.token)
    const seconds = Number(body.expiresIn ?? body.expires_in ?? Infinity)
    const authorization = `Bearer ${token}`
    this.#sessions.set(name, { authorization, endsAt: now + seconds * 1_000 })
    return authorization
  }

  /** The lists of a body, each put in the order of what is shown of some members. */
  #inOrder(body: Body, members: readonly string[] = []): Body {
    if (members.length === 0) return body
    const key = (entry: Body) => JSON.stringify(members.map((name) => this.names.of(entry[name])))
    const sorted = (entries: readonly Body[]) =>
      entries.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
    return Object.fromEntries(
      Object.entries(body).map(([member, held]) => [
        member,
        Array.isArray(held) && typeof held[0] === 'object' ? sorted(held as Body[]) : held,
      ]),
    )
  }

  #keep(
    operationId: string,
    summary: string,
    ask: Ask,
    sent: Readonly<Record<string, string>>,
    answer: Answer & { contentType: string; text: string },
  ): void {
    const { path, query, body, contentType = 'application/json' } = ask
    const own = this.examples.get(operationId) ?? new Map<string, Example>()
    this.examples.set(operationId, own)
    const headers = Object.fromEntries(
      SHOWN.flatMap((name) => {
        const told = answer.headers[name]
        return told === undefined ? [] : [[name === 'etag' ? 'ETag' : 'Location', told]]
      }),
    )
    // The request is named first: the ids in it were known before those of the answer.
    const request = this.names.of({
      ...(path !== undefined && { path }),
      ...(query !== undefined && { query }),
      ...(Object.keys(sent).length > 0 && { headers: sent }),
      ...(body !== undefined && { contentType }),
      ...(body !== undefined && !(body instanceof Uint8Array) && { body }),
    })
    const response = this.names.of({
      status: answer.status,
      ...(Object.keys(headers).length > 0 && { headers }),
      ...(answer.text !== '' && {
        contentType: answer.contentType,
        body: isJson(answer.contentType)
          ? shortened(this.#inOrder(answer.body, ask.shownBy))
          : answer.contentType === 'text/event-stream'
            ? answer.text
            : firstLines(answer.text),
      }),
    })
    own.set(`example${String(own.size + 1)}`, {
      summary,
      request: request as Example['request'],
      response: response as Example['response'],
    })
  }
}

/** How much of a long answer is shown: entries of a list, lines of a text. */
const SHOWN_ENTRIES = 3
const SHOWN_LINES = 1

function shortened(value: unknown): unknown {
  if (Array.isArray(value)) {
    const isLong = value.length > SHOWN_ENTRIES && typeof value[0] === 'object'
    return (isLong ? value.slice(0, SHOWN_ENTRIES) : value).map(shortened)
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([member, held]) => [member, shortened(held)]),
  )
}

function firstLines(text: string): string {
  const lines = text.split('\n')
  return lines.length > SHOWN_LINES ? [...lines.slice(0, SHOWN_LINES), ''].join('\n') : text
}

/** What a stream without end says up to its first event, which is shown; then its reader goes. */
async function firstEvent(response: Response): Promise<string> {
  let text = ''
  for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += part
    const [whole] = /^[^]*?\ndata: .*\n\n/.exec(text) ?? []
    if (whole !== undefined) return whole
  }
  return text
}

/** A document of lines, each JSON, is none. */
const isJson = (contentType: string) => /[/+]json$/.test(contentType)

function asks({ parameters = [] }: Operation, header: string): boolean {
  return parameters.some(({ $ref }) => $ref === `#/components/parameters/${header}`)
}

function filled(path: string, values: NonNullable<Ask['path']> = {}): string {
  return path.replaceAll(/\{(.*?)\}/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`${path} wants ${name}`)
    return encodeURIComponent(value)
  })
}

function searchOf(query: NonNullable<Ask['query']>): string {
  const entries = Object.entries(query).map(([name, value]): [string, string] => [
    name,
    String(value),
  ])
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries).toString()}`
}

function encoded(body: unknown, contentType: string): string | Uint8Array<ArrayBuffer> {
  if (body instanceof Uint8Array) return new Uint8Array(body)
  if (contentType === 'application/x-www-form-urlencoded')
    return new URLSearchParams(body as Record<string, string>).toString()
  return typeof body === 'string' ? body : JSON.stringify(body)
}
