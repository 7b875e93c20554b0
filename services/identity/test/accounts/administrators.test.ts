import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { runTask } from '@erp-steward/test-kit/run-task'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { addAccount, identityStage, newcomer, trySignIn } from '../account-stage.ts'
import {
  approve,
  as,
  ask,
  call,
  grantWaiting,
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
  // A position without rights, for administrators and everybody who needs none.
  await put(stage, '/v1/positions/STAFF', { name: 'Staff' })
})
afterAll(() => stage.release())

const bystander = () => joined(stage, { positionCode: 'STAFF', withAccount: false })
const userName = () => `ADM${randomUUID().slice(0, 8).toUpperCase()}`
const asked = (change: object, headers = as('SYSTEM_ADMIN')) =>
  call(stage, {
    method: 'POST',
    url: '/v1/account-changes',
    headers,
    payload: { change, reason: 'as agreed' },
  })
const readAccount = (filter: string) =>
  ok<{ items: { id: string; personId: string; status: string; unnamed: boolean }[] }>(
    call(stage, { method: 'GET', url: `/v1/accounts?${filter}`, headers: as('SECURITY_ADMIN') }),
  ).then(({ items }) => items[0])

type Role = 'SYSTEM_ADMIN' | 'SECURITY_ADMIN' | 'AUDIT_ADMIN'

/** An administrator who is a person, made by the two who may. */
async function administrator(role: Role, person?: PersonView) {
  const { id: personId, version } = person ?? (await bystander())
  const change = { kind: 'create-administrator', userName: userName(), role, personId }
  await ok(approve(stage, await ask(stage, change)))
  const account = await readAccount(`userName=${change.userName}`)
  if (account === undefined) throw new Error('it was not made')
  return { account, personId, person: { id: personId, version } }
}

const pendingOf = async (subject: string) => {
  const url = '/v1/account-changes?status=pending&limit=200'
  const { items } = await ok<{ items: ChangeView[] }>(
    call(stage, { method: 'GET', url, headers: as('SECURITY_ADMIN') }),
  )
  return items.filter(({ subjectId }) => subjectId === subject)
}

const typesOf = async () => (await queuedEvents(stage.db)).map(({ type }) => type)

test('[A-2.1.1] an administrator account belongs to a person without account and rights', async () => {
  const { account, personId } = await administrator('AUDIT_ADMIN')
  expect(account).toMatchObject({ personId, unnamed: false })
  const clerk = await joined(stage)
  const withoutAccount = await joined(stage, { withAccount: false })
  for (const other of [clerk.id, withoutAccount.id, personId])
    expect(
      await refusal(
        asked({
          kind: 'create-administrator',
          userName: userName(),
          role: 'SYSTEM_ADMIN',
          personId: other,
        }),
      ),
    ).toEqual([409, 'administrator-has-business-role'])
  expect(
    await refusal(
      asked({
        kind: 'create-administrator',
        userName: userName(),
        role: 'SYSTEM_ADMIN',
        personId: randomUUID(),
      }),
    ),
  ).toEqual([422, 'person-unknown'])
})

test('[A-2.1.1] whoever administers gets no business rights: by account, move, import, position or return', async () => {
  const { personId, person } = await administrator('AUDIT_ADMIN')
  const code = [409, 'administrator-has-business-role']
  const place = { unitCode: 'NORTH', departmentCode: 'FIN', positionCode: 'CLERK' }
  expect(await refusal(asked({ kind: 'create-account', personId }))).toEqual([
    409,
    'account-exists',
  ])
  expect(await refusal(onPerson(stage, person, 'move', place))).toEqual(code)
  const { employeeNumber } = await ok<PersonView>(
    call(stage, { method: 'GET', url: `/v1/persons/${personId}`, headers: as('SCRIPT') }),
  )
  const list = await call(stage, {
    method: 'POST',
    url: '/v1/imports/persons',
    headers: { ...as('SCRIPT'), 'content-type': 'text/csv' },
    payload: `employeeNumber,name,unitCode,departmentCode,positionCode\n${employeeNumber},张三,NORTH,FIN,CLERK`,
  })
  expect(list.body).toContain('administrator-has-business-role')
  const rights = {
    kind: 'set-position-roles',
    positionCode: 'STAFF',
    roles: ['END_USER'],
    responsibilities: [],
    ebsRoles: [],
  }
  const change = await ask(stage, rights)
  expect(await refusal(approve(stage, change))).toEqual(code)
  await ok(
    call(stage, {
      method: 'POST',
      url: `/v1/account-changes/${change.id}/reject`,
      headers: as('SECURITY_ADMIN'),
      version: change.version,
      payload: { reason: 'an administrator holds it' },
    }),
  )
  const left = await ok<PersonView>(onPerson(stage, person, 'leave', { kind: 'resignation' }))
  expect(await refusal(onPerson(stage, left, 'rejoin', place))).toEqual(code)
})

test('[A-2.1.4] the account of an administrator ends with the person, also the last one of a role, and that is stated', async () => {
  await stage.db.query(
    `delete from account where administrator_role = 'AUDIT_ADMIN' and person_id is null`,
  )
  await stage.db.query(
    `update account set status = 'disabled' where administrator_role = 'AUDIT_ADMIN'`,
  )
  const { account, person } = await administrator('AUDIT_ADMIN')
  expect(await typesOf()).toContain('identity.account.administrator-role-filled.v1')
  const left = await ok<PersonView>(onPerson(stage, person, 'leave', { kind: 'dismissal' }))
  expect(left.active).toBe(false)
  expect(await readAccount(`personId=${person.id}`)).toMatchObject({ status: 'disabled' })
  expect(await typesOf()).toContain('identity.account.administrator-role-vacant.v1')
  // Coming back opens nothing by itself.
  const place = { unitCode: 'NORTH', departmentCode: 'FIN', positionCode: 'STAFF' }
  await ok(onPerson(stage, left, 'rejoin', place))
  expect(await readAccount(`personId=${person.id}`)).toMatchObject({ status: 'disabled' })
  await ok(approve(stage, await ask(stage, { kind: 'enable-account', accountId: account.id })))
})

test('[A-2.1.1] an account of nobody is stated every day until it is named; naming needs another than who asks and whose it is', async () => {
  const nobody = await addAccount(stage, { administratorRole: 'SECURITY_ADMIN' })
  await runTask(stage, 'state-unnamed-administrators')
  const about = async () =>
    (await queuedEvents(stage.db))
      .filter(({ subject }) => subject === nobody.id)
      .map(({ type }) => type)
  expect(await about()).toEqual(['identity.account.administrator-unnamed.v1'])
  expect(await readAccount(`userName=${nobody.userName}`)).toMatchObject({ unnamed: true })

  const { id: personId } = await bystander()
  const naming = { kind: 'name-administrator', accountId: nobody.id, personId }
  const change = await ok<ChangeView>(asked(naming, as('SYSTEM_ADMIN')))
  expect(await refusal(approve(stage, change, as('SYSTEM_ADMIN')))).toEqual([409, 'same-person'])
  const own = as('SECURITY_ADMIN', { sub: nobody.id })
  expect(await refusal(approve(stage, change, own))).toEqual([409, 'same-person'])
  await ok(approve(stage, change, as('AUDIT_ADMIN')))
  expect(await readAccount(`userName=${nobody.userName}`)).toMatchObject({
    personId,
    unnamed: false,
  })
  expect(await about()).toContain('identity.account.administrator-named.v1')
  const { id: second } = await bystander()
  expect(await refusal(asked({ ...naming, personId: second }))).toEqual([
    409,
    'administrator-named',
  ])
})

test('[A-2.1.1] what an administrator asked for before the account was named is that person’s', async () => {
  const system = await addAccount(stage, { administratorRole: 'SYSTEM_ADMIN' })
  const clerk = await joined(stage)
  const change = await ok<ChangeView>(
    asked(
      { kind: 'disable-account', accountId: clerk.accountId },
      as('SYSTEM_ADMIN', { sub: system.id }),
    ),
  )
  const { id: personId } = await bystander()
  const naming = { kind: 'name-administrator', accountId: system.id, personId }
  await ok(approve(stage, await ok<ChangeView>(asked(naming)), as('AUDIT_ADMIN')))
  const other = as('SECURITY_ADMIN', { sub: randomUUID(), person: personId })
  expect(await refusal(approve(stage, change, other))).toEqual([409, 'same-person'])
  expect((await approve(stage, change)).statusCode).toBe(200)
})

test.each(['SYSTEM_ADMIN', 'SECURITY_ADMIN'] as const)(
  '[A-2.1.1] a %s of nobody may be any of the others: it counts as no second hand, also behind a client, until it is named',
  async (role) => {
    const unnamed = [409, 'administrator-unnamed']
    const nobody = await addAccount(stage, { administratorRole: role })
    const own = as(role, { sub: nobody.id })
    const post = (url: string, headers: Record<string, string>, payload?: object) =>
      call(stage, { method: 'POST', url, headers, ...(payload !== undefined && { payload }) })
    const clerk = await joined(stage)
    const password = `/v1/accounts/${clerk.accountId}/initial-password`
    expect(await refusal(post(password, own))).toEqual(unnamed)
    const client = await ask(stage, {
      kind: 'create-client',
      name: `machine ${role}`,
      role: 'MONITORING_AGENT',
      unitId: null,
    })
    await ok(approve(stage, client))
    const secret = `/v1/clients/${client.subjectId}/secret`
    expect(await refusal(post(secret, own))).toEqual(unnamed)
    await ok(post(secret, as(role === 'SYSTEM_ADMIN' ? 'SECURITY_ADMIN' : 'SYSTEM_ADMIN')))
    expect(await refusal(post(`${secret}/second-half`, own))).toEqual(unnamed)

    const disable = { kind: 'disable-account', accountId: clerk.accountId }
    const change = await ok<ChangeView>(
      asked(disable, role === 'SYSTEM_ADMIN' ? own : as('SYSTEM_ADMIN')),
    )
    const decider = role === 'SYSTEM_ADMIN' ? as('SECURITY_ADMIN') : own
    expect(await refusal(approve(stage, change, decider))).toEqual(unnamed)

    // A client that it holds a half of moves somebody: who would approve that?
    const script = randomUUID()
    await stage.db.query(
      `insert into client (id, name, role, status, created_at) values ($1, $2, 'SCRIPT', 'active', $3)`,
      [script, `script ${script}`, stage.now],
    )
    await stage.db.query(
      `insert into client_controller (client_id, actor, part, since) values ($1, $2, 'first-half', $3)`,
      [script, nobody.id, stage.now],
    )
    const place = { unitCode: 'SOUTH', departmentCode: 'FIN', positionCode: 'CLERK' }
    const byScript = as('SCRIPT', { sub: script, kind: 'client' })
    await ok(onPerson(stage, clerk, 'move', place, byScript))
    await expect(grantWaiting(stage, clerk.id)).rejects.toThrow('administrator-unnamed')

    const { id: personId } = await bystander()
    const naming = { kind: 'name-administrator', accountId: nobody.id, personId }
    await ok(approve(stage, await ok<ChangeView>(asked(naming)), as('AUDIT_ADMIN')))
    // From now on it is known who that was: not whoever approves, unless it is.
    const itself = as('SECURITY_ADMIN', { sub: randomUUID(), person: personId })
    const waiting = (await pendingOf(clerk.id))[0] ?? change
    expect(await refusal(approve(stage, waiting, itself))).toEqual([409, 'same-person'])
    await grantWaiting(stage, clerk.id)
    await ok(approve(stage, change))
  },
)

test('[A-2.1.7][A-2.2.2] a security administrator of nobody neither releases nor unlocks, but rejects', async () => {
  const nobody = await addAccount(stage, { administratorRole: 'SECURITY_ADMIN' })
  const own = as('SECURITY_ADMIN', { sub: nobody.id })
  const clerk = await joined(stage)
  const url = `/v1/accounts/${clerk.accountId}`
  const act = (verb: string, headers: Record<string, string>, version?: number) =>
    call(stage, {
      method: 'POST',
      url: `${url}/${verb}`,
      headers,
      payload: { reason: 'looked into' },
      ...(version !== undefined && { version }),
    })
  await ok(act('freeze', own, 1))
  expect(await refusal(act('unfreeze', own, 2))).toEqual([409, 'administrator-unnamed'])
  expect(await refusal(act('unlock', own))).toEqual([409, 'administrator-unnamed'])
  const change = await ask(stage, { kind: 'disable-account', accountId: clerk.accountId })
  const rejection = `/v1/account-changes/${change.id}/reject`
  await ok(
    call(stage, {
      method: 'POST',
      url: rejection,
      headers: own,
      version: 1,
      payload: { reason: 'not agreed' },
    }),
  )
})

test('[A-2.1.1] only a naming is asked for and decided by others than the system and the security administrator', async () => {
  const clerk = await joined(stage)
  const disable = { kind: 'disable-account', accountId: clerk.accountId }
  for (const role of ['SECURITY_ADMIN', 'AUDIT_ADMIN'] as const)
    expect(await refusal(asked(disable, as(role)))).toEqual([403, 'permission-missing'])
  const change = await ask(stage, disable)
  for (const role of ['SYSTEM_ADMIN', 'AUDIT_ADMIN'] as const)
    expect(await refusal(approve(stage, change, as(role)))).toEqual([403, 'permission-missing'])
})

test('[A-2.1.4] an administrator whose person has left signs in no more', async () => {
  const { account } = await newcomer(stage, { administratorRole: 'AUDIT_ADMIN' })
  const person = await bystander()
  const naming = { kind: 'name-administrator', accountId: account.id, personId: person.id }
  await ok(approve(stage, await ok<ChangeView>(asked(naming))))
  expect((await trySignIn(stage, account)).statusCode).toBe(201)
  await ok(onPerson(stage, person, 'leave', { kind: 'resignation' }))
  expect((await trySignIn(stage, account)).statusCode).toBe(401)
})
