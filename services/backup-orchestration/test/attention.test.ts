import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { toldAttention } from '@erp-steward/test-kit/told-attention'
import { after } from '@erp-steward/test-kit/instants'
import { OTHER_UNIT, UNIT } from '@erp-steward/test-kit/tell-of-company'
import { backedUp, backupStage, leased, report, request, target } from './backup-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await backupStage()
})
afterAll(() => stage.release())

const told = (kind: Parameters<typeof toldAttention>[1]) => toldAttention(stage, kind)

async function instantOf(sql: string): Promise<Date> {
  const [row]: { at: Date }[] = await stage.db.query(sql)
  if (row === undefined) throw new Error('there is no such row')
  return row.at
}

test('[A-2.4.1] a target without a good backup in time wants a human, and no more once it is backed up', async () => {
  const { id, code } = await target(stage)
  const dueAt = await instantOf('select rpo_due_at as at from backup_target')
  stage.now = dueAt
  expect(await told({ kind: 'backup-overdue' })).toEqual([])
  stage.now = after(dueAt, 1)
  expect(await told({ kind: 'backup-overdue', unitId: UNIT })).toMatchObject([
    { subject: id, name: code, severity: 'critical', mending: 'requestBackupRun' },
  ])
  expect(await told({ kind: 'backup-overdue', unitId: OTHER_UNIT })).toEqual([])
  await request(stage, id)
  const work = await leased(stage, 'backup')
  expect((await report(stage, work, backedUp(stage))).statusCode).toBe(200)
  expect(await told({ kind: 'backup-overdue' })).toEqual([])
})

test('[A-2.4.3] a copy that is not at the other site in time is told of', async () => {
  const dueAt = await instantOf(
    `select due_at as at from backup_copy where good_at is null and due_at is not null`,
  )
  stage.now = dueAt
  expect(await told({ kind: 'backup-copy-overdue' })).toEqual([])
  stage.now = after(dueAt, 1)
  expect(await told({ kind: 'backup-copy-overdue' })).toMatchObject([
    { name: expect.stringContaining('OFFSITE') as unknown, mending: 'readBackupCopy' },
  ])
})
