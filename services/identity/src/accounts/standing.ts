import type { AccountStanding } from '@erp-steward/contracts/values'
import { EntitySchema } from 'typeorm'

/** What was last stated about a person's account and roles, so that only changes are stated. */
export interface Standing {
  personId: string
  accountStatus: AccountStanding
  roles: string[]
  /** Counts the statements, from 1. */
  version: number
}

export const StandingEntity = new EntitySchema<Standing>({
  name: 'Standing',
  tableName: 'standing',
  columns: {
    personId: {
      type: 'uuid',
      name: 'person_id',
      primary: true,
      primaryKeyConstraintName: 'standing_pkey',
    },
    accountStatus: { type: 'text', name: 'account_status' },
    roles: { type: 'text', array: true },
    version: { type: 'integer' },
  },
  foreignKeys: [
    {
      name: 'standing_person_id_fkey',
      target: 'person',
      columnNames: ['person_id'],
      referencedColumnNames: ['id'],
    },
  ],
})
