import { expect, test } from '@jest/globals'
import { eventually } from '@erp-steward/test-kit/eventually'
import { send, made } from '@erp-steward/test-kit/requests'
import { agent, authority, backupStage } from '../backup-stage.ts'

test('agents that wait hold neither readers up nor the end of the service', async () => {
  const stage = await backupStage()
  try {
    const address = await stage.app.listen({ host: '127.0.0.1', port: 0 })
    let arrived = 0
    stage.app.server.on('request', () => {
      arrived += 1
    })
    const waiting = Array.from({ length: 20 }, async () => {
      const { status } = await fetch(`${address}/v1/backup-agents/me/leases`, {
        method: 'POST',
        headers: { ...agent(), 'content-type': 'application/json' },
        body: '{"waitSeconds":20}',
      })
      return status
    })
    await eventually(() => {
      expect(arrived).toBe(20)
    })
    // More agents than the service has connections to its database.
    await made(send(stage, 'GET', '/v1/backup-runs', authority()))
    const from = performance.now()
    await stage.app.close()
    expect(performance.now() - from).toBeLessThan(10_000)
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([204]))
  } finally {
    await stage.release()
  }
})
