import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { chinaDay, startOfChinaDay } from '../../src/people/rules/china-day.ts'
import { identityStage } from '../account-stage.ts'
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
  responsibility,
  setRights,
  smallCompany,
  tasksOf,
  workOff,
  type ChangeView,
  type PersonView,
} from '../directory-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
  await smallCompany(stage)
  await setRights(stage, 'CLERK', {
    roles: ['END_USER'],
    responsibilities: [responsibility('SQLGL', 'GL_CLERK')],
  })
  await setRights(stage, 'BUYER', {
    roles: ['KEY_USER'],
    responsibilities: [responsibility('SQLGL', 'GL_CLERK')],
  })
  await put(stage, '/v1/positions/STAFF', { name: 'Staff' })
})
afterAll(() => stage.release())

const NORTH_BUYER = { unitCode: 'NORTH', departmentCode: 'FIN', positionCode: 'BUYER' }
const SOUTH_CLERK = { unitCode: 'SOUTH', departmentCode: 'FIN', positionCode: 'CLERK' }
const SAME = [409, 'same-person']
const QUEUED = 'identity.provisioning.queued.v1'

const waiting = async (personId: string) => {
  const { items } = await ok<{ items: (ChangeView & { kind: string; requestedBy: string })[] }>(
    call(stage, {
      method: 'GET',
      url: '/v1/account-changes?limit=200',
      headers: as('SECURITY_ADMIN'),
    }),
  )
  return items.filter(({ subjectId, kind }) => subjectId === personId && kind === 'grant-position')
}
const rolesOf = async ({ accountId }: PersonView) =>
  (
    await ok<{ roles: string[] }>(
      call(stage, { method: 'GET', url: `/v1/accounts/${accountId}`, headers: as('SCRIPT') }),
    )
  ).roles

/** Callers behind whom one person is: an account of the person, and a client that the person controls. */
const hands = (person: string) => ({
  'an account': as('OM_AUTHORITY', { sub: randomUUID(), person }),
  'a client': as('SCRIPT', { sub: randomUUID(), kind: 'client', controllers: [person] }),
})

test.each(['an account', 'a client'] as const)(
  '[A-2.1.1] nobody moves, changes, dismisses or takes back himself: through %s',
  async (through) => {
    const person = await joined(stage)
    const own = hands(person.id)[through]
    expect(await refusal(onPerson(stage, person, 'move', NORTH_BUYER, own))).toEqual(SAME)
    const url = `/v1/persons/${person.id}`
    const renaming = { method: 'PATCH', url, headers: own, version: 1 } as const
    expect(await refusal(call(stage, { ...renaming, payload: { name: '李四' } }))).toEqual(SAME)
    const leave = { kind: 'resignation', leaveOn: '2099-01-01' }
    expect(await refusal(onPerson(stage, person, 'leave', leave, own))).toEqual(SAME)
    const list = await call(stage, {
      method: 'POST',
      url: '/v1/imports/persons?mode=good-rows',
      headers: { ...own, 'content-type': 'text/csv' },
      payload: `employeeNumber,name,unitCode,departmentCode,positionCode\n${person.employeeNumber},张三,NORTH,FIN,BUYER`,
    })
    expect(list.json()).toMatchObject({ counts: { refused: 1 } })
    expect(list.body).toContain('same-person')
    const noticed = await ok<PersonView>(onPerson(stage, person, 'leave', leave))
    expect(await refusal(onPerson(stage, noticed, 'withdraw-leave', undefined, own))).toEqual(SAME)
    const left = await ok<PersonView>(onPerson(stage, noticed, 'leave', { kind: 'dismissal' }))
    expect(await refusal(onPerson(stage, left, 'rejoin', NORTH_BUYER, own))).toEqual(SAME)
  },
)

test('[A-2.1.4] what both positions give ends with the move too, and nothing begins in EBS before the approval', async () => {
  const person = await joined(stage)
  await workOff(stage)
  await ok(onPerson(stage, person, 'move', NORTH_BUYER))
  const kinds = async () => (await tasksOf(stage, person.userName)).slice(2).map(({ kind }) => kind)
  expect(await kinds()).toEqual(['end-responsibility'])
  expect(await rolesOf(person)).toEqual([])
  await grantWaiting(stage, person.id)
  expect(await kinds()).toEqual(['end-responsibility', 'add-responsibility'])
  expect(await rolesOf(person)).toEqual(['KEY_USER'])
})

test('[A-2.1.4] the same position in another unit waits too; another department of the unit does not', async () => {
  const person = await joined(stage)
  const within = await ok<PersonView>(
    onPerson(stage, person, 'move', {
      unitCode: 'NORTH',
      departmentCode: 'IT',
      positionCode: 'CLERK',
    }),
  )
  expect(await rolesOf(person)).toEqual(['END_USER'])
  await ok(onPerson(stage, within, 'move', SOUTH_CLERK))
  expect(await rolesOf(person)).toEqual([])
})

test('[A-2.1.4] the grant is decided by neither the mover nor who moved, in whatever account or through whatever client', async () => {
  const person = await joined(stage)
  const mover = randomUUID()
  const byClient = as('SCRIPT', { sub: randomUUID(), kind: 'client', controllers: [mover] })
  await ok(onPerson(stage, person, 'move', NORTH_BUYER, byClient))
  const [change] = await waiting(person.id)
  if (change === undefined) throw new Error('nothing waits')
  for (const who of [mover, person.id])
    expect(
      await refusal(
        approve(stage, change, as('SECURITY_ADMIN', { sub: randomUUID(), person: who })),
      ),
    ).toEqual(SAME)
  expect(await refusal(approve(stage, change, as('SYSTEM_ADMIN', { sub: randomUUID() })))).toEqual([
    403,
    'permission-missing',
  ])
  await ok(approve(stage, change))
})

test('[A-2.1.4] a second move takes the place of what waits, a leave takes it back, and a refusal leaves nothing', async () => {
  const person = await joined(stage)
  const once = await ok<PersonView>(onPerson(stage, person, 'move', NORTH_BUYER))
  const twice = await ok<PersonView>(onPerson(stage, once, 'move', SOUTH_CLERK))
  const changes = await waiting(person.id)
  expect(changes.map(({ status }) => status).sort()).toEqual(['pending', 'rejected'])
  const change = changes.find(({ status }) => status === 'pending')
  if (change === undefined) throw new Error('nothing waits')
  await ok(
    call(stage, {
      method: 'POST',
      url: `/v1/account-changes/${change.id}/reject`,
      headers: as('SECURITY_ADMIN'),
      version: change.version,
      payload: { reason: 'not agreed' },
    }),
  )
  expect(await rolesOf(person)).toEqual([])
  // It may be asked for again, by the system administrator.
  const again = await ask(stage, { kind: 'grant-position', personId: person.id })
  await ok(onPerson(stage, twice, 'leave', { kind: 'dismissal' }))
  expect(await refusal(approve(stage, again))).toEqual([409, 'account-change-decided'])
})

test('[A-2.1.4] who comes back waits like a mover', async () => {
  const person = await joined(stage)
  const left = await ok<PersonView>(onPerson(stage, person, 'leave', { kind: 'resignation' }))
  await ok(onPerson(stage, left, 'rejoin', SOUTH_CLERK))
  expect(await rolesOf(person)).toEqual([])
  await grantWaiting(stage, person.id)
  expect(await rolesOf(person)).toEqual(['END_USER'])
})

test('[A-2.1.2] nobody asks for or decides rights of the position he holds', async () => {
  await put(stage, '/v1/positions/HELD', { name: 'Held' })
  const person = await joined(stage, { positionCode: 'HELD', withAccount: false })
  const rights = {
    kind: 'set-position-roles',
    positionCode: 'HELD',
    roles: ['END_USER'],
    responsibilities: [],
    ebsRoles: [],
  }
  const held = { sub: randomUUID(), person: person.id }
  expect(
    await refusal(
      call(stage, {
        method: 'POST',
        url: '/v1/account-changes',
        headers: as('SYSTEM_ADMIN', held),
        payload: { change: rights, reason: 'x' },
      }),
    ),
  ).toEqual(SAME)
  const change = await ask(stage, rights)
  expect(await refusal(approve(stage, change, as('SECURITY_ADMIN', held)))).toEqual(SAME)
  await ok(approve(stage, change))
})

test.each([
  ['dismissal', 0],
  ['resignation', 24 * 3_600_000],
] as const)(
  '[A-2.1.4] what must end in EBS says by when: %s, %i ms after the leave',
  async (kind, afterMs) => {
    const person = await joined(stage)
    await workOff(stage)
    await ok(onPerson(stage, person, 'leave', { kind, leaveOn: chinaDay(stage.now) }))
    const from = kind === 'dismissal' ? stage.now : startOfChinaDay(chinaDay(stage.now))
    const due = (await queuedEvents(stage.db))
      .filter(({ type, subject }) => type === QUEUED && subject === person.accountId)
      .map(({ data }) => data as { kind: string; dueAt: string | null })
      .filter((task) => task.kind.startsWith('end-'))
      .map(({ dueAt }) => dueAt)
    const instant = new Date(from.getTime() + afterMs).toISOString()
    expect(due).toEqual([instant, instant])
  },
)

test('[A-2.1.1][A-2.1.2] a leaver who joins under another number gets no rights without a second person', async () => {
  const person = randomUUID()
  const authorityHand = as('OM_AUTHORITY', { sub: randomUUID(), person })
  const leave = { kind: 'dismissal' }
  const who = { name: 'Back Again', birthday: '1980-02-03' }
  const found = [
    [{ email: 'back.again@example.cn' }, { email: 'Back.Again@example.cn' }],
    [who, { ...who, name: ' BACK  again' }],
  ] as const
  for (const [before, after] of found) {
    const left = await joined(stage, before)
    await ok(onPerson(stage, left, 'leave', leave, authorityHand))
    const entry = { ...after, ...NORTH_BUYER }
    const again = await ok<PersonView>(join(stage, entry, authorityHand))
    expect(again.id).not.toBe(left.id)
    expect(await rolesOf(again)).toEqual([])
    const kinds = (await tasksOf(stage, again.userName)).map(({ kind }) => kind)
    expect(kinds).toEqual(['create-user'])
    const [change] = await waiting(again.id)
    if (change === undefined) throw new Error('no rights wait')
    // Neither who joined him nor he himself decides it, in whatever account.
    for (const hand of [person, again.id]) {
      const decider = as('SECURITY_ADMIN', { sub: randomUUID(), person: hand })
      expect(await refusal(approve(stage, change, decider))).toEqual(SAME)
    }
    await grantWaiting(stage, again.id)
    expect(await rolesOf(again)).toEqual(['KEY_USER'])
  }
})

test('[A-2.1.1][A-2.1.2] nor does one whom a list takes in, not even the list that lets him go', async () => {
  const [email, other] = ['listed.twice@example.cn', 'listed.once@example.cn']
  const who = { name: 'Listed Twice', birthday: '1980-02-04' }
  const [byMail, byBirthday] = [await joined(stage, { email }), await joined(stage, who)]
  await ok(onPerson(stage, byBirthday, 'leave', { kind: 'resignation' }))
  const today = chinaDay(stage.now)
  const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()]
  const report = await ok<{ rows: { outcome: string }[] }>(
    call(stage, {
      method: 'POST',
      url: '/v1/imports/persons?mode=all-or-none',
      headers: { ...as('SCRIPT'), 'content-type': 'text/csv' },
      payload: [
        'employeeNumber,name,unitCode,departmentCode,positionCode,birthday,email,leaveOn',
        `${byMail.employeeNumber},Listed Once,NORTH,FIN,CLERK,,${email},${today}`,
        `${first},Somebody,NORTH,FIN,BUYER,,${email},`,
        `${second},${who.name},NORTH,FIN,BUYER,${who.birthday},,`,
        `${third},${who.name},NORTH,FIN,BUYER,1980-02-05,${other},`,
      ].join('\n'),
    }),
  )
  expect(report.rows.map(({ outcome }) => outcome)).toEqual([
    'left',
    'created',
    'created',
    'created',
  ])
  const listed = async (employeeNumber: string) => {
    const url = `/v1/persons?employeeNumber=${employeeNumber}`
    const { items } = await ok<{ items: PersonView[] }>(
      call(stage, { method: 'GET', url, headers: as('SCRIPT') }),
    )
    const [person] = items
    if (person === undefined) throw new Error('not in the register')
    return person
  }
  for (const number of [first, second]) {
    const person = await listed(number)
    expect(await rolesOf(person)).toEqual([])
    expect(await waiting(person.id)).toMatchObject([{ status: 'pending' }])
  }
  // Somebody new has the rights of the position at once.
  expect(await rolesOf(await listed(third))).toEqual(['KEY_USER'])
})

test('[A-2.1.1] a leaver who joins in a position without rights has nothing that waits', async () => {
  const email = 'back.as.staff@example.cn'
  const left = await joined(stage, { email })
  await ok(onPerson(stage, left, 'leave', { kind: 'resignation' }))
  const staff = await joined(stage, { ...NORTH_BUYER, positionCode: 'STAFF', email })
  expect(await waiting(staff.id)).toEqual([])
})

describe('a grant that the security administrator has a hand in', () => {
  type Admin = 'SECURITY_ADMIN' | 'AUDIT_ADMIN'
  /** An administrator who is a person. */
  const administrator = async (role: Admin) => {
    const { id: personId } = await joined(stage, { positionCode: 'STAFF', withAccount: false })
    const userName = `ADM${randomUUID().slice(0, 8).toUpperCase()}`
    const change = { kind: 'create-administrator', userName, role, personId }
    await ok(approve(stage, await ask(stage, change)))
    const [account] = await stage.db.query<{ id: string }[]>(
      'select id from account where person_id = $1',
      [personId],
    )
    return {
      personId,
      accountId: String(account?.id),
      headers: as(role, { sub: String(account?.id), person: personId }),
    }
  }
  /** The grant that waits for somebody whom a client moved, with people behind it. */
  const movedBy = async (...controllers: string[]) => {
    const person = await joined(stage)
    const byClient = as('SCRIPT', { sub: randomUUID(), kind: 'client', controllers })
    await ok(onPerson(stage, person, 'move', NORTH_BUYER, byClient))
    const [change] = await waiting(person.id)
    if (change === undefined) throw new Error('nothing waits')
    return { person, change }
  }
  const authorityOf = (person: string) => as('OM_AUTHORITY', { sub: randomUUID(), person })
  const OTHERS = [403, 'permission-missing']

  beforeEach(async () => {
    await stage.db.query(
      `update account set status = 'disabled' where administrator_role is not null`,
    )
  })

  test('[A-2.1.1][A-2.1.4] is decided by the audit administrator, who had none; two persons all the same', async () => {
    const security = await administrator('SECURITY_ADMIN')
    const audit = await administrator('AUDIT_ADMIN')
    const { person, change } = await movedBy(randomUUID(), security.personId)
    expect(await refusal(approve(stage, change, security.headers))).toEqual(SAME)
    expect(await refusal(approve(stage, change, authorityOf(randomUUID())))).toEqual(OTHERS)
    expect(await refusal(approve(stage, change, as('SYSTEM_ADMIN')))).toEqual(OTHERS)
    await ok(approve(stage, change, audit.headers))
    expect(await rolesOf(person)).toEqual(['KEY_USER'])
  })

  test.each(['active', 'frozen'])(
    '[A-2.1.1] is for no stand-in while another security administrator, %s, could decide',
    async (status) => {
      const security = await administrator('SECURITY_ADMIN')
      const other = await administrator('SECURITY_ADMIN')
      const audit = await administrator('AUDIT_ADMIN')
      await stage.db.query('update account set status = $2 where id = $1', [
        other.accountId,
        status,
      ])
      const { change } = await movedBy(security.personId)
      expect(await refusal(approve(stage, change, audit.headers))).toEqual(OTHERS)
      await ok(approve(stage, change, other.headers))
    },
  )

  test('[A-2.1.1] is decided by the O&M authority where the audit administrator has a hand in it too, by none of those', async () => {
    const security = await administrator('SECURITY_ADMIN')
    const audit = await administrator('AUDIT_ADMIN')
    const mover = randomUUID()
    const { person, change } = await movedBy(mover, security.personId, audit.personId)
    for (const headers of [security.headers, audit.headers, authorityOf(mover)])
      expect(await refusal(approve(stage, change, headers))).toEqual(SAME)
    expect(await refusal(approve(stage, change, authorityOf(person.id)))).toEqual(SAME)
    await ok(approve(stage, change, authorityOf(randomUUID())))
    expect(await rolesOf(person)).toEqual(['KEY_USER'])
  })

  test('[A-2.1.1] no other change has a stand-in', async () => {
    await administrator('AUDIT_ADMIN')
    const person = await joined(stage)
    const change = await ask(stage, { kind: 'disable-account', accountId: person.accountId })
    for (const headers of [as('AUDIT_ADMIN'), authorityOf(randomUUID())])
      expect(await refusal(approve(stage, change, headers))).toEqual(OTHERS)
  })
})

const patched = (person: PersonView, payload: object, headers = as('SCRIPT')) => {
  const { id, version } = person
  return ok<PersonView>(
    call(stage, { method: 'PATCH', url: `/v1/persons/${id}`, headers, version, payload }),
  )
}

const LEFT = { kind: 'resignation' }

test('[A-2.1.1][A-2.1.2] a joiner who turns into a leaver by a later change loses the rights until a second person approves them', async () => {
  const who = { name: 'Later Twin', birthday: '1980-03-04' }
  const email = 'later.twin@example.cn'
  const left = await joined(stage, { ...who, email })
  await ok(onPerson(stage, left, 'leave', LEFT))
  const hand = as('OM_AUTHORITY', { sub: randomUUID(), person: randomUUID() })
  const ways: [before: object, change: object][] = [
    [{ email: 'fresh.1@example.cn' }, { email: 'Later.Twin@example.cn' }],
    [{ name: who.name }, { birthday: who.birthday }],
    [{ birthday: who.birthday }, { name: ' LATER  twin' }],
  ]
  for (const [before, change] of ways) {
    const person = await joined(stage, { ...before, positionCode: 'BUYER' })
    await workOff(stage)
    expect(await rolesOf(person)).toEqual(['KEY_USER'])
    const changed = await patched(person, change, hand)
    expect(await rolesOf(person)).toEqual([])
    expect((await tasksOf(stage, person.userName)).at(-1)?.kind).toBe('end-responsibility')
    expect(await waiting(person.id)).toMatchObject([{ status: 'pending' }])
    await grantWaiting(stage, person.id)
    expect(await rolesOf(person)).toEqual(['KEY_USER'])
    // What is known and approved is not asked again by a change of something else.
    const away = await patched(changed, { email: `${randomUUID()}@example.cn` })
    expect(await rolesOf(person)).toEqual(['KEY_USER'])
    await ok(onPerson(stage, away, 'leave', LEFT))
  }
})

test('[A-2.1.1] so does one whom a list changes, and whoever changed him does not approve it', async () => {
  const email = 'listed.later@example.cn'
  await ok(onPerson(stage, await joined(stage, { email }), 'leave', LEFT))
  const person = await joined(stage, { positionCode: 'BUYER', email: 'fresh.2@example.cn' })
  const controller = randomUUID()
  const script = as('SCRIPT', { sub: randomUUID(), kind: 'client', controllers: [controller] })
  await ok(
    call(stage, {
      method: 'POST',
      url: '/v1/imports/persons',
      headers: { ...script, 'content-type': 'text/csv' },
      payload: `employeeNumber,name,unitCode,departmentCode,positionCode,email\n${person.employeeNumber},张三,NORTH,FIN,BUYER,${email}`,
    }),
  )
  expect(await rolesOf(person)).toEqual([])
  const [change] = await waiting(person.id)
  if (change === undefined) throw new Error('nothing waits')
  const decider = as('SECURITY_ADMIN', { sub: randomUUID(), person: controller })
  expect(await refusal(approve(stage, change, decider))).toEqual(SAME)
  await ok(approve(stage, change))
})

test('[A-2.1.1] an address that one entry gives up and another takes over is most likely one human with two', async () => {
  const email = 'handed.over@example.cn'
  const givesUp = async () => {
    const person = await joined(stage, { email })
    return patched(person, { email: `${randomUUID()}@example.cn` })
  }
  // By a change while the other is active, and by a joiner after the other has left under the new address.
  const first = await givesUp()
  const takesOver = await joined(stage, { positionCode: 'BUYER', email: 'fresh.3@example.cn' })
  const taken = await patched(takesOver, { email })
  expect(await rolesOf(takesOver)).toEqual([])
  await grantWaiting(stage, takesOver.id)
  await ok(onPerson(stage, taken, 'leave', LEFT))
  await ok(onPerson(stage, first, 'leave', LEFT))
  const joiner = await joined(stage, { positionCode: 'BUYER', email })
  expect(await rolesOf(joiner)).toEqual([])
})

test('[A-2.1.1] who gets the own address of before back, with nobody in between, keeps the rights', async () => {
  const email = 'there.and.back@example.cn'
  const person = await joined(stage, { positionCode: 'BUYER', email })
  await patched(await patched(person, { email: null }), { email })
  expect(await rolesOf(person)).toEqual(['KEY_USER'])
})

test('[A-2.1.1] somebody without rights, or without account, becomes a known leaver without more ado; an account later needs its own approval', async () => {
  const email = 'quiet.leaver@example.cn'
  await ok(onPerson(stage, await joined(stage, { email }), 'leave', LEFT))
  const staff = await joined(stage, { positionCode: 'STAFF' })
  const other = await patched(staff, { email })
  expect(await waiting(staff.id)).toEqual([])
  await ok(onPerson(stage, other, 'leave', LEFT))
  const without = await joined(stage, { withAccount: false })
  await patched(without, { email })
  expect(await waiting(without.id)).toEqual([])
})
