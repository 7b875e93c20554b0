import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { isConstraintViolation } from '@erp-steward/service-kit/constraint'
import { isDeepStrictEqual } from 'node:util'
import type { EntityManager } from 'typeorm'
import { openTexts, ScimProfileEntity, sealTexts } from './scim-profile.ts'
import { isId, userInRange, type UserRange } from './users-in-range.ts'
import type { UserWish } from './user-wish.ts'

const KEEP = `
  insert into scim_profile (person_id, provider, external_id_lookup, sealed, manager_id, version, changed_at)
  values ($1, $2, $3, $4, $5, 1, $6)
  on conflict on constraint scim_profile_pkey do update
    set external_id_lookup = excluded.external_id_lookup, sealed = excluded.sealed, manager_id = excluded.manager_id,
        version = scim_profile.version + 1, changed_at = excluded.changed_at`

/**
 * Keeps what the client wants kept of a person and the register does not. What it kept of somebody who has left makes way. The
 * caller holds the person's row.
 *
 * @param isNew whether the person is new, of whom nobody keeps anything yet
 * @throws Problem `external-id-taken`, `scim-value-refused` for a manager whom the client does not reach
 */
export async function keepProfile(
  tx: EntityManager,
  range: UserRange,
  personId: string,
  { texts, managerId }: Pick<UserWish, 'texts' | 'managerId'>,
  { now }: Act,
  isNew = false,
): Promise<void> {
  const { provider } = range
  const before = isNew ? null : await tx.findOneBy(ScimProfileEntity, { personId, provider })
  const isKept = isDeepStrictEqual(
    { texts, managerId },
    {
      texts: openTexts(tx, personId, before?.sealed ?? null),
      managerId: before?.managerId ?? null,
    },
  )
  if (isKept) return
  if (managerId !== null && managerId !== before?.managerId)
    await assertManager(tx, range, personId, managerId)
  const { sealed, externalIdLookup } = sealTexts(tx, personId, texts)
  if (externalIdLookup !== null)
    await tx.query(
      `delete from scim_profile using person
        where person.id = person_id and not person.active and provider = $1 and external_id_lookup = $2`,
      [provider, externalIdLookup],
    )
  try {
    await tx.query(KEEP, [personId, provider, externalIdLookup, sealed, managerId, now])
  } catch (error) {
    if (isConstraintViolation(error, 'scim_profile_external_id_key'))
      throw new Problem(
        'external-id-taken',
        said('Another person has this externalId.', '另一人员已使用此 externalId。'),
      )
    throw error
  }
}

async function assertManager(
  tx: EntityManager,
  range: UserRange,
  personId: string,
  managerId: string,
): Promise<void> {
  const isThere = isId(managerId) && (await userInRange(tx, range, managerId)) !== null
  if (isThere && managerId !== personId) return
  throw new Problem(
    'scim-value-refused',
    said('manager.value is the id of another user.', 'manager.value 应为另一用户的 id。'),
  )
}
