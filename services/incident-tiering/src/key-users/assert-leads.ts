import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { assertReaches, principalOf } from '@erp-steward/service-kit/authentication'
import type { FastifyRequest } from 'fastify'

/**
 * Who leads a unit names and removes the key users of that unit, whatever else the leader may see; the company's key users
 * and those of other units are the O&M authority's. Source: B-6.4.1, B-7.3.2.
 *
 * @throws Problem `outside-unit`
 */
export function assertLeads(request: FastifyRequest, unitId: string | null): void {
  assertReaches(request, unitId)
  const { roles, unitId: own } = principalOf(request)
  const ofCompany = roles.includes('OM_AUTHORITY') || roles.includes('SYSTEM_ADMIN')
  if (!ofCompany && (unitId === null || unitId !== own))
    throw new Problem(
      'outside-unit',
      said('You name the key users of your own unit.', '您只能指定本单位的关键用户。'),
    )
}
