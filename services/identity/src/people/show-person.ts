import { readParameter } from '@erp-steward/service-kit/parameters'
import { principalOf } from '@erp-steward/service-kit/authentication'
import type { FastifyRequest } from 'fastify'
import type { EntityManager } from 'typeorm'
import { openUserName } from '../accounts/sealed-user-name.ts'
import { MASKED_BIRTHDAY, maskedEmail, maskedName, maskedNumber } from './rules/mask.ts'
import { openPerson, type PlainPerson } from './sealed-person.ts'

/** Who looks, and what is masked for whoever may not see it. */
export interface Viewer {
  readonly personId: string | null
  readonly unitId: string | null
  /** Whether everybody is shown whole. */
  readonly seesAll: boolean
  /** Values of `identity.sensitive.fields`. */
  readonly sensitive: readonly string[]
}

/** The caller as a viewer of people. */
export async function viewerOf(
  request: FastifyRequest,
  tx: EntityManager,
  at: Date,
): Promise<Viewer> {
  const { personId, unitId, permissions } = principalOf(request)
  const seesAll = permissions.has('person.read-sensitive')
  if (seesAll) return { personId, unitId, seesAll, sensitive: [] }
  const { value } = await readParameter(tx, 'identity.sensitive.fields', null, at)
  return { personId, unitId, seesAll, sensitive: value }
}

/** Whether the viewer may see a name whole: with the right to, one's own, a colleague's of the unit. Source. */
export function seesName(
  { seesAll, personId, unitId, sensitive }: Viewer,
  person: { readonly id: string; readonly unitId: string | null },
): boolean {
  return (
    seesAll || personId === person.id || unitId === person.unitId || !sensitive.includes('name')
  )
}

type Shown = PlainPerson & {
  readonly id: string
  readonly unitId: string
  readonly accountId: string | null
  readonly userName: string | null
}

/**
 * The person as the viewer may see it: whole with the right to, and to the person; name and address to colleagues of
 * the same unit, who work together, but not number and birthday; masked to all others. Source.
 */
export function showPerson<Row extends Shown>(tx: EntityManager, viewer: Viewer, row: Row): Row {
  const { accountId: id, userName: sealed } = row
  const userName =
    id === null || sealed === null ? null : openUserName(tx, { id, userName: sealed })
  const person = { ...openPerson(tx, row), userName }
  if (viewer.seesAll || viewer.personId === person.id) return person
  const isColleague = viewer.unitId === person.unitId
  const masks = (field: string) => viewer.sensitive.includes(field)
  const { name, email, employeeNumber, birthday } = person
  return {
    ...person,
    name: seesName(viewer, person) ? name : maskedName(name),
    email: email !== null && masks('email') && !isColleague ? maskedEmail(email) : email,
    // Made from the name or the number; whoever may read accounts finds it there.
    userName: userName !== null && !isColleague ? maskedName(userName) : userName,
    employeeNumber: masks('employee-number') ? maskedNumber(employeeNumber) : employeeNumber,
    birthday: birthday !== null && masks('birthday') ? MASKED_BIRTHDAY : birthday,
  }
}
