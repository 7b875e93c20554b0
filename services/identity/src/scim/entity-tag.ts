import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { writtenVersion } from './show-user.ts'
import type { UserRow } from './users-in-range.ts'

/**
 * Refuses a change of a user who is no longer as the client saw it. Tags are weak, for they tell more than what is written: only
 * that is compared. Without the header the user is changed as it is now. Sources: RFC 7644, 3.14; RFC 9110, 13.1.1.
 *
 * @throws Problem `version-stale`
 */
export function assertTag(ifMatch: string | undefined, row: UserRow): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return
  const written = [...ifMatch.matchAll(/"([^"-]*)(?:-[^"]*)?"/g)].map(([, version]) => version)
  if (!written.includes(writtenVersion(row)))
    throw new Problem(
      'version-stale',
      said('The user has changed since you read it.', '该用户在您读取之后已被修改。'),
    )
}
