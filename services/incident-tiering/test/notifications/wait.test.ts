import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { WaitRunningOut, WaitUndecidable } from '@erp-steward/contracts/platform-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { after, HOUR } from '@erp-steward/test-kit/instants'
import { tell } from '@erp-steward/test-kit/tell'
import { tellOfStanding } from '@erp-steward/test-kit/tell-of-company'
import { emptyStage, fillDirectory, incidentStage, MONDAY } from '../incident-stage.ts'

let stage: TestService
let people: Record<'chief' | 'guard' | 'frozen' | 'head', string>
beforeAll(async () => {
  stage = await incidentStage()
})
beforeEach(async () => {
  await emptyStage(stage)
  people = await fillDirectory(stage, 'chief', 'guard', 'frozen', 'head')
  await tellOfStanding(stage, people.chief, { roles: ['OM_AUTHORITY'] })
  await tellOfStanding(stage, people.guard, { roles: ['SECURITY_ADMIN'] })
  const frozen = { roles: ['SECURITY_ADMIN'], accountStatus: 'frozen' } as const
  await tellOfStanding(stage, people.frozen, frozen)
  await tellOfStanding(stage, people.head, { roles: ['BUSINESS_OWNER'] })
})
afterAll(() => stage.release())

const waiting = (subject: string) => ({
  ...{ service: 'assessment', kind: 'appeal.decide', subject, permission: 'appeal.decide' },
  unitIds: [],
})
const mails = (): Promise<{ occasion: string; id: string; text: string }[]> =>
  stage.db.query(
    `select occasion, person_id as id, subject || body as text from notification order by occasion, id`,
  )

test('what nobody can decide is told to the authority and the security administrators, once each time', async () => {
  const [one, other] = [randomUUID(), randomUUID()]
  for (const [subject, at] of [
    [one, MONDAY],
    [one, MONDAY],
    [other, MONDAY],
    // It became so anew.
    [one, after(MONDAY, HOUR)],
  ] as const)
    await tell(stage, WaitUndecidable, subject, {
      ...waiting(subject),
      ...{ expiresAt: null, foundAt: at.toISOString() },
    })
  const told = await mails()
  expect(told.map(({ id }) => id).sort()).toEqual(
    [people.chief, people.chief, people.chief, people.guard, people.guard, people.guard].sort(),
  )
  for (const { occasion, text } of told) {
    expect(occasion).toBe('undecidable')
    expect(text).toContain('待决事项无人可决定')
    expect(text).toContain('Something waits that nobody can decide')
    expect(text).toContain('appeal.decide')
  }
  expect(told.filter(({ text }) => text.includes(one))).toHaveLength(4)
})

test('what ends undecided soon is told to the same', async () => {
  const subject = randomUUID()
  const expiresAt = after(MONDAY, 24 * HOUR).toISOString()
  await tell(stage, WaitRunningOut, subject, {
    ...waiting(subject),
    ...{ expiresAt, isDecidable: true, warnedAt: MONDAY.toISOString() },
  })
  const told = await mails()
  expect(told.map(({ occasion, id }) => [occasion, id]).sort()).toEqual(
    [
      ['running-out', people.chief],
      ['running-out', people.guard],
    ].sort(),
  )
  expect(told[0]?.text).toContain(expiresAt)
})
