import { InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'

/** What a client of SCIM keeps of a person and the register does not; nothing of it gives rights. */
export interface ProfileTexts {
  readonly externalId: string | null
  readonly displayName: string | null
  readonly familyName: string | null
  readonly givenName: string | null
  readonly title: string | null
}

export const noTexts: ProfileTexts = {
  externalId: null,
  displayName: null,
  familyName: null,
  givenName: null,
  title: null,
}

/** One row for each person and client that keeps something of it; the texts are sealed for the person. */
export const ScimProfileEntity = entityOf(
  Type.Object({
    personId: Uuid,
    /** Account or client. */
    provider: Type.String(),
    externalIdLookup: nullable(Type.String()),
    sealed: Type.String(),
    managerId: nullable(Uuid),
    version: Type.Integer(),
    changedAt: InstantOut,
  }),
  {
    table: 'scim_profile',
    key: ['personId', 'provider'],
    uniques: [{ name: 'scim_profile_external_id_key', columns: ['provider', 'externalIdLookup'] }],
    indices: [
      { name: 'scim_profile_by_manager', columns: ['managerId'], where: 'manager_id is not null' },
    ],
    foreignKeys: [
      {
        name: 'scim_profile_person_id_fkey',
        target: 'person',
        columnNames: ['person_id'],
        referencedColumnNames: ['id'],
      },
      {
        name: 'scim_profile_manager_id_fkey',
        target: 'person',
        columnNames: ['manager_id'],
        referencedColumnNames: ['id'],
      },
    ],
  },
)
export type ScimProfile = RowOf<typeof ScimProfileEntity>

/** The texts as they are stored. Source. */
export function sealTexts(
  tx: EntityManager,
  personId: string,
  texts: ProfileTexts,
): Pick<ScimProfile, 'sealed' | 'externalIdLookup'> {
  const { seal, lookup } = personalDataOf(tx)
  const { externalId } = texts
  return {
    sealed: seal(personId, 'scim', JSON.stringify(texts)),
    externalIdLookup: externalId === null ? null : lookup('scim', externalId),
  }
}

/** @throws Error if it was sealed under keys that are not configured */
export function openTexts(
  tx: EntityManager,
  personId: string,
  sealed: string | null,
): ProfileTexts {
  if (sealed === null) return noTexts
  return JSON.parse(personalDataOf(tx).open(personId, 'scim', sealed)) as ProfileTexts
}
