import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { StandingChanged } from '@erp-steward/contracts/directory-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { send } from '@erp-steward/test-kit/requests'
import { tell } from '@erp-steward/test-kit/tell'
import { OTHER_UNIT } from '@erp-steward/test-kit/tell-of-company'
import { caller, type Caller } from '@erp-steward/test-kit/tokens'
import {
  assessmentStage,
  authority,
  emptyStage,
  fillDirectory,
  ok,
  OTHER_DEPARTMENT,
  securityAdmin,
  tellOfPerson,
} from './assessment-stage.ts'

let stage: TestService
let leader: string

beforeAll(async () => {
  stage = await assessmentStage()
})
afterAll(() => stage.release())
beforeEach(async () => {
  await emptyStage(stage)
  ;({ leader } = await fillDirectory(stage, 'leader'))
  await tell(stage, StandingChanged, leader, {
    ...{ personId: leader, accountId: leader, accountStatus: 'active' as const },
    ...{ roles: ['OM_AUTHORITY'], version: 1 },
  })
})

/** The security administrator proposes a value that asks less; a person decides. */
async function decide(key: string, value: unknown, decider: Caller) {
  const url = `/v1/parameters/assessment/${key}`
  const proposer = caller({ roles: ['SECURITY_ADMIN'], person: randomUUID() })
  const { headers } = await send(stage, 'GET', url, securityAdmin())
  const match = { 'if-match': String(headers.etag), ...proposer }
  const body = { unitId: null, value, reason: 'for this test' }
  const made = await send(stage, 'PUT', url, match, body)
  const { id, proposalId = id } = made.json<{ id: string; proposalId?: string }>()
  const decision = { 'if-match': '"1"', ...decider }
  return send(stage, 'POST', `/v1/proposals/assessment/${proposalId}/approve`, decision, {})
}

const administrator = (person: string) => caller({ roles: ['SYSTEM_ADMIN'], person })

test.each([
  ['assessment.error_rate.very_high', 10],
  ['assessment.error.fix_within', { clock: 'working', workingDays: 5 }],
  ['assessment.deduction.delay', 1],
])(
  '[A-6.1.1][A-6.1.2] %s is not approved by the authority or its department, whatever the role or the move',
  async (key, value) => {
    const colleague = randomUUID()
    await tellOfPerson(stage, colleague, { name: 'colleague' })
    for (const decider of [
      authority(leader),
      authority(randomUUID()),
      administrator(leader),
      administrator(colleague),
    ])
      expect((await decide(key, value, decider)).json()).toMatchObject({ code: 'concerned' })
    // Away in order to decide, and back afterwards.
    const away = { unitId: OTHER_UNIT, departmentId: OTHER_DEPARTMENT }
    await tellOfPerson(stage, colleague, { name: 'colleague', ...away })
    expect((await decide(key, value, administrator(colleague))).json()).toMatchObject({
      code: 'concerned',
    })
    const auditor = randomUUID()
    await tellOfPerson(stage, auditor, { name: 'auditor', ...away })
    ok(await decide(key, value, caller({ roles: ['AUDIT_ADMIN'], person: auditor })))
    const { value: now } = ok(
      await send(stage, 'GET', `/v1/parameters/assessment/${key}`, securityAdmin()),
    )
    expect(now).toEqual(value)
  },
)
