import { Problem } from '@erp-steward/contracts/problem'
import { principalOf } from '@erp-steward/service-kit/authentication'
import type { FastifyRequest } from 'fastify'

/** Stands for the unit of a caller whose range is a unit but who has none: no row has this id. */
const NO_UNIT = '00000000-0000-0000-0000-000000000000'

/** The unit to which a caller's reads and changes are confined; `null` for the whole company. */
export function unitRange(request: FastifyRequest): string | null {
  const { range, unitId } = principalOf(request)
  return range === 'company' ? null : (unitId ?? NO_UNIT)
}

/**
 * What belongs to no unit is changed by callers of the company level only.
 *
 * @throws Problem `outside-unit`
 */
export function assertCompanyWide(request: FastifyRequest): void {
  if (unitRange(request) !== null) throw new Problem('outside-unit', 'Your range is your own unit.')
}
