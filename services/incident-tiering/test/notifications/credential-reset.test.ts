import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { CredentialReset } from '@erp-steward/contracts/sign-in-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { after, MINUTE } from '@erp-steward/test-kit/instants'
import { eventOf, tell } from '@erp-steward/test-kit/tell'
import { tellOfPerson, tellOfStanding } from '@erp-steward/test-kit/tell-of-company'
import { emptyStage, fillDirectory, incidentStage, MONDAY, waitingJobs } from '../incident-stage.ts'

let stage: TestService
let people: Record<'chief' | 'owner' | 'head', string>
beforeAll(async () => {
  stage = await incidentStage()
})
beforeEach(async () => {
  await emptyStage(stage)
  people = await fillDirectory(stage, 'chief', 'owner', 'head')
  await tellOfStanding(stage, people.chief, { roles: ['OM_AUTHORITY'] })
  await tellOfStanding(stage, people.head, { roles: ['BUSINESS_OWNER'] })
})
afterAll(() => stage.release())

const reset = (changes: object = {}) => ({
  resetId: randomUUID(),
  accountId: randomUUID(),
  personId: people.owner,
  administratorRole: null,
  step: 'first-half-issued' as const,
  coolingUntil: null,
  at: MONDAY.toISOString(),
  ...changes,
})

const mails = (): Promise<{ occasion: string; id: string; state: string; text: string }[]> =>
  stage.db.query(
    `select occasion, person_id as id, state, subject || body as text from notification order by occasion, id`,
  )

test('[A-2.1.1][A-2.2.3] a person is written to at each half, and once the password is issued at the host', async () => {
  const one = reset()
  for (const step of ['first-half-issued', 'second-half-issued', 'issued-at-host'] as const)
    await tell(stage, CredentialReset, one.accountId, { ...one, step })
  const told = await mails()
  expect(told).toHaveLength(3)
  for (const { occasion, id, state, text } of told) {
    expect({ occasion, id, state }).toEqual({
      occasion: 'credential-reset',
      id: people.owner,
      state: 'queued',
    })
    expect(text).toContain('有人为您的账号签发密码')
    expect(text).toContain('Somebody issues a password for your account')
    expect(text).toContain(MONDAY.toISOString())
  }
  expect(await waitingJobs(stage, 'deliver-notification')).toHaveLength(3)
})

test('[A-2.1.1][A-2.2.3] a fact that comes twice, or is said again, mails once', async () => {
  const one = reset({ administratorRole: 'SECURITY_ADMIN' })
  const event = eventOf(stage, CredentialReset, one.accountId, one)
  expect(await stage.consumer.deliver(event)).toBe('handled')
  expect(await stage.consumer.deliver(event)).toBe('duplicate')
  stage.now = after(MONDAY, MINUTE)
  expect(await tell(stage, CredentialReset, one.accountId, one)).toBe('handled')
  expect(await mails()).toHaveLength(2)
  // Another case at the same instant is another matter.
  await tell(stage, CredentialReset, one.accountId, reset())
  expect(await mails()).toHaveLength(3)
})

test("[A-2.2.3] what the owner does, or what is done in the owner's favour, mails nobody", async () => {
  for (const step of ['password-chosen', 'identity-confirmed'] as const)
    await tell(stage, CredentialReset, randomUUID(), reset({ step }))
  expect(await mails()).toEqual([])
})

test.each([
  ['has no address', () => tellOfPerson(stage, people.owner, { name: 'owner', email: null })],
  [
    'is not known here yet',
    () => stage.db.query('delete from person where id = $1', [people.owner]),
  ],
])('[A-2.1.1][A-2.2.3] of a person who %s the O&M authority hears instead', async (_what, make) => {
  await make()
  const one = reset()
  await tell(stage, CredentialReset, one.accountId, one)
  expect(await mails()).toMatchObject([
    { occasion: 'credential-reset', id: people.owner, state: 'failed' },
    { occasion: 'delivery-failed', id: people.chief, state: 'queued' },
  ])
})

test("[A-2.1.1][A-2.2.3] of an administrator's account the O&M authority hears too, and nobody else", async () => {
  const one = reset({ administratorRole: 'SYSTEM_ADMIN', step: 'issued-at-host' })
  await tell(stage, CredentialReset, one.accountId, one)
  const told = await mails()
  expect(told).toMatchObject([
    { occasion: 'administrator-reset', id: people.chief },
    { occasion: 'credential-reset', id: people.owner },
  ])
  expect(told[0]?.text).toContain('SYSTEM_ADMIN')
})

test("[A-2.1.1] of an administrator's account that belongs to nobody the O&M authority hears", async () => {
  const one = reset({ administratorRole: 'AUDIT_ADMIN', personId: null })
  await tell(stage, CredentialReset, one.accountId, one)
  expect(await mails()).toMatchObject([{ occasion: 'administrator-reset', id: people.chief }])
})

test('[A-2.1.1] the O&M authority whose own account is reset is written to as its person', async () => {
  const one = reset({ administratorRole: 'SYSTEM_ADMIN', personId: people.chief })
  await tell(stage, CredentialReset, one.accountId, one)
  expect(await mails()).toMatchObject([{ occasion: 'credential-reset', id: people.chief }])
})
