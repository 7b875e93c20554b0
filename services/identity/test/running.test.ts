import { expect, test } from '@jest/globals'
import { createLocalBus } from '@erp-steward/messaging/local-bus'
import { createLog } from '@erp-steward/service-kit/log'
import { startService } from '@erp-steward/service-kit/service'
import { eventually } from '@erp-steward/test-kit/eventually'
import { testDatabase } from '@erp-steward/test-kit/test-database'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { identity } from '../src/service.ts'
import type { SessionTokens } from '../src/sessions/session-tokens.ts'
import {
  addAccount,
  deviceOf,
  GOOD_PASSWORD,
  setPassword,
  TEST_IDENTITY_CONFIG,
} from './account-stage.ts'

test('[A-4.3.4] a running identity signs in, keeps the fact in its ledger and stops in order', async () => {
  const database = await testDatabase(identity)
  const { db, url } = database
  const bus = createLocalBus()
  const running = await startService(identity, {
    config: {
      ...TEST_IDENTITY_CONFIG,
      DATABASE_URL: url,
      DATABASE_POOL: 8,
      // Nobody answers there: identity verifies tokens with its own table.
      JWKS_URL: 'http://127.0.0.1:9/.well-known/jwks.json',
      INTERNAL_TOKEN: 'x'.repeat(32),
      HOST: '127.0.0.1',
      PORT: 0,
    },
    bus,
    log: createLog('silent'),
  })
  try {
    const stage = { db, now: new Date() } as TestService
    const people = [
      await addAccount(stage),
      await addAccount(stage, { administratorRole: 'AUDIT_ADMIN' }),
    ] as const
    const call = (path: string, method: string, token = '', body?: object) =>
      fetch(`${running.url}${path}`, {
        method,
        headers: {
          ...(token !== '' && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
    const tokens: SessionTokens[] = []
    for (const account of people) {
      await setPassword(stage, account)
      const device = deviceOf(stage, account)
      const code = device?.code(new Date())
      const payload = { userName: account.userName, password: GOOD_PASSWORD, code }
      tokens.push((await (await call('/v1/sessions', 'POST', '', payload)).json()) as SessionTokens)
    }
    const auditor = tokens[1]?.accessToken ?? ''
    await eventually(async () => {
      const query = `?type=audit.access.signed-in.v1&subject=${people[0].id}`
      const answer = await call(`/v1/audit/records${query}`, 'GET', auditor)
      expect(((await answer.json()) as { items: unknown[] }).items).toHaveLength(1)
    })
    const verified = await call('/v1/audit/verifications', 'POST', auditor)
    // The chain is sound; nobody outside the database is set up here to vouch for it.
    expect(await verified.json()).toMatchObject({ state: 'unproven', fault: null })
    const known: { identifier: string }[] = await db.query(
      'select identifier from identity_jobs._private_known_crontabs order by 1',
    )
    expect(known.map(({ identifier }) => identifier)).toEqual(
      expect.arrayContaining([
        'anchor-ledger',
        'end-lapsed-sessions',
        'forget-ended-sessions',
        'renew-signing-key',
      ]),
    )
  } finally {
    await running.stop()
    await bus.close()
    await database.release()
  }
})
