import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { AccountCaseJoined, AccountCaseOpened } from '@erp-steward/contracts/detection-events'
import { tell } from '@erp-steward/test-kit/tell'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { emptyStage, fillDirectory, incidentStage } from '../incident-stage.ts'

let stage: TestService
let owner: string
beforeAll(async () => {
  stage = await incidentStage()
})
afterAll(() => stage.release())
beforeEach(async () => {
  await emptyStage(stage)
  ;({ owner } = await fillDirectory(stage, 'owner'))
})

interface Members {
  readonly caseId?: string
  readonly kind?: 'theft' | 'lending'
  readonly frozen?: boolean
  readonly personId?: string | null
}

const fact = (members: Members) => ({
  ...{ caseId: randomUUID(), kind: 'theft' as const, accountId: randomUUID(), personId: owner },
  ...{ unitId: null, score: null, reason: null, frozen: true },
  ...members,
})
const opened = (members: Members) =>
  tell(stage, AccountCaseOpened, randomUUID(), {
    ...fact(members),
    openedAt: stage.now.toISOString(),
  })
const joined = (members: Members) =>
  tell(stage, AccountCaseJoined, randomUUID(), {
    ...fact(members),
    joinedAt: stage.now.toISOString(),
  })

const mails = async (): Promise<string[]> => {
  const rows: { told: string }[] = await stage.db.query(
    `select occasion || ' ' || (person_id = $1)::text as told from notification order by created_at, occasion`,
    [owner],
  )
  return rows.map(({ told }) => told)
}

test('[A-2.1.7] whose account was shut is told, once however often it is said', async () => {
  const caseId = randomUUID()
  await opened({ caseId })
  await opened({ caseId })
  expect(await mails()).toEqual(['account-shut true'])
})

test('[A-2.1.6] signs of lending are told when they shut the account, and not before', async () => {
  const caseId = randomUUID()
  await opened({ caseId, kind: 'lending', frozen: false })
  expect(await mails()).toEqual([])
  await joined({ caseId, kind: 'lending', frozen: true })
  expect(await mails()).toEqual(['account-shut true'])
})

test('[A-2.1.7] a report that shut nothing is told too; of an account of nobody there is nobody to tell', async () => {
  await opened({ frozen: false })
  await opened({ personId: null })
  expect(await mails()).toEqual(['account-reported true'])
})
