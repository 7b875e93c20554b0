import { expect, test } from '@jest/globals'
import { createLog } from '@erp-steward/service-kit/log'
import { buildService } from '@erp-steward/service-kit/service'
import { testDatabase } from '@erp-steward/test-kit/test-database'
import { testKeys } from '@erp-steward/test-kit/tokens'
import { identity } from '../../src/service.ts'
import { TEST_IDENTITY_CONFIG } from '../account-stage.ts'

test('[A-4.2.4] a refused sign-in is on record with the address that a known gateway states, no other one', async () => {
  const database = await testDatabase(identity)
  const { db } = database
  const { app } = await buildService(identity, {
    db,
    clock: () => new Date(),
    config: TEST_IDENTITY_CONFIG,
    log: createLog('silent'),
    keyFor: testKeys,
    internalToken: 'x'.repeat(32),
    gatewayAddresses: '10.0.0.5, 10.1.0.0/16',
  })
  const sourceOf = async (remoteAddress: string) => {
    await app.inject({
      method: 'POST',
      url: '/v1/sessions',
      remoteAddress,
      headers: { 'x-forwarded-for': '203.0.113.9' },
      payload: { userName: `FROM-${remoteAddress}`, password: 'not the password' },
    })
    const [fact]: { ip: string }[] = await db.query(
      `select payload -> 'data' ->> 'sourceIp' as ip from outbox order by seq desc limit 1`,
    )
    return fact?.ip
  }
  expect(await sourceOf('10.0.0.5')).toBe('203.0.113.9')
  expect(await sourceOf('10.1.2.3')).toBe('203.0.113.9')
  expect(await sourceOf('10.0.0.6')).toBe('10.0.0.6')
  expect(await sourceOf('127.0.0.1')).toBe('127.0.0.1')
  await app.close()
  await database.release()
})
