import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { send } from '@erp-steward/test-kit/requests'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { toldAttention } from '@erp-steward/test-kit/told-attention'
import { after, MINUTE } from '@erp-steward/test-kit/instants'
import { OTHER_UNIT, tellOfPerson, UNIT } from '@erp-steward/test-kit/tell-of-company'
import {
  act,
  authority,
  clock,
  emptyStage,
  endUser,
  factsOf,
  fillDirectory,
  incidentStage,
  keyUser,
  nominate,
  open,
  runJobs,
  systemAdmin,
  waitingJobs,
} from './incident-stage.ts'

let stage: TestService
let people: Record<'user' | 'first', string>

beforeAll(async () => {
  stage = await incidentStage()
})
beforeEach(async () => {
  await emptyStage(stage)
  people = await fillDirectory(stage, 'user', 'first')
  await nominate(stage, people.first, { tier: 'L1' })
})
afterAll(() => stage.release())

const told = (kind: Parameters<typeof toldAttention>[1]) => toldAttention(stage, kind)

test('[A-5.2.3] a ticket is overdue after its deadline and not at it, once for all its clocks', async () => {
  const ticket = await open(stage, endUser(people.user), { priority: 'P2' })
  const { dueAt } = await clock(stage, ticket.id, 'acknowledge')
  stage.now = new Date(dueAt ?? '')
  expect(await told({ kind: 'ticket-overdue' })).toEqual([])
  stage.now = after(dueAt ?? '', 1)
  const [matter] = await told({ kind: 'ticket-overdue', unitId: UNIT })
  expect(matter).toMatchObject({
    ...{ subject: ticket.id, name: ticket.number, severity: 'critical', unitIds: [UNIT] },
    mending: 'acknowledgeTicket',
  })
  expect(new Date(matter?.since ?? '')).toEqual(new Date(dueAt ?? ''))
  expect(await told({ kind: 'ticket-overdue', unitId: OTHER_UNIT })).toEqual([])

  await act(stage, ticket, 'acknowledge', keyUser(people.first))
  stage.now = after(stage.now, 40 * 24 * 60 * MINUTE)
  expect(await told({ kind: 'ticket-overdue' })).toMatchObject([{ mending: 'resolveTicket' }])
  await act(stage, ticket, 'resolve', keyUser(people.first), { resolution: 'Done.' })
  // What waits for its user stands still.
  expect((await told({ kind: 'ticket-overdue' })).map(({ mending }) => mending)).toEqual([])
})

test('a missing year of holidays is told of as long ahead as deadlines may reach, and graver once it has begun', async () => {
  // The last year that the product ships.
  stage.now = new Date('2026-11-16T15:59:59.999Z')
  expect(await told({ kind: 'calendar-year-missing' })).toEqual([])
  stage.now = new Date('2026-11-16T16:00:00Z')
  expect(await told({ kind: 'calendar-year-missing' })).toMatchObject([
    { subject: '2027', severity: 'warning', unitIds: [], mending: 'loadHolidayYear' },
  ])
  stage.now = new Date('2026-12-31T16:00:00Z')
  expect(await told({ kind: 'calendar-year-missing' })).toMatchObject([{ severity: 'critical' }])
})

test('a message that is about no ticket, and so of no unit, is told like the others', async () => {
  const id = await lostMail(3)
  await stage.db.query('update notification set ticket_id = null where id = $1', [id])
  expect(await told({ kind: 'notification-undelivered' })).toMatchObject([
    { subject: id, unitIds: [] },
  ])
})

/** A mail that no server takes, after as many tries. */
async function lostMail(tries: number) {
  const ticket = await open(stage, endUser(people.user))
  for (let n = 0; n < tries; n += 1)
    await runJobs(stage, await waitingJobs(stage, 'deliver-notification'))
  const [row]: { id: string }[] = await stage.db.query(
    `select id from notification where ticket_id = $1 and occasion = 'opened'`,
    [ticket.id],
  )
  return row?.id ?? ''
}

test('[A-3.2.3] a message wants a human from its third failed try on, while its receiver is here and for a month', async () => {
  await lostMail(2)
  expect(await told({ kind: 'notification-undelivered' })).toEqual([])
  await runJobs(stage, await waitingJobs(stage, 'deliver-notification'))
  expect(await told({ kind: 'notification-undelivered', unitId: UNIT })).toMatchObject([
    { name: 'opened', mending: 'resendNotification' },
  ])
  const now = stage.now
  stage.now = after(now, 30 * 24 * 60 * MINUTE)
  expect(await told({ kind: 'notification-undelivered' })).toEqual([])
  stage.now = now
  await tellOfPerson(stage, people.first, { name: 'first', active: false })
  expect(await told({ kind: 'notification-undelivered' })).toEqual([])
})

const resend = (id: string, headers = systemAdmin()) =>
  send(stage, 'POST', `/v1/notifications/${id}/resend`, headers)

test('[A-3.2.3] a message that was given up gets one more try from whoever may, which is a fact', async () => {
  const id = await lostMail(10)
  const state = async () => {
    const [row]: { state: string; attempts: number }[] = await stage.db.query(
      'select state, attempts from notification where id = $1',
      [id],
    )
    return row
  }
  expect(await state()).toEqual({ state: 'failed', attempts: 10 })
  expect((await resend(id, keyUser(people.first))).statusCode).toBe(403)
  expect(await waitingJobs(stage, 'deliver-notification')).toEqual([])
  const answer = await resend(id)
  expect([answer.statusCode, answer.json()]).toEqual([202, { id, state: 'queued', attempts: 10 }])
  expect(await factsOf(stage, id, 'notification.resent')).toMatchObject([
    { channel: 'mail', occasion: 'opened', attempts: 10 },
  ])
  await runJobs(stage, await waitingJobs(stage, 'deliver-notification'))
  expect(await state()).toEqual({ state: 'failed', attempts: 11 })
  expect(await factsOf(stage, id, 'notification.failed')).toHaveLength(2)
})

test('a message that was accepted is not sent again, and one that is not there is not found', async () => {
  const id = await lostMail(1)
  await stage.db.query(`update notification set state = 'delivered' where id = $1`, [id])
  expect((await resend(id, authority())).json()).toMatchObject({ code: 'notification-delivered' })
  expect((await resend(randomUUID())).json()).toMatchObject({ code: 'notification-not-found' })
})

test('gaps of key users and superiors are told of with who mends them', async () => {
  await stage.db.query('delete from key_user_gap; delete from superior_gap')
  await stage.db.query(
    `insert into key_user_gap (unit_id, tier, kind, module_code, found_at)
     values ($1, 'L2', 'BUSINESS', 'GL', $2), (null, 'L3', 'IT', null, $2)`,
    [UNIT, stage.now],
  )
  await stage.db.query(`insert into superior_gap values ('department-head', $1)`, [stage.now])
  expect(await told({ kind: 'key-user-gap', unitId: UNIT })).toMatchObject([
    { name: 'L2/U1/GL', unitIds: [UNIT], mending: 'nominateKeyUser' },
  ])
  expect(await told({ kind: 'key-user-gap' })).toHaveLength(2)
  expect(await told({ kind: 'superior-gap' })).toMatchObject([
    { subject: 'department-head', mending: 'nameSuperiors' },
  ])
})
