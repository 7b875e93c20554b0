import { expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { testAct } from '@erp-steward/test-kit/test-act'
import { controlStage, noon } from './control-stage.ts'

test('[B-5.6] a service states that it runs, so that its silence can be noticed', async () => {
  const stage = await controlStage()
  const task = stage.tasks.find(({ name }) => name === 'say-alive')
  await stage.db.transaction(async (tx) => task?.run(tx, {}, { ...testAct(), now: noon() }))
  const events = await queuedEvents(stage.db)
  await stage.release()
  expect(events).toMatchObject([
    {
      type: 'audit.access.service-alive.v1',
      source: '/assessment',
      data: { service: 'assessment', saidAt: noon().toISOString() },
    },
  ])
})
