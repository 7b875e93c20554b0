import { permissions, type Role } from '@erp-steward/contracts/permissions'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { assertReaches, principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import type { FastifyRequest } from 'fastify'

/** What a caller may see of scores and appeals. */
export interface ScoreRange {
  /** The unit that lists are cut to, `null` for every unit. */
  readonly unitId: string | null
  /** Set where the caller sees only the own score, once it is published. */
  readonly personId: string | null
}

/** Stands for the person behind an account that has none: no row has this id. */
const NOBODY = '00000000-0000-0000-0000-000000000000'

const readers: readonly Role[] = permissions['score.read']

/**
 * A user of the ERP without another role sees the own score; everybody else what the range of the token reaches.
 *
 * @throws Problem `outside-unit` if the range is the caller's own unit and the caller has none
 */
export function scoreRange(request: FastifyRequest): ScoreRange {
  const { roles, personId } = principalOf(request)
  const seesOthers = roles.some(
    (role) => role !== 'END_USER' && readers.some((reader) => reader === role),
  )
  if (!seesOthers) return { unitId: null, personId: personId ?? NOBODY }
  return { unitId: unitInRange(request), personId: null }
}

/**
 * Refuses a caller who does not see every score.
 *
 * @throws Problem `not-concerned`, `outside-unit`
 */
export function assertSeesAll(request: FastifyRequest): void {
  if (scoreRange(request).personId !== null)
    throw new Problem('not-concerned', said('You see your own score.', '您只能查看本人的得分。'))
  assertReaches(request, null)
}
