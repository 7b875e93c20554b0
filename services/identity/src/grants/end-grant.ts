import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { assertNotAbout } from '../accounts/another-hand.ts'
import { endGrantsOf } from '../accounts/change-rights.ts'
import { lockPerson } from '../people/lock-person.ts'
import { AccessGrantEntity } from './access-grant.ts'
import { EXPIRED } from './end-grants.ts'

/** People whose grants are ended in one go. */
const BATCH = 500

/**
 * Ends one grant; the person stays in the position and does not have this of it.
 *
 * Source.
 *
 * @throws Problem `not-found`, `version-stale`, `same-person`, `grant-ended`
 */
export async function endGrant(
  tx: EntityManager,
  { id, reason }: { readonly id: string; readonly reason: string },
  expected: number,
  act: Act,
): Promise<void> {
  const found = await tx.findOneBy(AccessGrantEntity, { id })
  const person = found === null ? null : await lockPerson(tx, found.personId)
  if (person === null)
    throw new Problem('not-found', said(`There is no grant ${id}.`, `没有授权 ${id}。`))
  const detail = said('Nobody ends a grant of his own.', '不得终止本人的授权。')
  await assertNotAbout(tx, act, person.id, detail)
  const { version, endsAt, endedAt } = await tx.findOneByOrFail(AccessGrantEntity, { id })
  assertVersion(version, expected)
  if (endedAt !== null || (endsAt !== null && endsAt <= act.now))
    throw new Problem('grant-ended', said('The grant has ended.', '该授权已终止。'))
  await endGrantsOf(tx, person, { ids: [id] }, reason, act)
}

/**
 * Tells EBS and everybody else of the grants whose end has come. They were out of force before: nobody waits for this to be
 * kept out.
 */
export const expireGrants = defineTask('expire-grants', Type.Object({}), async (tx, _, act) => {
  const people: { id: string; unitId: string; positionId: string }[] = await tx.query(
    `select id, unit_id as "unitId", position_id as "positionId" from person
      where id in (select person_id from access_grant where ends_at <= $1 and ended_at is null)
      order by id limit $2 for update`,
    [act.now, BATCH],
  )
  for (const person of people) await endGrantsOf(tx, person, { due: true }, EXPIRED, act)
})
