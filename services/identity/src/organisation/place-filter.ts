import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { Code } from '@erp-steward/contracts/values'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'

/** Query members of lists of what belongs to a place in the company. */
export const PlaceQuery = {
  unitCode: Type.Optional(Type.Unsafe<string>({ ...Code, description: 'Code of the unit.' })),
  departmentCode: Type.Optional(
    Type.Unsafe<string>({
      ...Code,
      description: 'Code of the department: of the unit that is named, or of every unit.',
    }),
  ),
  positionCode: Type.Optional(
    Type.Unsafe<string>({ ...Code, description: 'Code of the position.' }),
  ),
}

export interface PlaceFilterCodes {
  readonly unitCode?: string | undefined
  readonly departmentCode?: string | undefined
  readonly positionCode?: string | undefined
}

/** Places by id; `null` for all. */
export interface PlaceFilter {
  readonly unitId: string | null
  readonly departmentIds: readonly string[] | null
  readonly positionId: string | null
}

/**
 * The places of the codes that a list is filtered by, retired ones too. A code that nothing has is refused: an empty list
 * would say that nobody is there.
 *
 * @throws Problem `unit-unknown`, `department-unknown`, `position-unknown`
 */
export async function placeFilter(
  tx: EntityManager,
  { unitCode, departmentCode, positionCode }: PlaceFilterCodes,
): Promise<PlaceFilter> {
  if (unitCode === undefined && departmentCode === undefined && positionCode === undefined)
    return { unitId: null, departmentIds: null, positionId: null }
  const [found]: { unitId: string | null; departmentIds: string[]; positionId: string | null }[] =
    await tx.query(
      `select (select id from unit where code = $1) as "unitId",
              array(select department.id from department join unit on unit.id = unit_id
                     where department.code = $2 and ($1::text is null or unit.code = $1)) as "departmentIds",
              (select id from position where code = $3) as "positionId"`,
      [unitCode ?? null, departmentCode ?? null, positionCode ?? null],
    )
  const { unitId = null, departmentIds = [], positionId = null } = found ?? {}
  if (unitCode !== undefined && unitId === null)
    throw new Problem(
      'unit-unknown',
      said(`There is no unit ${unitCode}.`, `没有单位 ${unitCode}。`),
    )
  if (departmentCode !== undefined && departmentIds.length === 0)
    throw new Problem(
      'department-unknown',
      said(
        `There is no department ${departmentCode} in ${unitCode ?? 'any unit'}.`,
        `${unitCode ?? 'any unit'} 中没有部门 ${departmentCode}。`,
      ),
    )
  if (positionCode !== undefined && positionId === null)
    throw new Problem(
      'position-unknown',
      said(`There is no position ${positionCode}.`, `没有岗位 ${positionCode}。`),
    )
  return { unitId, departmentIds: departmentCode === undefined ? null : departmentIds, positionId }
}
