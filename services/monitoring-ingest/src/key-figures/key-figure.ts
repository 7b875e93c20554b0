import { InstantOut, Uuid } from '@erp-steward/contracts/values'
import { entityOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'
import type { Figure } from './rules/key-figures.ts'

/** What was last stated of a key figure of a unit that runs the ERP. Source. */
export const KeyFigureEntity = entityOf(
  Type.Object({
    unitId: Uuid,
    figure: Type.Unsafe<Figure>(Type.String()),
    watched: Type.Boolean(),
    guarded: Type.Boolean(),
    statedAt: InstantOut,
  }),
  { table: 'key_figure', key: ['unitId', 'figure'] },
)
