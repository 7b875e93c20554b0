import { EntitySchema } from 'typeorm'
import type { Figure } from './rules/key-figures.ts'

/** What was last stated of a key figure of a unit that runs the ERP. Source. */
export interface KeyFigure {
  unitId: string
  figure: Figure
  watched: boolean
  guarded: boolean
  statedAt: Date
}

export const KeyFigureEntity = new EntitySchema<KeyFigure>({
  name: 'KeyFigure',
  tableName: 'key_figure',
  columns: {
    unitId: {
      type: 'uuid',
      name: 'unit_id',
      primary: true,
      primaryKeyConstraintName: 'key_figure_pkey',
    },
    figure: { type: 'text', primary: true, primaryKeyConstraintName: 'key_figure_pkey' },
    watched: { type: 'boolean' },
    guarded: { type: 'boolean' },
    statedAt: { type: 'timestamptz', name: 'stated_at' },
  },
})
