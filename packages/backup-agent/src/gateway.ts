import { Type } from 'typebox'
import { Compile } from 'typebox/compile'

/** The gateway or the network is away, or it asks to come later; worth another try. */
export class GatewayAway extends Error {
  constructor(what: string, options?: ErrorOptions) {
    super(what, options)
    this.name = 'GatewayAway'
  }
}

/** An answer below 500. */
export interface Answer {
  readonly status: number
  /** The parsed body, `null` without one. */
  readonly body: unknown
  /** The clock of the other side when it answered; ours where it did not say. */
  readonly at: Date
}

/** What limits one call. */
export interface CallLimits {
  readonly signal: AbortSignal
  /** Milliseconds; 30,000 by default. */
  readonly timeoutMs?: number
}

/** Calls in the name of the agent. */
export interface Gateway {
  /** @throws GatewayAway; the reason of `signal` when that ends it */
  call(method: 'PUT' | 'POST', path: string, body: object, limits: CallLimits): Promise<Answer>
}

const Grant = Compile(
  Type.Object({ access_token: Type.String({ minLength: 1 }), expires_in: Type.Number() }),
)

/** The gateway at an address, with a token that is renewed before it ends and after a 401. */
export function openGateway(options: {
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
}): Gateway {
  let token: { readonly text: string; readonly renewAt: number } | null = null

  const tokenFor = async (limits: CallLimits): Promise<string> => {
    if (token !== null && performance.now() < token.renewAt) return token.text
    const { status, body } = await send(
      'POST',
      '/v1/tokens',
      {
        grant_type: 'client_credentials',
        client_id: options.clientId,
        client_secret: options.clientSecret,
      },
      {},
      limits,
    )
    if (status !== 200 || !Grant.Check(body))
      throw new GatewayAway(
        `no token: the gateway answered ${status} to CLIENT_ID and CLIENT_SECRET`,
      )
    // A fifth of its life is left for calls that are on their way when it is renewed.
    token = {
      text: body.access_token,
      renewAt: performance.now() + body.expires_in * 800,
    }
    return token.text
  }

  const send = async (
    method: string,
    path: string,
    body: object,
    headers: Record<string, string>,
    { signal, timeoutMs = 30_000 }: CallLimits,
  ): Promise<Answer> => {
    const response = await fetch(`${options.url}${path}`, {
      method,
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      // The secret and the token go to the address that was set, nowhere else.
      redirect: 'error',
    }).catch((error: unknown) => {
      signal.throwIfAborted()
      throw new GatewayAway(`${method} ${path}: ${reasonOf(error)}`, { cause: error })
    })
    const text = await response.text().catch((error: unknown) => {
      signal.throwIfAborted()
      throw new GatewayAway(`${method} ${path}: the answer broke off`, { cause: error })
    })
    if (response.status >= 500 || response.status === 429)
      throw new GatewayAway(`${method} ${path}: ${response.status}`)
    const date = Date.parse(response.headers.get('date') ?? '')
    return {
      status: response.status,
      body: parsed(text),
      at: Number.isNaN(date) ? new Date() : new Date(date),
    }
  }

  return {
    async call(method, path, body, limits) {
      const authorized = async () =>
        send(method, path, body, { authorization: `Bearer ${await tokenFor(limits)}` }, limits)
      const answer = await authorized()
      if (answer.status !== 401) return answer
      token = null
      const again = await authorized()
      if (again.status === 401) {
        token = null
        throw new GatewayAway(`${method} ${path}: 401 with a fresh token`)
      }
      return again
    },
  }
}

function parsed(text: string): unknown {
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

// fetch hides the reason in the cause.
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message : String(cause)
}
