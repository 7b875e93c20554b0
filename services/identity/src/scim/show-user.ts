import { createHash } from 'node:crypto'
import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import type { EntityManager } from 'typeorm'
import { openUserName } from '../accounts/sealed-user-name.ts'
import { openName, openPerson } from '../people/sealed-person.ts'
import type { Json, Place } from './rules/attribute.ts'
import { openTexts } from './scim-profile.ts'
import { EBS_USER, ENTERPRISE_USER, USER } from './user-resource.ts'
import type { EbsStanding, UserRow } from './users-in-range.ts'

/** Where resources of SCIM are, without a slash at the end: `https://erp.example/scim/v2`. */
export type ScimBase = string

/** A user as SCIM has it, whole, with the entity tag of what clients change. */
export function showUser(
  tx: EntityManager,
  row: UserRow,
  { provisioningState, responsibilities }: EbsStanding,
  base: ScimBase,
): Json {
  const { id, accountId, managerId } = row
  const { employeeNumber, name, email } = openPerson(tx, { ...row, birthday: null })
  const userName = openUserName(tx, { id: accountId, userName: row.userName })
  const { externalId, displayName, familyName, givenName, title } = openTexts(tx, id, row.profile)
  const user = {
    schemas: [USER, ENTERPRISE_USER, EBS_USER],
    id,
    externalId,
    userName,
    name: { formatted: name, familyName, givenName },
    displayName,
    title,
    active: row.status === 'active',
    emails: email === null ? [] : [{ value: email, type: 'work', primary: true }],
    groups: [groupOf(row, base)],
    [ENTERPRISE_USER]: {
      employeeNumber,
      organization: row.unitCode,
      department: row.departmentCode,
      manager: managerId === null ? null : { value: managerId, $ref: `${base}/Users/${managerId}` },
    },
    [EBS_USER]: {
      position: row.positionCode,
      userName,
      accountStatus: row.status,
      rightsPending: row.rightsPending,
      provisioningState,
      responsibilities: responsibilities.map((each) => withoutNulls(each)),
    },
    meta: {
      resourceType: 'User',
      created: row.createdAt.toISOString(),
      lastModified: row.changedAt.toISOString(),
      location: `${base}/Users/${id}`,
    },
  }
  const whole = { ...user, name: withoutNulls(user.name) }
  const digest = createHash('sha256').update(JSON.stringify(whole)).digest('hex').slice(0, 12)
  return { ...whole, meta: { ...whole.meta, version: `W/"${writtenVersion(row)}-${digest}"` } }
}

/**
 * What changes with each change of what clients write. The entity tag has a digest besides it, so that a reader also sees what
 * EBS has read back since; a writer is not refused for that.
 */
export const writtenVersion = ({ personVersion, accountVersion, profileVersion }: UserRow) =>
  `${String(personVersion)}.${String(accountVersion)}.${String(profileVersion)}`

const groupOf = ({ positionId, positionName }: UserRow, base: ScimBase) => ({
  value: positionId,
  $ref: `${base}/Groups/${positionId}`,
  display: positionName,
  type: 'direct',
})

const withoutNulls = (part: Json): Json =>
  Object.fromEntries(Object.entries(part).filter(([, value]) => value !== null))

/** The values of a row at a place, of which only what is asked for is opened; those of a filter or a sort. */
export function valuesOfRow(
  tx: EntityManager,
  row: UserRow,
): (place: Pick<Place, 'key' | 'sub'>) => readonly unknown[] {
  const { open } = personalDataOf(tx)
  const texts = () => openTexts(tx, row.id, row.profile)
  const userName = () => openUserName(tx, { id: row.accountId, userName: row.userName })
  const email = () => {
    const value = row.email === null ? null : open(row.id, 'email', row.email)
    return value === null ? null : { value, type: 'work', primary: true }
  }
  const group = { value: row.positionId, display: row.positionName, type: 'direct' }
  const values: Readonly<Record<string, () => unknown>> = {
    id: () => row.id,
    externalId: () => texts().externalId,
    meta: () => true,
    'meta.resourceType': () => 'User',
    'meta.created': () => row.createdAt,
    'meta.lastModified': () => row.changedAt,
    userName,
    name: () => true,
    'name.formatted': () => openName(tx, row),
    'name.familyName': () => texts().familyName,
    'name.givenName': () => texts().givenName,
    displayName: () => texts().displayName,
    title: () => texts().title,
    active: () => row.status === 'active',
    emails: email,
    'emails.value': () => email()?.value,
    'emails.type': () => email()?.type,
    'emails.primary': () => email()?.primary,
    groups: () => group,
    'groups.value': () => group.value,
    'groups.display': () => group.display,
    'groups.type': () => group.type,
    [`${ENTERPRISE_USER}:employeeNumber`]: () =>
      open(row.id, 'employee-number', row.employeeNumber),
    [`${ENTERPRISE_USER}:organization`]: () => row.unitCode,
    [`${ENTERPRISE_USER}:department`]: () => row.departmentCode,
    [`${ENTERPRISE_USER}:manager`]: () => row.managerId,
    [`${ENTERPRISE_USER}:manager.value`]: () => row.managerId,
    [`${EBS_USER}:position`]: () => row.positionCode,
    [`${EBS_USER}:userName`]: userName,
    [`${EBS_USER}:accountStatus`]: () => row.status,
    [`${EBS_USER}:rightsPending`]: () => row.rightsPending,
  }
  return ({ key }) => [values[key]?.()]
}
