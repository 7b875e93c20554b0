import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { AccountDormant } from '@erp-steward/contracts/account-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { tell } from '@erp-steward/test-kit/tell'
import { tellOfStanding } from '@erp-steward/test-kit/tell-of-company'
import { emptyStage, fillDirectory, incidentStage, MONDAY } from '../incident-stage.ts'

let stage: TestService
let people: Record<'chief' | 'owner' | 'head', string>
let unitId: string
beforeAll(async () => {
  stage = await incidentStage()
})
beforeEach(async () => {
  await emptyStage(stage)
  people = await fillDirectory(stage, 'chief', 'owner', 'head')
  await tellOfStanding(stage, people.chief, { roles: ['OM_AUTHORITY'] })
  await tellOfStanding(stage, people.head, { roles: ['BUSINESS_OWNER'] })
  const [owner]: [{ unitId: string }] = await stage.db.query(
    'select unit_id as "unitId" from person where id = $1',
    [people.owner],
  )
  unitId = owner.unitId
})
afterAll(() => stage.release())

const dormant = (members: object = {}) => ({
  accountId: randomUUID(),
  userName: 'sealed',
  personId: people.owner,
  unitId,
  findingId: randomUUID(),
  stage: 'warned' as const,
  lastUseAt: '2026-01-01T00:00:00.000Z',
  at: MONDAY.toISOString(),
  nextAt: '2026-04-01T00:00:00.000Z',
  ...members,
})

const mails = (): Promise<{ occasion: string; id: string; text: string }[]> =>
  stage.db.query(
    `select occasion, person_id as id, subject || body as text from notification order by person_id`,
  )

test('[A-2.1.4] person and leader of the unit are told of each step, once', async () => {
  const one = dormant()
  await tell(stage, AccountDormant, one.accountId, one)
  await tell(stage, AccountDormant, one.accountId, one)
  const told = await mails()
  expect(told.map(({ id }) => id)).toEqual([people.owner, people.head].toSorted())
  for (const { occasion, text } of told) {
    expect(occasion).toBe('account-dormant')
    expect(text).toContain('请登录一次，否则将被锁定')
    expect(text).toContain('2026-04-01T00:00:00.000Z')
    expect(text).not.toContain('sealed')
  }
  await tell(stage, AccountDormant, one.accountId, { ...one, stage: 'locked' })
  expect(await mails()).toHaveLength(4)
})

test('[A-2.1.4] of an account without a unit the O&M authority is told', async () => {
  const one = dormant({ personId: null, unitId: null })
  await tell(stage, AccountDormant, one.accountId, one)
  expect((await mails()).map(({ id }) => id)).toEqual([people.chief])
})
