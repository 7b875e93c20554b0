import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { StandingChanged } from '@erp-steward/contracts/directory-events'
import { create, send } from '@erp-steward/test-kit/requests'
import { saidOfWaits } from '@erp-steward/test-kit/said-of-waits'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { after } from '@erp-steward/test-kit/instants'
import { runTask } from '@erp-steward/test-kit/run-task'
import { tell } from '@erp-steward/test-kit/tell'
import { OTHER_UNIT, UNIT } from '@erp-steward/test-kit/tell-of-company'
import {
  assessmentStage,
  authority,
  compute,
  emptyStage,
  endUser,
  fillDirectory,
  measure,
  MONDAY,
  ofUnit,
  ok,
  OTHER_DEPARTMENT,
  record,
  report,
  stranger,
  tellOfPerson,
} from './assessment-stage.ts'

let stage: TestService
let people: Record<'clerk' | 'chief' | 'owner' | 'judge', string>
beforeAll(async () => {
  stage = await assessmentStage()
})
afterAll(() => stage.release())
beforeEach(async () => {
  await emptyStage(stage)
  people = {
    ...(await fillDirectory(stage, 'clerk', 'chief', 'owner')),
    judge: await stranger(stage),
  }
  // The only authority sits in the unit that is measured.
  await standing(people.chief, 'OM_AUTHORITY')
})

let standings = 0
const standing = (personId: string, ...roles: string[]) =>
  tell(stage, StandingChanged, personId, {
    ...{ personId, accountId: personId, accountStatus: 'active' as const, roles },
    version: (standings += 1),
  })
const said = async (kind: string) => (await saidOfWaits(stage.db, kind)).map((each) => each.said)
const watch = () => runTask(stage, 'watch-waits')

test('[A-6.3.1] an appeal whose every judge sits in the unit is an alarm when it is filed, until one of another unit is there', async () => {
  await measure(stage, { clerk: people.clerk })
  const error = report({ personId: people.clerk, severity: 'heavy' })
  ok(await record(stage, error))
  const body = { observationId: error.id, reason: 'It was prescribed.' }
  const { id } = ok(await create(stage, '/v1/appeals', endUser(people.clerk), body))
  expect(await saidOfWaits(stage.db, 'appeal.decide')).toMatchObject([
    { said: 'undecidable', subject: id, unitIds: [UNIT] },
  ])
  // Whoever moves away now is still of it.
  await tellOfPerson(stage, people.chief, {
    ...{ name: 'chief', unitId: OTHER_UNIT, departmentId: OTHER_DEPARTMENT },
  })
  await watch()
  expect(await said('appeal.decide')).toEqual(['undecidable'])
  await standing(people.judge, 'OM_AUTHORITY')
  await watch()
  expect(await said('appeal.decide')).toEqual(['undecidable', 'decidable'])
})

test('[B-5.6] a sheet that nobody but who had it computed could publish is an alarm, until it is another revision', async () => {
  const sheet = ok(
    await create(stage, '/v1/score-sheets', authority(people.chief), { month: '2026-02' }),
  )
  await watch()
  expect(await saidOfWaits(stage.db, 'score-sheet.publish')).toMatchObject([
    { said: 'undecidable', subject: sheet.id },
  ])
  await compute(stage)
  await watch()
  expect((await saidOfWaits(stage.db, 'score-sheet.publish')).slice(1)).toMatchObject([
    { said: 'decidable', subject: sheet.id, because: 'over' },
  ])
})

test('[A-2.3.7] a claim that nobody of another unit can confirm is an alarm, and is warned of before its time', async () => {
  await standing(people.judge, 'OM_AUTHORITY')
  const node = ok(
    await create(stage, '/v1/time-nodes', authority(people.judge), {
      ...{ code: 'CLOSE', title: 'Close', unitId: UNIT, departmentId: null, personId: null },
      ...{ dueAt: after(MONDAY, 3_600_000).toISOString(), isUrgent: false },
    }),
  )
  const done = { completedAt: MONDAY.toISOString() }
  const own = ofUnit('BUSINESS_OWNER', people.owner)
  ok(await send(stage, 'POST', `/v1/time-nodes/${node.id}/complete`, own, done))
  await watch()
  expect(await said('time-node.confirm')).toEqual([])
  await standing(people.judge)
  await watch()
  stage.now = after(MONDAY, 13 * 86_400_000 + 3_600_000)
  await watch()
  expect(await said('time-node.confirm')).toEqual(['undecidable', 'running-out'])
})

test('[A-2.3.5] a correction that nobody of another unit can confirm is an alarm', async () => {
  const error = report({ personId: people.clerk, severity: 'heavy' })
  ok(await record(stage, error))
  await stage.db.query(
    `update observation set corrected_at = $2, corrected_by = 'somebody', corrected_by_person_id = $3 where id = $1`,
    [error.id, MONDAY, people.owner],
  )
  await watch()
  expect(await said('correction.confirm')).toEqual(['undecidable'])
  await standing(people.judge, 'OM_AUTHORITY')
  await watch()
  expect(await said('correction.confirm')).toEqual(['undecidable', 'decidable'])
})

test('[B-5.1] a record of a clause that nobody else can confirm is an alarm until it is over', async () => {
  const id = randomUUID()
  await stage.db.query(
    `insert into control_record (id, clause_id, person_id, actor, statement, observed_at, valid_until, recorded_at)
     values ($1, 'B-5.1', $2, 'somebody', 'Seen.', $3, $4, $3)`,
    [id, people.chief, MONDAY, after(MONDAY, 2 * 86_400_000)],
  )
  await watch()
  expect(await said('control-record.confirm')).toEqual(['undecidable'])
  await standing(people.judge, 'SECURITY_ADMIN')
  await watch()
  expect(await said('control-record.confirm')).toEqual(['undecidable', 'decidable'])
})
