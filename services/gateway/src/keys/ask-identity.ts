import type { KeyExchange } from '@erp-steward/contracts/api-key'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { Logger } from 'pino'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Upstream } from '../routing/upstreams.ts'

/** Longest wait for the answer in milliseconds. */
const EXCHANGE_MS = 3_000

const isExchange = Compile(
  Type.Object({
    accessToken: Type.String({ minLength: 1 }),
    expiresIn: Type.Integer({ minimum: 1 }),
    clientId: Type.String({ minLength: 1 }),
    epoch: Type.Integer({ minimum: 0 }),
    networks: Type.Array(Type.String()),
  }),
)

/** What identity says to a key that came from `address`. */
export type AskIdentity = (key: string, address: string) => Promise<KeyExchange>

/** It answers with a Problem `unauthenticated` or `network-refused` as identity has it, `unavailable` when it says nothing of use. */
export function keyQuestions({ pool }: Upstream, internalToken: string, log: Logger): AskIdentity {
  const ask = async (key: string, address: string) => {
    const { statusCode, body } = await pool.request({
      method: 'POST',
      path: '/internal/api-keys/exchange',
      headers: { authorization: `Bearer ${internalToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ key, address }),
      signal: AbortSignal.timeout(EXCHANGE_MS),
    })
    return { statusCode, said: await body.json() }
  }
  return async (key, address) => {
    const answer = await ask(key, address).catch((error: unknown) => {
      log.warn({ err: error }, 'an API key could not be exchanged')
      return null
    })
    const told = answer?.said
    if (answer?.statusCode === 200 && isExchange.Check(told)) return told
    const code = codeOf(told)
    if (answer?.statusCode === 401 && code === 'unauthenticated')
      throw new Problem(code, said('The API key is not valid.', 'API 密钥无效。'))
    if (answer?.statusCode === 403 && code === 'network-refused')
      throw new Problem(
        code,
        said('The API key may not be used from here.', '该 API 密钥不得在此地址使用。'),
      )
    throw new Problem(
      'unavailable',
      said('Whether the API key is good cannot be known now.', '目前无法核验该 API 密钥。'),
      { retryAfterSeconds: 2 },
    )
  }
}

function codeOf(told: unknown): unknown {
  return typeof told === 'object' && told !== null && 'code' in told ? told.code : undefined
}
