import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { PersonsImported } from '@erp-steward/contracts/directory-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import { In, QueryFailedError, type DataSource, type EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { openUserName } from '../accounts/sealed-user-name.ts'
import { changePerson } from '../people/change-person.ts'
import { joinPerson } from '../people/join-person.ts'
import { joinTogether, NotTogether, type Joiner } from '../people/join-together.ts'
import { leavePerson } from '../people/leave-person.ts'
import { PersonEntity, type Person } from '../people/person.ts'
import { findPlace, type Place } from '../people/place.ts'
import { chinaDay } from '../people/rules/china-day.ts'
import { holdTwins } from '../people/twin.ts'
import {
  ImportOutcome,
  noOutcomes,
  type ImportRow,
  type ImportWarning,
  type ReadRow,
  type RowResult,
} from './rules/import-row.ts'
import { shorterThanMost, withZeros } from './rules/lost-zeros.ts'

export interface ImportPersons {
  readonly rows: readonly ReadRow[]
  /** `all-or-none`: one refused row refuses the list. `good-rows`: the others take effect. */
  readonly mode: 'all-or-none' | 'good-rows'
  /** Does everything and takes it back. */
  readonly dryRun: boolean
  /** What reading the list gave. */
  readonly warnings: readonly ImportWarning[]
  /** The unit of a caller whose range is a unit; `null` for the company. */
  readonly unitId: string | null
}

export interface ImportReport extends RowsReport {
  readonly importId: string
  readonly mode: ImportPersons['mode']
  readonly dryRun: boolean
}

/** Any number; two lists at once would lock the same people in different orders. */
const IMPORT_LOCK = 7_411_004

/**
 * Makes the register be as the list says, row by row in its order. The key is the employee number; a row that says
 * what is so already changes nothing and announces nothing, so the same list can be sent again.
 *
 * An empty `leaveOn` says nothing about leaving; nobody who has left comes back by a list.
 */
export async function importPersons(
  db: DataSource,
  command: ImportPersons,
  act: Act,
): Promise<ImportReport> {
  const importId = randomUUID()
  const { mode, dryRun } = command
  const report = await keepIfApplied(db, async (tx) => {
    const done = await applyRows(tx, command, act)
    const { counts } = done
    if (done.applied && counts.unchanged + counts.refused < done.rows.length) {
      const fact = { importId, mode, ...counts }
      await appendEvent(tx, 'identity', PersonsImported, importId, fact, act)
    }
    return done
  })
  return { importId, mode, dryRun, ...report }
}

/**
 * Runs a list in a transaction, or in a savepoint of one, that leaves no trace unless the report says that it was applied.
 */
export async function keepIfApplied(
  db: Pick<EntityManager, 'transaction'>,
  apply: (tx: EntityManager) => Promise<RowsReport>,
): Promise<RowsReport> {
  let report: RowsReport | undefined
  try {
    await db.transaction(async (tx) => {
      report = await apply(tx)
      if (!report.applied) throw new TakenBack()
    })
  } catch (error) {
    if (!(error instanceof TakenBack)) throw error
  }
  if (report === undefined) throw new TypeError('an import ended without a report')
  return report
}

/** Ends the transaction of an import that must leave no trace. */
class TakenBack extends Error {}

/** What became of rows. */
export interface RowsReport {
  readonly applied: boolean
  readonly counts: Readonly<Record<ImportOutcome, number>>
  readonly warnings: ImportWarning[]
  readonly rows: RowResult[]
}

/** Takes in rows, one list at a time. */
export async function applyRows(
  tx: EntityManager,
  { rows, warnings, mode, dryRun, unitId }: ImportPersons,
  act: Act,
): Promise<RowsReport> {
  await tx.query('select pg_advisory_xact_lock($1)', [IMPORT_LOCK])
  const register = await openRegister(tx, rows)
  const results: RowResult[] = []
  for (const some of together(rows)) {
    const those = await decideTogether(tx, some, register, unitId, act)
    results.push(...(those ?? (await decideEach(tx, some, register, unitId, act))))
  }
  const counts = countsOf(results)
  const applied = !dryRun && (mode === 'good-rows' || counts.refused === 0)
  return {
    applied,
    counts,
    warnings: [...warnings, ...(await zerosLost(tx, rows, results))],
    rows: results,
  }
}

/** Who comes in under a number that most likely lost zeros in front, and would be in the register twice. */
async function zerosLost(
  tx: EntityManager,
  rows: readonly ReadRow[],
  results: readonly RowResult[],
): Promise<ImportWarning[]> {
  const { lookup } = personalDataOf(tx)
  const numbers = rows.flatMap((read) => ('value' in read ? [read.value.employeeNumber] : []))
  const shorter = shorterThanMost(numbers)
  const fresh = results.flatMap(({ row, outcome, employeeNumber }) =>
    outcome === 'created' && employeeNumber !== null ? [{ row, employeeNumber }] : [],
  )
  const full = new Map(
    fresh.flatMap(({ employeeNumber }) =>
      withZeros(employeeNumber).map((number) => [lookup('employee-number', number), number]),
    ),
  )
  const known: { lookup: string }[] = await tx.query(
    `select employee_number_lookup as lookup from person where employee_number_lookup = any($1)`,
    [[...full.keys()]],
  )
  const there = new Set(known.map((each) => full.get(each.lookup)))
  return fresh.flatMap(({ row, employeeNumber }) => {
    const longer = withZeros(employeeNumber).find((number) => there.has(number))
    if (longer !== undefined)
      return [warned(row, `The register has ${longer}: this number most likely lost its zeros.`)]
    return shorter.has(employeeNumber)
      ? [warned(row, 'The number is shorter than most of the list: zeros in front may be lost.')]
      : []
  })
}

const warned = (row: number, detail: string) => ({ row, code: 'zeros-lost', detail }) as const

/** What the rows refer to, read once and held. */
interface Register {
  /** By which a number is found: its keyed hash, whatever its case. */
  readonly keyOf: (employeeNumber: string) => string
  readonly people: ReadonlyMap<string, Person>
  /** User name by person. */
  readonly userNames: ReadonlyMap<string, string>
  readonly places: Map<string, Place | Problem>
  /** Keys of the people that rows of the list were about. */
  seen: Set<string>
}

async function openRegister(tx: EntityManager, rows: readonly ReadRow[]): Promise<Register> {
  const values = rows.flatMap((read) => ('value' in read ? [read.value] : []))
  const places = new Map<string, Place | Problem>()
  // Places before people, as everybody who holds both does.
  for (const value of values) await placeOf(tx, value, places)
  const { lookup } = personalDataOf(tx)
  const keyOf = (employeeNumber: string) => lookup('employee-number', employeeNumber)
  const people = await tx.find(PersonEntity, {
    where: { employeeNumberLookup: In(values.map(({ employeeNumber }) => keyOf(employeeNumber))) },
    order: { id: 'asc' },
    lock: { mode: 'pessimistic_write' },
  })
  await holdTwins(tx)
  const accounts = await tx.findBy(AccountEntity, { personId: In(people.map(({ id }) => id)) })
  return {
    keyOf,
    people: new Map(people.map((person) => [person.employeeNumberLookup, person])),
    userNames: new Map(
      accounts.map((account) => [String(account.personId), openUserName(tx, account)]),
    ),
    places,
    seen: new Set(),
  }
}

async function placeOf(
  tx: EntityManager,
  codes: ImportRow,
  places: Register['places'],
): Promise<Place | Problem> {
  const key = `${codes.unitCode} ${codes.departmentCode} ${codes.positionCode}`
  const known = places.get(key)
  if (known !== undefined) return known
  const found = await findPlace(tx, codes).catch((error: unknown) => {
    if (error instanceof Problem) return error
    throw error
  })
  places.set(key, found)
  return found
}

/** Rows that share a savepoint. */
const TOGETHER = 100

function together(rows: readonly ReadRow[]): ReadRow[][] {
  const starts = Array.from({ length: Math.ceil(rows.length / TOGETHER) }, (_, at) => at * TOGETHER)
  return starts.map((start) => rows.slice(start, start + TOGETHER))
}

/**
 * Rows in one savepoint, those who join last and all at once; `null`, and nothing done, when one of them is refused or
 * needs a look of its own. Mostly none does, and the whole costs a quarter of what it costs row by row.
 */
async function decideTogether(
  tx: EntityManager,
  rows: readonly ReadRow[],
  register: Register,
  unitId: string | null,
  act: Act,
): Promise<RowResult[] | null> {
  const good = rows.filter((read) => 'value' in read)
  if (good.length < rows.length) return null
  const before = new Set(register.seen)
  try {
    return await tx.transaction(async (part) => {
      const results: RowResult[] = []
      const joiners: Joiner[] = []
      for (const { row, value } of good) {
        const known = await lookUp(part, value, register, unitId)
        const { employeeNumber, leaveOn = null } = value
        const joins = known.person === undefined && leaveOn === null
        if (joins) joiners.push(joinerOf(value, known.place))
        const outcome = joins ? 'created' : await decide(part, value, known, register, act)
        results.push({ row, employeeNumber, outcome, errors: [] })
      }
      await joinTogether(part, joiners, act)
      return results
    })
  } catch (error) {
    // What PostgreSQL refused is a refusal in words when the row is alone.
    const isOfRow = [Problem, NotTogether, QueryFailedError].some((kind) => error instanceof kind)
    if (!isOfRow) throw error
    register.seen = before
    return null
  }
}

/** A savepoint for each row: what a refused one has written is gone, and the others stay. */
async function decideEach(
  tx: EntityManager,
  rows: readonly ReadRow[],
  register: Register,
  unitId: string | null,
  act: Act,
): Promise<RowResult[]> {
  const results: RowResult[] = []
  for (const read of rows) {
    if ('fault' in read) {
      const { row, employeeNumber, fault } = read
      results.push(refused(row, employeeNumber, 'validation-failed', fault))
      continue
    }
    const { row, value } = read
    const { employeeNumber } = value
    try {
      const outcome = await tx.transaction(async (part) => {
        const known = await lookUp(part, value, register, unitId)
        return decide(part, value, known, register, act)
      })
      results.push({ row, employeeNumber, outcome, errors: [] })
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      results.push(refused(row, employeeNumber, error.code, error.message))
    }
  }
  return results
}

/** What a row is about. */
interface Known {
  readonly place: Place
  /** `undefined`: nobody has the number. */
  readonly person: Person | undefined
}

async function lookUp(
  tx: EntityManager,
  value: ImportRow,
  register: Register,
  unitId: string | null,
): Promise<Known> {
  const key = register.keyOf(value.employeeNumber)
  if (register.seen.has(key))
    throw new Problem('validation-failed', 'The list names this person twice.')
  register.seen.add(key)
  const place = await placeOf(tx, value, register.places)
  if (place instanceof Problem) throw place
  const person = register.people.get(key)
  const foreign = [place.unit.id, person?.unitId ?? place.unit.id].some((id) => id !== unitId)
  if (unitId !== null && foreign)
    throw new Problem('outside-unit', said('Your range is your own unit.', '您的范围仅限本单位。'))
  return { place, person }
}

const joinerOf = (value: ImportRow, place: Place): Joiner => ({
  employeeNumber: value.employeeNumber,
  name: value.name,
  email: value.email ?? null,
  birthday: value.birthday ?? null,
  userName: value.accountUserName ?? null,
  place,
})

async function decide(
  tx: EntityManager,
  value: ImportRow,
  { place, person }: Known,
  register: Register,
  act: Act,
): Promise<ImportOutcome> {
  const { name, email = null, birthday, leaveOn = null } = value
  const userName = value.accountUserName ?? null
  if (person === undefined) {
    if (leaveOn !== null && leaveOn <= chinaDay(act.now))
      throw new Problem(
        'person-unknown',
        said('Who has left already is not taken in.', '已离职的人员不再录入。'),
      )
    const joiner = { ...joinerOf(value, place), withAccount: true }
    const joined = await joinPerson(tx, joiner, act)
    if (leaveOn !== null) await leavePerson(tx, joined.person, leaving(leaveOn), act)
    return 'created'
  }
  if (!person.active) {
    if (leaveOn !== null) return 'unchanged'
    throw new Problem(
      'person-left',
      said('The person has left; a list brings nobody back.', '该人员已离开;列表不能使人员恢复。'),
    )
  }
  const known = register.userNames.get(person.id)
  if (userName !== null && known !== undefined && known !== userName)
    throw new Problem(
      'user-name-taken',
      said(`The person has the account ${known}.`, `该人员已有账号 ${known}。`),
    )
  const changed = await changePerson(tx, person, { name, email, birthday, place }, act)
  if (leaveOn === null || leaveOn === person.leaveOn) return changed.outcome
  const left = await leavePerson(tx, changed.person, leaving(leaveOn), act)
  if (!left.active) return 'left'
  return changed.outcome === 'unchanged' ? 'changed' : changed.outcome
}

/** A list does not say why somebody leaves. */
const leaving = (leaveOn: string) => ({ leaveOn, kind: 'resignation' }) as const

const refused = (
  row: number,
  employeeNumber: string | null,
  code: string,
  detail: string,
): RowResult => ({ row, employeeNumber, outcome: 'refused', errors: [{ code, detail }] })

function countsOf(results: readonly RowResult[]): Record<ImportOutcome, number> {
  const counts = noOutcomes()
  for (const outcome of ImportOutcome.enum)
    counts[outcome] = results.filter((result) => result.outcome === outcome).length
  return counts
}
