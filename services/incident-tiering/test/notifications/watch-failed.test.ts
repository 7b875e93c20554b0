import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import {
  AlertAckOverdue,
  AlertNotifyOverdue,
  InspectionUncovered,
} from '@erp-steward/contracts/monitoring-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import {
  fillDirectory,
  incidentStage,
  MONDAY,
  tell,
  tellOfStanding,
  UNIT,
} from '../incident-stage.ts'

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
