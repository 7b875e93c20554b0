import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Role } from '@erp-steward/contracts/permissions'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { claimPassword, claimSecret, identityStage, signedIn } from '../account-stage.ts'
import {
  approve,
  as,
  ask,
  call,
  grantWaiting,
  join,
  joined,
  ok,
  onPerson,
  put,
  refusal,
  setRights,
  smallCompany,
  type ChangeView,
  type PersonView,
} from '../directory-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
  await smallCompany(stage)
  await setRights(stage, 'CLERK', { roles: ['END_USER'] })
  await setRights(stage, 'BUYER', { roles: ['KEY_USER'] })
  await put(stage, '/v1/positions/STAFF', { name: 'Staff' })
})
afterAll(() => stage.release())

interface Headers {
  readonly authorization: string
  readonly [name: string]: string
}
const SAME = [409, 'same-person']
const NORTH_BUYER = { unitCode: 'NORTH', departmentCode: 'FIN', positionCode: 'BUYER' }
const SYS = () => as('SYSTEM_ADMIN')
const SEC = () => as('SECURITY_ADMIN')

/** Callers behind whom one person is: an account, a later account, a client that only this person controls. */
const handsOf = (person: string) => ({
  account: (role: Role) => as(role, { sub: randomUUID(), person }),
  client: as('SCRIPT', { sub: randomUUID(), kind: 'client', controllers: [person] }),
})

const post = (url: string, headers: Headers, payload?: object) =>
  call(stage, { method: 'POST', url, headers, ...(payload !== undefined && { payload }) })
const first = (id: string, headers: Headers) => post(`/v1/accounts/${id}/initial-password`, headers)
const second = (id: string, headers: Headers) =>
  post(`/v1/accounts/${id}/initial-password/second-half`, headers)
const confirm = (id: string, headers: Headers) =>
  post(`/v1/accounts/${id}/confirm-identity`, headers, { how: 'Met in person.' })

/** The owner chooses a password in place of the one that two issued. */
async function chosen({ accountId, userName }: PersonView): Promise<void> {
  const initial = await claimPassword(stage, accountId, SEC(), SYS())
  const { headers } = await signedIn(stage, { userName }, initial)
  const answer = await call(stage, {
    method: 'PUT',
    url: '/v1/accounts/me/password',
    headers,
    payload: { currentPassword: initial, newPassword: 'Blau-8-mutig-Dachs' },
  })
  expect(answer.statusCode).toBe(204)
}

const patch = ({ id, version }: PersonView, headers: Headers, payload: object) =>
  ok<PersonView>(
    call(stage, { method: 'PATCH', url: `/v1/persons/${id}`, headers, version, payload }),
  )

type Entry = (by: Headers) => Promise<PersonView>
const listed = async (by: Headers) => {
  const employeeNumber = randomUUID()
  await ok(
    call(stage, {
      method: 'POST',
      url: '/v1/imports/persons',
      headers: { ...by, 'content-type': 'text/csv' },
      payload: `employeeNumber,name,unitCode,departmentCode,positionCode\n${employeeNumber},张三,NORTH,FIN,CLERK`,
    }),
  )
  const url = `/v1/persons?employeeNumber=${employeeNumber}`
  const { items } = await ok<{ items: PersonView[] }>(
    call(stage, { method: 'GET', url, headers: as('SCRIPT') }),
  )
  const [person] = items
  if (person === undefined) throw new Error('not taken in')
  return person
}
const entries: Record<string, Entry> = {
  'took the person in': (by) => ok<PersonView>(join(stage, {}, by)),
  'took the person in by a list': listed,
  'took the person back': async (by) => {
    const left = await ok<PersonView>(
      onPerson(stage, await joined(stage), 'leave', { kind: 'resignation' }),
    )
    return ok<PersonView>(onPerson(stage, left, 'rejoin', NORTH_BUYER, by))
  },
  'moved the person': async (by) =>
    ok<PersonView>(onPerson(stage, await joined(stage), 'move', NORTH_BUYER, by)),
  'gave the person another address': async (by) =>
    patch(await joined(stage), by, { email: `${randomUUID()}@example.cn` }),
  'gave the person another name': async (by) => patch(await joined(stage), by, { name: '王五' }),
}
const ways = Object.keys(entries).flatMap((what) =>
  (['account', 'client'] as const).map((through) => [what, through] as const),
)

test.each(ways)(
  '[A-2.2.3][A-2.1.1] whoever %s, through an own %s, has no half of its password and does not vouch for it',
  async (what, through) => {
    const taker = randomUUID()
    const hands = handsOf(taker)
    const by = through === 'account' ? hands.account('OM_AUTHORITY') : hands.client
    const person = await (entries[what] ?? (() => joined(stage)))(by)
    const { accountId } = person
    // The role of then or another one: it is the person who counts.
    expect(await refusal(first(accountId, hands.account('SECURITY_ADMIN')))).toEqual(SAME)
    await ok(first(accountId, SEC()))
    expect(await refusal(second(accountId, hands.account('OM_AUTHORITY')))).toEqual(SAME)
    await chosen(person)
    for (const role of ['OM_AUTHORITY', 'AUDIT_ADMIN'] as const)
      expect(await refusal(confirm(accountId, hands.account(role)))).toEqual(SAME)
    // Neighbours: another authority, who did nothing of it, may.
    expect((await confirm(accountId, as('OM_AUTHORITY'))).statusCode).toBe(204)
  },
)

/** A client whose secret two have a half of each, with a token of what it knows of them. */
async function halvedScript(one: string, other: string): Promise<Headers> {
  const change = { kind: 'create-client', name: randomUUID(), role: 'SCRIPT', unitId: null }
  const { subjectId: id } = await ok<ChangeView>(approve(stage, await ask(stage, change)))
  await claimSecret(
    stage,
    id,
    as('SYSTEM_ADMIN', { sub: randomUUID(), person: one }),
    as('SECURITY_ADMIN', { sub: randomUUID(), person: other }),
  )
  return as('SCRIPT', { sub: id, kind: 'client', controllers: [one, other] })
}

test('[A-2.2.3] what a client of two halves took in, none of the two did alone: each may have one part in the password, and only one', async () => {
  const [one, other] = [randomUUID(), randomUUID()]
  const script = await halvedScript(one, other)
  const person = await ok<PersonView>(join(stage, {}, script))
  const half = as('SYSTEM_ADMIN', { sub: randomUUID(), person: one })
  await ok(first(person.accountId, half))
  for (const role of ['SECURITY_ADMIN', 'OM_AUTHORITY'] as const) {
    const again = as(role, { sub: randomUUID(), person: one })
    expect(await refusal(second(person.accountId, again))).toEqual(SAME)
  }
  await ok(second(person.accountId, as('SECURITY_ADMIN', { sub: randomUUID(), person: other })))
})

test('[A-2.1.2] an account that is made later is decided by neither who gave the place nor who asked nor the person', async () => {
  const giver = randomUUID()
  const hands = handsOf(giver)
  const decider = hands.account('SECURITY_ADMIN')
  const account = ({ id: personId }: PersonView) => ask(stage, { kind: 'create-account', personId })

  const taken = await ok<PersonView>(join(stage, { withAccount: false }, hands.client))
  const change = await account(taken)
  expect(await refusal(approve(stage, change, decider))).toEqual(SAME)
  const itself = as('SECURITY_ADMIN', { sub: randomUUID(), person: taken.id })
  expect(await refusal(approve(stage, change, itself))).toEqual(SAME)
  await ok(approve(stage, change))

  // A position without rights first, and those of another by a move that nobody had to approve.
  const staff = { positionCode: 'STAFF', withAccount: false }
  const moved = await ok<PersonView>(
    onPerson(stage, await joined(stage, staff), 'move', NORTH_BUYER, hands.account('OM_AUTHORITY')),
  )
  const later = await account(moved)
  expect(await refusal(approve(stage, later, decider))).toEqual(SAME)
  await ok(approve(stage, later))

  // Also where the two of a client are known to be two: each is one of those who asked for the place.
  const script = await halvedScript(giver, randomUUID())
  const listedLater = await account(
    await ok<PersonView>(join(stage, { withAccount: false }, script)),
  )
  expect(await refusal(approve(stage, listedLater, decider))).toEqual(SAME)
  await ok(approve(stage, listedLater))
})

test('[A-2.1.2] who placed somebody before, and somebody else after him, decides again', async () => {
  const giver = randomUUID()
  const hands = handsOf(giver)
  const person = await ok<PersonView>(join(stage, { withAccount: false }, hands.client))
  const moved = await ok<PersonView>(onPerson(stage, person, 'move', NORTH_BUYER))
  const change = await ask(stage, { kind: 'create-account', personId: moved.id })
  await ok(approve(stage, change, hands.account('SECURITY_ADMIN')))
})

test('[A-2.1.4] an account that is opened again is not decided by who moved its person meanwhile', async () => {
  const mover = handsOf(randomUUID())
  const person = await joined(stage)
  const { accountId } = person
  await ok(approve(stage, await ask(stage, { kind: 'disable-account', accountId })))
  await ok(onPerson(stage, person, 'move', NORTH_BUYER, mover.client))
  const change = await ask(stage, { kind: 'enable-account', accountId })
  expect(await refusal(approve(stage, change, mover.account('SECURITY_ADMIN')))).toEqual(SAME)
  await ok(approve(stage, change))
})

test.each(['create-account', 'enable-account'] as const)(
  '[A-2.1.4] a %s that waits was asked for the place of then: a move and a leave take it back',
  async (kind) => {
    const waiting = async () => {
      const person = await joined(stage, { withAccount: kind === 'enable-account' })
      const { id: personId, accountId } = person
      if (kind === 'create-account') return { person, change: await ask(stage, { kind, personId }) }
      await ok(approve(stage, await ask(stage, { kind: 'disable-account', accountId })))
      return { person, change: await ask(stage, { kind, accountId }) }
    }
    const steps = [
      ['move', NORTH_BUYER],
      ['leave', { kind: 'resignation' }],
    ] as const
    for (const [verb, payload] of steps) {
      const { person, change } = await waiting()
      await ok(onPerson(stage, person, verb, payload))
      expect(await refusal(approve(stage, change))).toEqual([409, 'account-change-decided'])
    }
    // Another department of the same unit gives the same rights.
    const { person, change } = await waiting()
    await ok(
      onPerson(stage, person, 'move', {
        ...NORTH_BUYER,
        positionCode: 'CLERK',
        departmentCode: 'IT',
      }),
    )
    await ok(approve(stage, change))
  },
)

test('[A-2.1.4] a move and the approval of what waits for the person at the same moment: both get an answer', async () => {
  for (let round = 0; round < 5; round += 1) {
    const person = await joined(stage, { withAccount: false })
    const change = await ask(stage, { kind: 'create-account', personId: person.id })
    const [approved, moved] = await Promise.all([
      approve(stage, change),
      onPerson(stage, person, 'move', NORTH_BUYER),
    ])
    expect(moved.statusCode).toBe(200)
    expect([200, 409]).toContain(approved.statusCode)
    // Approved first: the rights of the new place wait as any mover's.
    if (approved.statusCode === 200) await grantWaiting(stage, person.id)
  }
})

test('[A-2.1.1] nobody makes an administrator of a person whom he took in', async () => {
  const taker = handsOf(randomUUID())
  const staff = { positionCode: 'STAFF', withAccount: false }
  const { id: personId } = await ok<PersonView>(join(stage, staff, taker.client))
  const userName = `ADM${randomUUID().slice(0, 8).toUpperCase()}`
  const change = await ask(stage, {
    kind: 'create-administrator',
    userName,
    role: 'AUDIT_ADMIN',
    personId,
  })
  expect(await refusal(approve(stage, change, taker.account('SECURITY_ADMIN')))).toEqual(SAME)
  await ok(approve(stage, change))
})
