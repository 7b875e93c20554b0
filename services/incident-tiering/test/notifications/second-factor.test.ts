import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { SecondFactorChanged } from '@erp-steward/contracts/sign-in-events'
import { after, MINUTE } from '@erp-steward/test-kit/instants'
import { eventOf, tell } from '@erp-steward/test-kit/tell'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { emptyStage, fillDirectory, incidentStage, MONDAY } from '../incident-stage.ts'

let stage: TestService
let owner: string
beforeAll(async () => {
  stage = await incidentStage()
})
beforeEach(async () => {
  await emptyStage(stage)
  owner = (await fillDirectory(stage, 'owner')).owner
})
afterAll(() => stage.release())

const changed = (changes: object = {}) => ({
  accountId: randomUUID(),
  personId: owner,
  administratorRole: null,
  step: 'set-up' as const,
  recoveryCodesLeft: 10,
  at: MONDAY.toISOString(),
  ...changes,
})
const mails = (): Promise<{ occasion: string; id: string; text: string }[]> =>
  stage.db.query(
    'select occasion, person_id as id, subject || body as text from notification order by text',
  )

test('[A-2.2.1] a person is written to at each change of the second factor, whoever made it', async () => {
  const steps = ['set-up', 'recovery-code-used', 'recovery-codes-renewed', 'removed', 'reset']
  const { accountId } = changed()
  for (const step of steps)
    await tell(stage, SecondFactorChanged, accountId, changed({ accountId, step }))
  const told = await mails()
  expect(told.map(({ occasion, id }) => [occasion, id])).toEqual(
    steps.map(() => ['second-factor', owner]),
  )
  for (const { text } of told) expect(text).toContain('tell the security administrator at once')
})

test('[A-2.2.1] what is only begun, and accounts of nobody, mail nobody; a fact that comes twice mails once', async () => {
  await tell(stage, SecondFactorChanged, randomUUID(), changed({ step: 'begun' }))
  await tell(stage, SecondFactorChanged, randomUUID(), changed({ personId: null }))
  expect(await mails()).toEqual([])
  const one = changed()
  const event = eventOf(stage, SecondFactorChanged, one.accountId, one)
  expect(await stage.consumer.deliver(event)).toBe('handled')
  expect(await stage.consumer.deliver(event)).toBe('duplicate')
  stage.now = after(MONDAY, MINUTE)
  expect(await mails()).toHaveLength(1)
})
