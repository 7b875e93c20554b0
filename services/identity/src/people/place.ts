import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Code } from '@erp-steward/contracts/values'
import type { Static, TObject } from 'typebox'
import type { EntityManager } from 'typeorm'
import { DepartmentEntity, type Department } from '../organisation/department.ts'
import { PositionEntity, type Position } from '../organisation/position.ts'
import { UnitEntity, type Unit } from '../organisation/unit.ts'

/** Where a person belongs, by the codes of the register. */
export const PlaceCodes = {
  unitCode: about(Code, 'Code of the unit.'),
  departmentCode: about(Code, 'Code of the department, of that unit.'),
  positionCode: about(Code, 'Code of the position, whose rights its holders have.'),
}
export type PlaceCodes = Static<TObject<typeof PlaceCodes>>

export interface Place {
  readonly unit: Unit
  readonly department: Department
  readonly position: Position
}

/** The place as the row of a person has it. */
export const idsOf = ({ unit, department, position }: Place) => ({
  unitId: unit.id,
  departmentId: department.id,
  positionId: position.id,
})

/** What the register says of somebody who begins at a place, for the first time or again: no leave is known. */
export const begunAt = (place: Place) => ({
  ...idsOf(place),
  active: true,
  leaveOn: null,
  leaveKind: null,
  noticedAt: null,
  leftOn: null,
})

/**
 * The unit, department and position of the codes, held until the end of the transaction so that none of them is
 * retired while somebody moves in. Held before any person is, as everybody does.
 *
 * @throws Problem `unit-unknown`, `department-unknown`, `position-unknown`, also for those that are not active
 */
export async function findPlace(
  tx: EntityManager,
  { unitCode, departmentCode, positionCode }: PlaceCodes,
): Promise<Place> {
  const lock = { mode: 'pessimistic_read' } as const
  const unit = await tx.findOne(UnitEntity, { where: { code: unitCode, active: true }, lock })
  if (unit === null)
    throw new Problem(
      'unit-unknown',
      said(`There is no active unit ${unitCode}.`, `没有启用的单位 ${unitCode}。`),
    )
  const department = await tx.findOne(DepartmentEntity, {
    where: { unitId: unit.id, code: departmentCode, active: true },
    lock,
  })
  if (department === null)
    throw new Problem(
      'department-unknown',
      said(
        `There is no active department ${departmentCode} in ${unitCode}.`,
        `${unitCode} 中没有启用的部门 ${departmentCode}。`,
      ),
    )
  const position = await tx.findOne(PositionEntity, {
    where: { code: positionCode, active: true },
    lock,
  })
  if (position === null)
    throw new Problem(
      'position-unknown',
      said(`There is no active position ${positionCode}.`, `没有启用的岗位 ${positionCode}。`),
    )
  return { unit, department, position }
}
