import { about, Id, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'
import { PositionView } from './position.ts'

/** One version of a row of the position matrix, as callers see it. Source. */
export const PositionVersionView = Type.Object(
  {
    id: Id,
    version: Type.Integer({ minimum: 1, description: 'Counts the approved sets, from 1.' }),
    roles: PositionView.properties.roles,
    responsibilities: PositionView.properties.responsibilities,
    ebsRoles: PositionView.properties.ebsRoles,
    validFrom: about(InstantOut, 'When it was approved and took effect.'),
    validTo: nullable(InstantOut, 'When the next one did; null: it is the one in force.'),
    changeId: nullable(
      Uuid,
      'The account change that set it; null: it is older than the register of versions.',
    ),
    requestedBy: nullable(Type.String(), 'Account that asked for it.'),
    approvedBy: nullable(Type.String(), 'Account that approved it.'),
  },
  { title: 'PositionVersion' },
)

/** What a position gave and gives, each approved set for ever. */
export const PositionVersionEntity = entityOf(PositionVersionView, {
  table: 'position_version',
  derived: ['validTo'],
  kept: { positionId: Uuid },
  columns: {
    roles: { type: 'jsonb', array: false },
    ebsRoles: { type: 'jsonb', array: false },
  },
  uniques: [{ name: 'position_version_key', columns: ['positionId', 'version'] }],
  foreignKeys: [
    {
      name: 'position_version_position_id_fkey',
      target: 'position',
      columnNames: ['position_id'],
      referencedColumnNames: ['id'],
    },
  ],
})
export type PositionVersion = RowOf<typeof PositionVersionEntity>
