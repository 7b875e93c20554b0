import { hash } from 'node:crypto'
import { API_KEY } from '@erp-steward/contracts/api-key'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { readNetworks, type NetworkSet } from '@erp-steward/service-kit/network-set'
import type { Revocations, TokenHolder } from '../revocations/revocations.ts'
import type { AskIdentity } from './ask-identity.ts'

/** Keys whose token is held; the one exchanged longest ago is forgotten first. */
const REMEMBERED = 10_000
/** Exchanges under way; beyond them callers are told to come back, so that forged keys cannot fill the memory. */
const MOST_EXCHANGES = 256
/** How long a refused key is refused without asking, in milliseconds: a script that goes on with an old key costs nothing. */
const REFUSED_MS = 5_000
/** Milliseconds before its end in which a token is not sent any more, for it has a way to go. */
const ON_THE_WAY_MS = 5_000

const SENT = /^Bearer (erps_.*)$/i

/** The key in an `Authorization` header, whether it is a good one or not; `null` for a token and whatever else. */
export function sentKey(authorization: string | undefined): string | null {
  return SENT.exec(authorization ?? '')?.[1] ?? null
}

/** A token that stands for a key, and what of the key is asked on each request. */
interface Held {
  readonly authorization: string
  readonly isFrom: NetworkSet
  readonly holder: TokenHolder
  /** Milliseconds since 1970. */
  readonly until: number
}

export interface ApiKeysOptions {
  readonly ask: AskIdentity
  readonly revocations: Revocations
  readonly clock: () => Date
}

/**
 * Exchanges API keys for tokens at the door: behind it nothing knows of keys, and whatever voids the tokens of a machine
 * voids those of its keys. A token is held as long as it lives, under the digest of its key, and each use is asked whether
 * it comes from where the key may be used.
 */
export class ApiKeys {
  readonly #options: ApiKeysOptions
  readonly #held = new Map<string, Held>()
  readonly #refusedUntil = new Map<string, number>()
  readonly #asking = new Map<string, Promise<Held>>()

  constructor(options: ApiKeysOptions) {
    this.#options = options
  }

  /** The header to go on with instead of the key, where no question is needed and nothing is against it. */
  known(key: string, address: string): string | undefined {
    const held = this.#usable(hash('sha256', key))
    return held?.isFrom(address) === true ? held.authorization : undefined
  }

  /**
   * The header to go on with instead of the key.
   *
   * @throws Problem `unauthenticated`, `network-refused`, or `unavailable` while identity cannot say
   */
  async exchanged(key: string, address: string): Promise<string> {
    if (!API_KEY.test(key)) throw invalid()
    const digest = hash('sha256', key)
    const held = this.#usable(digest) ?? (await this.#asked(key, digest, address))
    if (!held.isFrom(address))
      throw new Problem(
        'network-refused',
        said('The API key may not be used from here.', '该 API 密钥不得在此地址使用。'),
      )
    return held.authorization
  }

  #usable(digest: string): Held | undefined {
    const held = this.#held.get(digest)
    if (held === undefined) return undefined
    const now = this.#options.clock().getTime()
    const isVoid =
      now >= held.until ||
      this.#options.revocations.objectionTo(held.holder, now)?.code === 'token-revoked'
    if (!isVoid) return held
    this.#held.delete(digest)
    return undefined
  }

  /** Who asks for the same key from the same address meanwhile waits for the same answer. */
  async #asked(key: string, digest: string, address: string): Promise<Held> {
    const now = this.#options.clock().getTime()
    const refusedUntil = this.#refusedUntil.get(digest) ?? -Infinity
    if (now < refusedUntil && refusedUntil - now <= REFUSED_MS) throw invalid()
    const question = `${digest} ${address}`
    const underWay = this.#asking.get(question)
    if (underWay !== undefined) return underWay
    if (this.#asking.size >= MOST_EXCHANGES)
      throw new Problem(
        'unavailable',
        said('Too many API keys are being checked.', '正在核验的 API 密钥过多。'),
        { retryAfterSeconds: 1 },
      )
    const asking = this.#exchange(key, digest, address).finally(() => {
      this.#asking.delete(question)
    })
    this.#asking.set(question, asking)
    return asking
  }

  async #exchange(key: string, digest: string, address: string): Promise<Held> {
    const { ask, clock } = this.#options
    const askedAt = clock().getTime()
    try {
      const { accessToken, expiresIn, clientId, epoch, networks } = await ask(key, address)
      const held: Held = {
        authorization: `Bearer ${accessToken}`,
        isFrom: readNetworks(networks.join(',')),
        holder: { actor: clientId, sessionId: null, epoch },
        until: askedAt + expiresIn * 1_000 - Math.min(ON_THE_WAY_MS, expiresIn * 500),
      }
      remember(this.#held, digest, held)
      return held
    } catch (error) {
      if (error instanceof Problem && error.code === 'unauthenticated')
        remember(this.#refusedUntil, digest, askedAt + REFUSED_MS)
      throw error
    }
  }
}

const invalid = () =>
  new Problem('unauthenticated', said('The API key is not valid.', 'API 密钥无效。'))

function remember<Value>(memory: Map<string, Value>, digest: string, value: Value): void {
  memory.delete(digest)
  if (memory.size >= REMEMBERED) {
    const oldest = memory.keys().next().value
    if (oldest !== undefined) memory.delete(oldest)
  }
  memory.set(digest, value)
}
