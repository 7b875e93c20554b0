/** Members whose text opens something or proves something: what they hold is never shown. */
const SECRETS: Readonly<Record<string, string>> = {
  claimCode: 'example-half',
  mark: 'example-mark',
  sealed: 'example-sealed-half',
  accessToken: 'example-access-token',
  access_token: 'example-access-token',
  refreshToken: 'example-refresh-token',
  refresh_token: 'example-refresh-token',
  id_token: 'example-id-token',
  deviceToken: 'example-device-token',
  token: 'example-token',
  next: 'example-cursor',
}

/** PostgreSQL writes it by its own clock, which no test makes stand. */
const CHANGED_AT = '2026-12-01T01:00:00.000Z'

/** Secret of an authenticator app, in base32; other secrets have forms of their own. */
const OF_APP = /^[A-Z2-7]{32}$/

const UUID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g
const DIGEST = /\b[0-9a-f]{64}\b/g
/** Names the trace of a request, which is new for each. */
const TRACE = /\b00-[0-9a-f]{32}-[0-9a-f]{16}-01\b/g
const ANY_TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
/** 32 or 64 bytes in base64url: a key, a signature. */
const BASE64URL = /^(?:[\w-]{43}|[\w-]{86})$/

/**
 * Gives what differs from run to run a name that does not: ids, digests and secrets, in the order they are first seen.
 *
 * What was named once is known wherever it comes up again, within other words too, so that an example shows the id that
 * an earlier one was answered with.
 */
export class StableNames {
  readonly #names = new Map<string, string>()
  readonly #counts = new Map<string, number>()

  /** Shows `secret` as `name` from now on. */
  hide(secret: string, name: string): void {
    this.#names.set(secret, name)
  }

  /** A copy of what was sent or answered, with the names in place of what they stand for. */
  of(value: unknown): unknown {
    this.#learn(value)
    return this.#replaced(value)
  }

  #learn(value: unknown): void {
    if (typeof value !== 'object' || value === null) return
    for (const [member, held] of Object.entries(value)) {
      const isOfApp = member === 'secret' && OF_APP.test(String(held))
      const name = isOfApp ? 'example-secret' : SECRETS[member]
      if (typeof held === 'string' && name !== undefined && !this.#names.has(held))
        this.hide(held, formed(held, `${name}-${String(this.#next(name))}`))
      if (member === 'recoveryCodes' && Array.isArray(held))
        for (const code of held as string[])
          this.hide(code, `example-recovery-code-${String(this.#next('recovery-code'))}`)
      this.#learn(held)
    }
  }

  #replaced(value: unknown): unknown {
    if (typeof value === 'string') return this.#text(value)
    if (Array.isArray(value)) return value.map((each) => this.#replaced(each))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([member, held]) => [
        member,
        member === 'changedAt' ? CHANGED_AT : this.#replaced(held),
      ]),
    )
  }

  #text(text: string): string {
    let shown = this.#names.get(text) ?? text
    if (BASE64URL.test(shown))
      return this.#named(shown, 'key', (count) => String(count).padStart(shown.length, 'example-'))
    for (const [secret, name] of this.#names)
      if (secret.length >= 8 && !UUID.test(secret)) shown = shown.replaceAll(secret, name)
    return shown
      .replaceAll(TRACE, ANY_TRACE)
      .replaceAll(UUID, (id) => this.#named(id, 'id', uuid))
      .replaceAll(DIGEST, (digest) => this.#named(digest, 'digest', hex))
  }

  #named(seen: string, kind: string, form: (count: number) => string): string {
    const known = this.#names.get(seen)
    if (known !== undefined) return known
    // What is stable already stays as it is.
    const name = form(this.#next(kind))
    this.#names.set(seen, name)
    this.#names.set(name, name)
    return name
  }

  #next(kind: string): number {
    const count = (this.#counts.get(kind) ?? 0) + 1
    this.#counts.set(kind, count)
    return count
  }
}

/** What has a form that a schema demands keeps it. */
const formed = (held: string, name: string) =>
  held.startsWith('whsec_') ? `whsec_${Buffer.alloc(32, name).toString('base64')}` : name

const uuid = (count: number) => `0195f2a0-0000-4000-8000-${String(count).padStart(12, '0')}`
const hex = (count: number) => String(count).padStart(64, 'e')
