import { about, Code, Id, nullable, Uuid, Version } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'

/** Short names of applications of EBS, as they stand in a responsibility. */
export const Applications = Type.Array(Type.String({ pattern: '^[A-Z0-9_]{1,50}$' }), {
  minItems: 1,
  maxItems: 50,
  uniqueItems: true,
  description:
    'Short names of the applications of EBS that belong to the module, as the names of responsibilities begin with them: `SQLGL`; `UMX` for roles of User Management.',
})

/** Who reviews what the people of a unit hold of a module, as callers see it. Source: defaults 2.8. */
export const ReviewerView = Type.Object(
  {
    id: Id,
    unitId: about(Uuid, 'The unit.'),
    moduleCode: about(Code, 'Code of the module.'),
    personId: nullable(Uuid, 'Who reviews it; null: nobody is named, and the leader alone does.'),
    applications: Applications,
    version: Version,
  },
  { title: 'AccessReviewer' },
)
export type ReviewerView = Static<typeof ReviewerView>

/** Reviewers by unit and module. Whoever leads the unit may decide everything of it all the same. */
export const ReviewerEntity = entityOf(ReviewerView, {
  table: 'access_reviewer',
  columns: { applications: { type: 'text', array: true } },
  uniques: [{ name: 'access_reviewer_key', columns: ['unitId', 'moduleCode'] }],
  foreignKeys: [
    {
      name: 'access_reviewer_unit_id_fkey',
      target: 'unit',
      columnNames: ['unit_id'],
      referencedColumnNames: ['id'],
    },
    {
      name: 'access_reviewer_person_id_fkey',
      target: 'person',
      columnNames: ['person_id'],
      referencedColumnNames: ['id'],
    },
  ],
})
export type Reviewer = RowOf<typeof ReviewerEntity>
