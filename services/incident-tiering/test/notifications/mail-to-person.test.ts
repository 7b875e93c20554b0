import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { createPersonMailer } from '../../src/notifications/mail-to-person.ts'
import type { Notification } from '../../src/notifications/notification.ts'
import { tellOfPerson } from '@erp-steward/test-kit/tell-of-company'
import { fillDirectory, incidentStage } from '../incident-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await incidentStage()
  await fillDirectory(stage, 'first')
})
afterAll(() => stage.release())

/** A try that has all the time it wants. */
const NEVER = new AbortController().signal

/** A mail in the ledger; nothing but the person matters here. */
const mailTo = (personId: string | null) => ({ id: randomUUID(), personId }) as Notification

test('[A-4.3.1] a mail goes to the address that the person has now, which is opened at that moment only', async () => {
  const id = randomUUID()
  await tellOfPerson(stage, id, { name: 'before' })
  const sentTo: string[] = []
  const send = createPersonMailer(stage.db, ({ recipient }) => {
    sentTo.push(recipient)
    return Promise.resolve('250 ok')
  })
  await send(mailTo(id), NEVER)
  await tellOfPerson(stage, id, { name: 'after' })
  await send(mailTo(id), NEVER)
  expect(sentTo).toEqual(['before@example.test', 'after@example.test'])
  const [copy]: { email: string }[] = await stage.db.query(
    'select email from person where id = $1',
    [id],
  )
  expect(copy?.email).not.toContain('example')
})

test('[A-4.3.1] what a mail server says is kept without the address in it', async () => {
  const id = randomUUID()
  await tellOfPerson(stage, id, { name: 'rejected' })
  const accepted = createPersonMailer(stage.db, ({ recipient }) =>
    Promise.resolve(`250 2.1.5 <${recipient}> queued`),
  )
  expect(await accepted(mailTo(id), NEVER)).toBe('250 2.1.5 <***> queued')
  const refused = createPersonMailer(stage.db, ({ recipient }) =>
    Promise.reject(new Error(`550 5.1.1 ${recipient}: no such user`)),
  )
  await expect(refused(mailTo(id), NEVER)).rejects.toThrow('550 5.1.1 *** no such user')
})

test.each([
  ['a person without an address', null],
  ['nobody', undefined],
])('a mail to %s is not sent', async (_whom, email) => {
  const id = email === null ? randomUUID() : null
  if (id !== null) await tellOfPerson(stage, id, { name: 'silent', email: null })
  const send = createPersonMailer(stage.db, () => Promise.reject(new Error('sent')))
  await expect(send(mailTo(id), NEVER)).rejects.toThrow('no mail address')
})
