import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import {
  AlertAckOverdue,
  AlertNotifyOverdue,
  InspectionUncovered,
} from '@erp-steward/contracts/monitoring-events'
import { send } from '@erp-steward/test-kit/requests'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { after } from '@erp-steward/test-kit/instants'
import { tell } from '@erp-steward/test-kit/tell'
import { tellOfStanding, UNIT } from '@erp-steward/test-kit/tell-of-company'
import { authority, fillDirectory, incidentStage, MONDAY } from '../incident-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await incidentStage()
  stage.now = MONDAY
})
afterAll(() => stage.release())

const at = MONDAY.toISOString()
const alert = {
  episodeId: randomUUID(),
  thresholdId: randomUUID(),
  unitId: UNIT,
  level: 'critical' as const,
  confirmedAt: at,
  dueAt: at,
  noticedAt: at,
}

test('[A-3.1.1][A-3.2.3] what nobody answers for is told to the authority and the leaders of the unit, and to nobody else', async () => {
  // `foreign` leads another unit; the key user answers for none of it.
  const { chief, head, foreign } = await fillDirectory(stage, 'chief', 'head', 'foreign', 'keyUser')
  await tellOfStanding(stage, chief, { roles: ['OM_AUTHORITY'] })
  await tellOfStanding(stage, head, { roles: ['BUSINESS_OWNER'] })
  await tellOfStanding(stage, foreign, { roles: ['BUSINESS_OWNER'] })
  const uncovered = { unitId: UNIT, reason: 'nobody-able' as const, foundAt: at }
  const nobody = { inspectorPersonId: null, deputyPersonId: null }
  await tell(stage, InspectionUncovered, UNIT, { ...uncovered, ...nobody })
  await tell(stage, AlertAckOverdue, alert.episodeId, { ...alert, ticketId: null })
  await tell(stage, AlertNotifyOverdue, alert.episodeId, alert)
  const told: { occasion: string; id: string; subject: string }[] = await stage.db.query(
    `select occasion, person_id as id, subject from notification
      where occasion in ('inspection-uncovered', 'alert-untaken', 'alert-untold')`,
  )
  for (const occasion of ['inspection-uncovered', 'alert-untaken', 'alert-untold'])
    expect(
      told
        .filter((each) => each.occasion === occasion)
        .map(({ id }) => id)
        .sort(),
    ).toEqual([chief, head].sort())
  expect(told.every(({ subject }) => subject.endsWith(': U1'))).toBe(true)
})

test('[A-3.2.3] alerts noticed at one instant, and one of them at two levels, are each told, once, and say which they are', async () => {
  const { chief } = await fillDirectory(stage, 'chief')
  await tellOfStanding(stage, chief, { roles: ['OM_AUTHORITY'] })
  const [first, second] = [randomUUID(), randomUUID()]
  for (const said of [
    { ...alert, episodeId: first },
    { ...alert, episodeId: first, level: 'warning' as const },
    { ...alert, episodeId: second },
    { ...alert, episodeId: second },
  ])
    await tell(stage, AlertNotifyOverdue, said.episodeId, said)
  const told: { id: string; level: string; body: string }[] = await stage.db.query(
    `select alert_episode_id as id, alert_level as level, body from notification
      where person_id = $1 and occasion = 'alert-untold' order by alert_level`,
    [chief],
  )
  const of = (id: string) => told.filter((each) => each.id === id).map(({ level }) => level)
  expect([of(first), of(second)]).toEqual([['critical', 'warning'], ['critical']])
  for (const { id, body } of told) expect(body).toContain(`/v1/alerts/${id}`)
  const ledger = await send(stage, 'GET', '/v1/notifications?limit=100', authority())
  const { items } = ledger.json<{ items: { about: unknown }[] }>()
  expect(items.map(({ about }) => about)).toContainEqual({ type: 'alert', id: second })
})

test('[A-3.1.1] a roster that nobody can serve is told again when it is found again, and names the roster', async () => {
  const { chief } = await fillDirectory(stage, 'chief')
  await tellOfStanding(stage, chief, { roles: ['OM_AUTHORITY'] })
  const nobody = { inspectorPersonId: null, deputyPersonId: null }
  for (const foundAt of [at, at, after(MONDAY, 1).toISOString()])
    await tell(stage, InspectionUncovered, UNIT, {
      unitId: UNIT,
      reason: 'nobody-able',
      foundAt,
      ...nobody,
    })
  const told: { body: string }[] = await stage.db.query(
    `select body from notification where person_id = $1 and occasion = 'inspection-uncovered'`,
    [chief],
  )
  expect(told).toHaveLength(2)
  for (const { body } of told) expect(body).toContain(`/v1/inspections/rosters/${UNIT}`)
})
