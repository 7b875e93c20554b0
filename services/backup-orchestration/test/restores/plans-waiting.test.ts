import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { UnitChanged } from '@erp-steward/contracts/directory-events'
import { create, send, made, type Resource } from '@erp-steward/test-kit/requests'
import { saidOfWaits } from '@erp-steward/test-kit/said-of-waits'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { after, DAY } from '@erp-steward/test-kit/instants'
import { runTask } from '@erp-steward/test-kit/run-task'
import { tell } from '@erp-steward/test-kit/tell'
import { nextVersion, OTHER_UNIT, UNIT } from '@erp-steward/test-kit/tell-of-company'
import {
  authority,
  backUp,
  backupStage,
  copyIn,
  emptyStage,
  owner,
  person,
  provider,
  target,
} from '../backup-stage.ts'

let stage: TestService
const [planner, approver, executor] = [randomUUID(), randomUUID(), randomUUID()]
beforeAll(async () => {
  stage = await backupStage()
})
afterAll(() => stage.release())
beforeEach(async () => {
  await emptyStage(stage)
  await person(stage, planner, { roles: ['OM_PROVIDER', 'BUSINESS_OWNER'] })
})

async function planned(): Promise<Resource> {
  const { id } = await target(stage)
  const done = await backUp(stage, id)
  return made(
    create(stage, '/v1/restore-plans', provider(planner), {
      copyId: copyIn(done, 'primary').id,
      purpose: 'Monthly drill',
      kind: 'drill',
      incidentNumber: null,
      steps: ['Restore'],
      checkPoints: ['Every file is there'],
      fallback: 'Nothing of production is touched.',
      peopleInvolved: ['Wang'],
      plannedFor: '2026-03-09T04:00:00.000Z',
    }),
  )
}
const said = async (kind: string) => (await saidOfWaits(stage.db, kind)).map((each) => each.said)

test('[A-2.4.7] a plan whose unit has no leader but the planner is an alarm when it is drawn up, until there is one', async () => {
  await person(stage, approver, { roles: ['BUSINESS_OWNER'], unitId: OTHER_UNIT })
  await person(stage, executor, { roles: ['OM_AUTHORITY'] })
  const { id } = await planned()
  const alarm = { said: 'undecidable', subject: id, unitIds: [UNIT], expiresAt: null }
  expect(await saidOfWaits(stage.db, 'restore-plan.approve')).toMatchObject([alarm])
  await person(stage, approver, { roles: ['BUSINESS_OWNER'] })
  await runTask(stage, 'watch-waits')
  expect(await said('restore-plan.approve')).toEqual(['undecidable', 'decidable'])
})

test('[A-2.4.7] for data of a unit without ERP it is the O&M authority who must be there', async () => {
  await person(stage, approver, { roles: ['BUSINESS_OWNER'] })
  const unit = { unitId: UNIT, code: 'U1', name: 'Unit U1', active: true }
  await tell(stage, UnitChanged, UNIT, { ...unit, kind: 'SUPPLIER', version: nextVersion() })
  await planned()
  expect(await said('restore-plan.approve')).toEqual(['undecidable'])
  await person(stage, executor, { roles: ['OM_AUTHORITY'], unitId: OTHER_UNIT })
  await runTask(stage, 'watch-waits')
  expect(await said('restore-plan.approve')).toEqual(['undecidable', 'decidable'])
})

test('[A-2.4.7] an approved plan that nobody else can execute is one too, and is warned of before the approval ends', async () => {
  await person(stage, approver, { roles: ['BUSINESS_OWNER', 'OM_PROVIDER'] })
  const plan = await planned()
  const { planDigest } = plan
  const url = `/v1/restore-plans/${plan.id}/approve`
  await made(send(stage, 'POST', url, owner(approver), { planDigest, comment: 'go' }))
  await runTask(stage, 'watch-waits')
  expect(await said('restore-plan.execute')).toEqual(['undecidable'])
  await person(stage, executor, { roles: ['OM_PROVIDER'] })
  await runTask(stage, 'watch-waits')
  stage.now = after(stage.now, 6 * DAY)
  await runTask(stage, 'watch-waits')
  expect(await said('restore-plan.execute')).toEqual(['undecidable', 'decidable', 'running-out'])
  expect(await said('restore-plan.approve')).toEqual([])
})

test('[A-2.4.3] a site that nobody else can confirm is an alarm', async () => {
  const [first, second] = [randomUUID(), randomUUID()]
  await person(stage, first, { roles: ['OM_AUTHORITY'] })
  await made(
    create(stage, '/v1/backup-sites', authority(first), {
      ...{ code: 'FAR', name: 'FAR', location: 'Room 1', building: 'Building FAR' },
      ...{ custodianPersonId: null, isEncrypted: true, medium: 'disk', isOffsite: true },
    }),
  )
  await runTask(stage, 'watch-waits')
  expect(await saidOfWaits(stage.db, 'backup-site.confirm')).toMatchObject([
    { said: 'undecidable', subject: 'FAR' },
  ])
  await person(stage, second, { roles: ['SYSTEM_ADMIN'] })
  await runTask(stage, 'watch-waits')
  expect(await said('backup-site.confirm')).toEqual(['undecidable', 'decidable'])
})
