import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import type { DataSource, EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { openUserName } from '../accounts/sealed-user-name.ts'
import { changePerson } from '../people/change-person.ts'
import { joinPerson } from '../people/join-person.ts'
import { leavePerson } from '../people/leave-person.ts'
import { lockPerson } from '../people/lock-person.ts'
import { PersonEntity } from '../people/person.ts'
import { findPlace, type Place } from '../people/place.ts'
import { rejoinPerson } from '../people/rejoin-person.ts'
import { openPerson } from '../people/sealed-person.ts'
import { noUser } from './caller.ts'
import { assertTag } from './entity-tag.ts'
import { keepProfile } from './keep-profile.ts'
import { showUsers } from './list-users.ts'
import { askForAccount, wantActive } from './open-account.ts'
import type { Json } from './rules/attribute.ts'
import { plain } from './rules/matches.ts'
import { readResource } from './rules/read-resource.ts'
import { ScimProfileEntity } from './scim-profile.ts'
import { writtenVersion, type ScimBase } from './show-user.ts'
import { User } from './user-resource.ts'
import { userInRange, type UserRange, type UserRow } from './users-in-range.ts'
import { wishOf, type UserWish } from './user-wish.ts'

/** Who writes, where it is kept, and where users are. */
export interface Writer {
  readonly db: DataSource
  readonly base: ScimBase
  readonly range: UserRange
  readonly act: Act
}

/** What became of a write. */
export interface Written {
  /** The user as it is now; `null` while its account waits for an approval. */
  readonly user: Json | null
  /** Path of the request that waits for an approval; `null` where nothing does. */
  readonly waits: string | null
}

/**
 * Takes somebody in as `joinPerson` does, or back as `rejoinPerson` does where the number is a former employee's. For somebody
 * who is in the register and has no account one is asked for.
 *
 * Source.
 *
 * @throws Problem of these; `outside-unit`, `employee-number-taken`, `user-name-taken`, `external-id-taken`,
 *   `scim-value-refused`, `scim-mutability` for a former employee with another user name
 */
export async function createUser(writer: Writer, body: unknown): Promise<Written> {
  const { db, range, act } = writer
  const wish = wishOf(readResource(User, body))
  return db.transaction(async (tx) => {
    const place = await reachedPlace(tx, range, wish)
    const lookup = personalDataOf(tx).lookup('employee-number', wish.employeeNumber)
    const known = await tx.findOneBy(PersonEntity, { employeeNumberLookup: lookup })
    const { employeeNumber, name, email, userName } = wish
    if (known === null) {
      const joiner = { employeeNumber, name, email, birthday: null, place, userName }
      const { person, account } = await joinPerson(tx, { ...joiner, withAccount: true }, act)
      await keepProfile(tx, range, person.id, wish, act, true)
      // A new account is open already.
      if (wish.active === false && account !== null)
        await wantActive(tx, person, account.id, false, act)
      return written(tx, writer, person.id, null)
    }
    const held = await lockPerson(tx, known.id)
    if (held === null || (range.unitId !== null && held.unitId !== range.unitId)) throw taken()
    const account = await tx.findOneBy(AccountEntity, { personId: held.id })
    if (held.active && account !== null) throw taken()
    if (held.active) return { user: null, waits: await askForAccount(tx, held, userName, act) }
    if (account !== null) assertSame(openUserName(tx, account), userName, 'userName')
    const back = await rejoinPerson(tx, held, { place }, act)
    const { person } = await changePerson(tx, back, { name, email }, act)
    await keepProfile(tx, range, person.id, wish, act)
    const open = await tx.findOneByOrFail(AccountEntity, { personId: person.id })
    const waits = await wantActive(tx, person, open.id, wish.active ?? true, act)
    return written(tx, writer, person.id, waits)
  })
}

/** How often a change is tried while others change the same user. */
const MOST_TRIES = 5

/** Another has changed the user between two looks: to be done again. */
class Overtaken extends Error {}

/**
 * Changes a user to what `wanted` makes of it, as `changePerson` does: another place is a move, whose rights wait for an
 * approval; an account that is to be open is asked for.
 *
 * @param ifMatch the header, as `assertTag` takes it
 * @param wanted the resource that is wanted, of the one that there is
 * @throws Problem of these; `not-found`, `version-stale`, `outside-unit`, `scim-mutability`, `external-id-taken`
 */
export async function changeUser(
  writer: Writer,
  id: string,
  ifMatch: string | undefined,
  wanted: (user: Json) => Json,
): Promise<Written> {
  for (let tries = 1; ; tries += 1)
    try {
      return await writer.db.transaction((tx) => changeOnce(tx, writer, id, ifMatch, wanted))
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
      if (tries === MOST_TRIES)
        throw new Problem(
          'version-stale',
          said('Others change this user all the time.', '该用户正被他人频繁修改。'),
        )
    }
}

async function changeOnce(
  tx: EntityManager,
  writer: Writer,
  id: string,
  ifMatch: string | undefined,
  wanted: (user: Json) => Json,
): Promise<Written> {
  const { range, act, base } = writer
  const before = await userInRange(tx, range, id)
  const [user] = before === null ? [] : await showUsers(tx, [before], base, act.now)
  if (before === null || user === undefined) throw noUser(id)
  const wish = wishOf(readResource(User, wanted(user)))
  // Places are held before people are; whoever came in between is looked at again.
  const place = isPlacedAt(before, wish) ? undefined : await reachedPlace(tx, range, wish)
  const person = await lockPerson(tx, id)
  const row = await userInRange(tx, range, id)
  if (person === null || row === null) throw noUser(id)
  if (writtenVersion(row) !== writtenVersion(before)) throw new Overtaken()
  assertTag(ifMatch, row)
  assertSame(
    openUserName(tx, { id: row.accountId, userName: row.userName }),
    wish.userName,
    'userName',
  )
  assertSame(openPerson(tx, person).employeeNumber, wish.employeeNumber, 'employeeNumber')
  const { name, email } = wish
  const changed = await changePerson(
    tx,
    person,
    { name, email, ...(place !== undefined && { place }) },
    act,
  )
  await keepProfile(tx, range, id, wish, act)
  const waits =
    wish.active === undefined
      ? null
      : await wantActive(tx, changed.person, row.accountId, wish.active, act)
  return written(tx, writer, id, waits)
}

/**
 * A user who is deleted has left: today, as one whose time is over, for a directory says no more. Source.
 *
 * @throws Problem `not-found`, `version-stale`, `same-person`, `account-state`
 */
export async function deleteUser(
  { db, range, act }: Writer,
  id: string,
  ifMatch: string | undefined,
): Promise<void> {
  await db.transaction(async (tx) => {
    const person = (await userInRange(tx, range, id)) === null ? null : await lockPerson(tx, id)
    const row = await userInRange(tx, range, id)
    if (person === null || row === null) throw noUser(id)
    assertTag(ifMatch, row)
    await leavePerson(tx, person, { kind: 'contract-end', toldBy: 'personnel' }, act)
    await tx.delete(ScimProfileEntity, { personId: id, provider: range.provider })
  })
}

async function written(
  tx: EntityManager,
  { base, range, act }: Writer,
  id: string,
  waits: string | null,
): Promise<Written> {
  const row = await userInRange(tx, range, id)
  const [user = null] = row === null ? [] : await showUsers(tx, [row], base, act.now)
  return { user, waits }
}

async function reachedPlace(
  tx: EntityManager,
  { unitId }: UserRange,
  { place }: UserWish,
): Promise<Place> {
  const found = await findPlace(tx, place)
  if (unitId !== null && found.unit.id !== unitId)
    throw new Problem('outside-unit', said('Your range is your own unit.', '您的范围仅限本单位。'))
  return found
}

const isPlacedAt = (
  { unitCode, departmentCode, positionCode }: UserRow,
  { place }: UserWish,
): boolean =>
  place.unitCode === unitCode &&
  place.departmentCode === departmentCode &&
  place.positionCode === positionCode

function assertSame(now: string, wanted: string, name: string): void {
  if (plain(now) !== plain(wanted))
    throw new Problem('scim-mutability', said(`${name} does not change.`, `${name} 不可更改。`))
}

const taken = () =>
  new Problem(
    'employee-number-taken',
    said('The employee number is in the register.', '该工号已登记。'),
  )
