import { expect, test } from '@jest/globals'
import { testAct } from '@erp-steward/test-kit/test-act'
import { testDatabase } from '@erp-steward/test-kit/test-database'
import { createLog } from '@erp-steward/service-kit/log'
import { buildService } from '@erp-steward/service-kit/service'
import { testKeys } from '@erp-steward/test-kit/tokens'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { activateClient } from '../../src/clients/activate-client.ts'
import {
  issueFirstSecretHalf,
  issueSecondSecretHalf,
} from '../../src/clients/issue-client-secret.ts'
import { requestClient } from '../../src/clients/request-client.ts'
import { identity } from '../../src/service.ts'
import { digestOf } from '../../src/sessions/refresh-token.ts'
import type { SessionTokens } from '../../src/sessions/session-tokens.ts'
import { addAccount, giveInitialPassword, TEST_IDENTITY_CONFIG } from '../account-stage.ts'

test('no password, token or secret reaches a log, whatever goes wrong', async () => {
  const lines: string[] = []
  const log = createLog('debug', { write: (line) => void lines.push(line) })
  const database = await testDatabase(identity)
  const { db, url } = database
  const now = new Date()
  const built = await buildService(identity, {
    db,
    clock: () => now,
    config: TEST_IDENTITY_CONFIG,
    log,
    keyFor: testKeys,
    internalToken: 'x'.repeat(32),
  })
  const { app } = built
  const stage: TestService = {
    ...built,
    name: 'identity',
    db,
    serviceDb: db,
    url,
    now,
    release: () => database.release(),
  }
  const secrets: string[] = []
  const post = async (path: string, payload: object | string, headers = {}) => {
    const answer = await app.inject({ method: 'POST', url: path, payload, headers })
    return answer
  }

  const account = await addAccount(stage)
  const initial = await giveInitialPassword(stage, account)
  const { userName } = account
  const wrong = 'a-Wrong-1-guess'
  await post('/v1/sessions', { userName, password: wrong })
  await post('/v1/sessions', { userName: wrong, password: initial, more: true })
  await post('/v1/sessions', `{"userName":"${userName}","password":"${initial}`, {
    'content-type': 'application/json',
  })
  const tokens = (await post('/v1/sessions', { userName, password: initial })).json<SessionTokens>()
  const refreshed = (
    await post('/v1/tokens/refresh', { refreshToken: tokens.refreshToken })
  ).json<SessionTokens>()
  await post('/v1/tokens/refresh', { refreshToken: tokens.refreshToken })
  await post('/v1/tokens/refresh', { refreshToken: refreshed.refreshToken, x: 1 })
  const act = testAct({ now })
  const client = await db.transaction((tx) =>
    requestClient(tx, { name: 'logs', role: 'SCRIPT', unitId: null }, act),
  )
  await db.transaction((tx) => activateClient(tx, client.id, act))
  const first = await db.transaction((tx) => issueFirstSecretHalf(tx, client.id, act))
  const other = testAct({ now, actor: 'other', personId: null, role: 'SYSTEM_ADMIN' })
  const second = await db.transaction((tx) => issueSecondSecretHalf(tx, client.id, other))
  const secret = `${first}${second}`
  const grant = { grant_type: 'client_credentials', client_id: client.id, client_secret: secret }
  const granted = (await post('/v1/tokens', grant)).json<{ access_token: string }>()
  await post('/v1/tokens', { ...grant, grant_type: 'other' })
  // An outage in the middle of it all.
  await db.query('alter table session rename to session_gone')
  await post('/v1/tokens/refresh', { refreshToken: refreshed.refreshToken })
  await db.query('alter table refresh_token rename to refresh_token_gone')
  await post('/v1/tokens/refresh', { refreshToken: refreshed.refreshToken })
  expect((await post('/v1/tokens', grant)).statusCode).toBe(200)
  secrets.push(
    initial,
    wrong,
    tokens.accessToken,
    tokens.refreshToken,
    refreshed.accessToken,
    refreshed.refreshToken,
    first,
    second,
    granted.access_token,
    // A failed query brings its values along; the digest is one of them.
    [...digestOf(refreshed.refreshToken)].join(','),
  )
  await app.close()
  await database.release()
  const written = lines.join('')
  expect(written).toContain('request failed')
  for (const each of secrets) expect(written.includes(each)).toBe(false)
})
