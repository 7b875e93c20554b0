import { defineTask, type Task } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import type { Verification } from './verify-ledger.ts'
import type { Act } from '@erp-steward/contracts/act'

/** Has the whole ledger checked without being asked, so that a broken one does not wait for somebody to look. */
export function verifyNightly(verify: (act: Act) => Promise<Verification>): Task {
  return defineTask('verify-ledger', Type.Object({}), async (_tx, _, act) => {
    await verify(act)
  })
}
