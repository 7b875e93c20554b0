import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { testDatabase } from '@erp-steward/test-kit/test-database'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { AccountEntity } from '../../src/accounts/account.ts'
import { testAct } from '@erp-steward/test-kit/test-act'
import { restoreAdministrator } from '../../src/accounts/restore-administrator.ts'
import { sealInClear } from '../../src/people/seal-in-clear.ts'
import { createFirstAdministrators } from '../../src/accounts/create-first-administrators.ts'
import { identity } from '../../src/service.ts'
import {
  addAccount,
  claimPassword,
  claimSecret,
  identityStage,
  newcomer,
  refreshed,
  setUpFactor,
  signedIn,
  trySignIn,
} from '../account-stage.ts'
import {
  approve,
  as,
  ask,
  call,
  factsAbout,
  join,
  joined,
  ok,
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
})
afterAll(() => stage.release())

const post = (url: string, headers: Record<string, string>, payload?: object, version?: number) =>
  call(stage, {
    method: 'POST',
    url,
    headers,
    ...(payload !== undefined && { payload }),
    ...(version !== undefined && { version }),
  })

const accountById = (id: string) => stage.db.manager.findOneByOrFail(AccountEntity, { id })

const request = (change: object, headers = as('SYSTEM_ADMIN')) =>
  post('/v1/account-changes', headers, { change, reason: 'as agreed' })

test('[A-2.1.1] an account of the system administrator exists only after the security administrator approved', async () => {
  const person = await joined(stage, { withAccount: false })
  expect(person.accountId).toBeNull()
  const change = await ask(stage, { kind: 'create-account', personId: person.id })
  expect(change).toMatchObject({ status: 'pending', subjectId: person.id })
  expect(await stage.db.manager.existsBy(AccountEntity, { personId: person.id })).toBe(false)
  expect(await ok(approve(stage, change))).toMatchObject({ status: 'approved', version: 2 })
  const account = await stage.db.manager.findOneByOrFail(AccountEntity, { personId: person.id })
  expect(account.status).toBe('active')
  expect(await factsAbout(stage, change.id)).toEqual([
    'identity.account.change-requested.v1',
    'identity.account.change-decided.v1',
  ])
})

test('of ten approvals at once one takes effect', async () => {
  const person = await joined(stage, { withAccount: false })
  const change = await ask(stage, { kind: 'create-account', personId: person.id })
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => approve(stage, change, as('SECURITY_ADMIN'))),
  )
  const statuses = answers.map(({ statusCode }) => statusCode).sort()
  expect(statuses).toEqual([200, ...Array<number>(9).fill(409)])
  const events = await queuedEvents(stage.db)
  const created = events.filter(
    ({ type, data }) =>
      type === 'identity.account.created.v1' &&
      (data as { personId: string | null }).personId === person.id,
  )
  expect(created).toHaveLength(1)
})

test('an approval and a rejection at once: one of them counts', async () => {
  const person = await joined(stage, { withAccount: false })
  const change = await ask(stage, { kind: 'create-account', personId: person.id })
  const url = `/v1/account-changes/${change.id}/reject`
  const answers = await Promise.all([
    approve(stage, change),
    post(url, as('SECURITY_ADMIN'), { reason: 'no' }, change.version),
  ])
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409])
})

test('[A-2.1.2] who asked may not approve, not even with both roles', async () => {
  const person = await joined(stage, { withAccount: false })
  const sub = randomUUID()
  const change = await ok<{ id: string; subjectId: string; status: string; version: number }>(
    request({ kind: 'create-account', personId: person.id }, as('SYSTEM_ADMIN', { sub })),
  )
  expect(await refusal(approve(stage, change, as('SECURITY_ADMIN', { sub })))).toEqual([
    409,
    'same-person',
  ])
  const twin = as('SECURITY_ADMIN', { person: person.id })
  expect(await refusal(approve(stage, change, twin))).toEqual([409, 'same-person'])
})

test('nobody decides about the own account', async () => {
  const other = await addAccount(stage, { administratorRole: 'SECURITY_ADMIN' })
  await addAccount(stage, { administratorRole: 'SECURITY_ADMIN' })
  const change = await ask(stage, { kind: 'disable-account', accountId: other.id })
  const own = as('SECURITY_ADMIN', { sub: other.id })
  expect(await refusal(approve(stage, change, own))).toEqual([409, 'same-person'])
})

test('a rejection needs a reason and has no effect', async () => {
  const person = await joined(stage, { withAccount: false })
  const change = await ask(stage, { kind: 'create-account', personId: person.id })
  const url = `/v1/account-changes/${change.id}/reject`
  expect(await refusal(post(url, as('SECURITY_ADMIN'), {}, 1))).toEqual([422, 'validation-failed'])
  const rejected = await ok(post(url, as('SECURITY_ADMIN'), { reason: 'not needed' }, 1))
  expect(rejected).toMatchObject({ status: 'rejected', decisionReason: 'not needed' })
  expect(await stage.db.manager.existsBy(AccountEntity, { personId: person.id })).toBe(false)
  expect(await refusal(approve(stage, change))).toEqual([409, 'account-change-decided'])
})

test('the same change waits only once per subject', async () => {
  const person = await joined(stage, { withAccount: false })
  const change = { kind: 'create-account', personId: person.id }
  await ask(stage, change)
  expect(await refusal(request(change))).toEqual([409, 'account-change-pending'])
})

test('an approval whose effect is refused leaves the change pending', async () => {
  const person = await joined(stage, { withAccount: false })
  const userName = `U${randomUUID().slice(0, 8).toUpperCase()}`
  const change = await ask(stage, { kind: 'create-account', personId: person.id, userName })
  await joined(stage, { accountUserName: userName })
  expect(await refusal(approve(stage, change))).toEqual([409, 'user-name-taken'])
  const url = `/v1/account-changes/${change.id}`
  const read = call(stage, { method: 'GET', url, headers: as('AUDIT_ADMIN') })
  expect(await ok(read)).toMatchObject({ status: 'pending', version: 1 })
})

test('[A-2.1.4] a disabled account is shut out and can be enabled again, both by approval', async () => {
  const person = await joined(stage)
  await workOff(stage)
  const { accountId } = person
  await ok(approve(stage, await ask(stage, { kind: 'disable-account', accountId })))
  expect(await accountById(accountId)).toMatchObject({ status: 'disabled', epoch: 1 })
  const again = await ask(stage, { kind: 'disable-account', accountId })
  expect(await refusal(approve(stage, again))).toEqual([409, 'account-state'])
  await ok(approve(stage, await ask(stage, { kind: 'enable-account', accountId })))
  expect(await accountById(accountId)).toMatchObject({ status: 'active', disabledAt: null })
  const kinds = (await tasksOf(stage, person.userName)).map(({ kind }) => kind)
  expect(kinds).toEqual(['create-user', 'end-date-user', 'enable-user', 'update-user'])
})

test('[A-2.1.2][A-2.1.4] new rights of a position reach everybody who holds it', async () => {
  await put(stage, '/v1/positions/TELLER', { name: '出纳' })
  const people = [
    await joined(stage, { positionCode: 'TELLER' }),
    await joined(stage, { positionCode: 'TELLER' }),
  ]
  const [gl, ap] = [responsibility('SQLGL', 'GL'), responsibility('SQLAP', 'AP')]
  await setRights(stage, 'TELLER', { roles: ['END_USER'], responsibilities: [gl] })
  await setRights(stage, 'TELLER', { roles: ['KEY_USER'], responsibilities: [ap] })
  for (const { userName, accountId } of people) {
    const calls = (await tasksOf(stage, userName)).map(
      ({ kind, expected }) => `${kind} ${expected.responsibilityKey ?? ''}`,
    )
    expect(calls).toEqual([
      'create-user ',
      'add-responsibility GL',
      'end-responsibility GL',
      'add-responsibility AP',
    ])
    expect(await accountById(accountId)).toMatchObject({ epoch: 2 })
  }
  const url = '/v1/positions/TELLER'
  const read = call(stage, { method: 'GET', url, headers: as('END_USER') })
  expect(await ok(read)).toMatchObject({ roles: ['KEY_USER'], responsibilities: [ap], version: 3 })
})

test('moves and new rights of both positions at once end without a deadlock', async () => {
  for (const code of ['LEFT', 'RIGHT']) await put(stage, `/v1/positions/${code}`, { name: code })
  const people = await Promise.all(
    Array.from({ length: 6 }, () => joined(stage, { positionCode: 'LEFT' })),
  )
  const changes = []
  for (const positionCode of ['LEFT', 'RIGHT'])
    changes.push(
      await ask(stage, {
        kind: 'set-position-roles',
        positionCode,
        roles: ['END_USER'],
        responsibilities: [responsibility('SQLGL', positionCode)],
        ebsRoles: [],
      }),
    )
  const place = { unitCode: 'SOUTH', departmentCode: 'FIN', positionCode: 'RIGHT' }
  const answers = await Promise.all([
    ...people.map(({ id }) => post(`/v1/persons/${id}/move`, as('SCRIPT'), place, 1)),
    ...changes.map((change) => approve(stage, change)),
  ])
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(8).fill(200))
  // Whatever came first, the calls leave each with the rights of the new position alone.
  for (const { userName } of people) {
    const held = new Set<string>()
    for (const { kind, expected } of await tasksOf(stage, userName)) {
      if (kind === 'add-responsibility') held.add(String(expected.responsibilityKey))
      if (kind === 'end-responsibility') held.delete(String(expected.responsibilityKey))
    }
    expect([...held]).toEqual(['RIGHT'])
  }
})

test('[A-4.3.3] no position can carry an administrator or a machine', async () => {
  for (const role of ['SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN', 'MIDDLEWARE', 'SCRIPT']) {
    const change = {
      kind: 'set-position-roles',
      positionCode: 'CLERK',
      roles: [role],
      responsibilities: [],
      ebsRoles: [],
    }
    expect(await refusal(request(change))).toEqual([422, 'validation-failed'])
  }
})

test('a machine may call after approval only, and a rejected one never', async () => {
  const client = { kind: 'create-client', role: 'SCRIPT', unitId: null }
  const change = await ask(stage, { ...client, name: 'joiner script' })
  const stateOf = async (id: string) => {
    const [row]: { status: string }[] = await stage.db.query(
      'select status from client where id = $1',
      [id],
    )
    return row?.status
  }
  expect(await stateOf(change.subjectId)).toBe('pending')
  await ok(approve(stage, change))
  expect(await stateOf(change.subjectId)).toBe('active')
  const clientId = change.subjectId
  await ok(approve(stage, await ask(stage, { kind: 'disable-client', clientId })))
  expect(await stateOf(clientId)).toBe('disabled')
  const refused = await ask(stage, { ...client, name: 'unwanted script' })
  const url = `/v1/account-changes/${refused.id}/reject`
  await ok(post(url, as('SECURITY_ADMIN'), { reason: 'who needs it?' }, 1))
  expect(await stateOf(refused.subjectId)).toBe('disabled')
})

test.each([
  ['an unknown person', { kind: 'create-account', personId: randomUUID() }, 'person-unknown'],
  ['an unknown account', { kind: 'disable-account', accountId: randomUUID() }, 'account-unknown'],
  ['an unknown client', { kind: 'disable-client', clientId: randomUUID() }, 'client-unknown'],
  [
    'an unknown unit',
    { kind: 'create-client', name: 'x', role: 'SCRIPT', unitId: randomUUID() },
    'unit-unknown',
  ],
  [
    'a reserved name',
    {
      kind: 'create-administrator',
      userName: 'SYSADMIN',
      role: 'AUDIT_ADMIN',
      personId: randomUUID(),
    },
    'user-name-taken',
  ],
  ['an unknown kind', { kind: 'delete-account', accountId: randomUUID() }, 'validation-failed'],
  [
    'a business role for an administrator',
    {
      kind: 'create-administrator',
      userName: 'BOSS',
      role: 'OM_AUTHORITY',
      personId: randomUUID(),
    },
    'validation-failed',
  ],
  [
    'an administrator of nobody',
    { kind: 'create-administrator', userName: 'BOSS', role: 'AUDIT_ADMIN' },
    'validation-failed',
  ],
])('a change for %s is refused', async (_what, change, code) => {
  expect((await refusal(request(change)))[1]).toBe(code)
})

test.each(['SECURITY_ADMIN', 'AUDIT_ADMIN', 'OM_AUTHORITY', 'SCRIPT', 'END_USER'] as const)(
  '%s may not ask for a change',
  async (role) => {
    const change = { kind: 'disable-account', accountId: randomUUID() }
    expect(await refusal(request(change, as(role)))).toEqual([403, 'permission-missing'])
  },
)

test.each(['SYSTEM_ADMIN', 'AUDIT_ADMIN', 'OM_AUTHORITY', 'SCRIPT'] as const)(
  '%s may not approve',
  async (role) => {
    const person = await joined(stage, { withAccount: false })
    const change = await ask(stage, { kind: 'create-account', personId: person.id })
    expect(await refusal(approve(stage, change, as(role)))).toEqual([403, 'permission-missing'])
  },
)

test('[A-2.1.7][A-2.1.8] a frozen account is out at once; only the security administrator releases it', async () => {
  const { account, headers } = await newcomer(stage)
  const url = `/v1/accounts/${account.id}`
  const frozen = await post(`${url}/freeze`, as('SYSTEM_ADMIN'), { reason: 'stolen laptop' }, 1)
  expect(frozen.json()).toMatchObject({ status: 'frozen', version: 2 })
  const own = call(stage, { method: 'GET', url: '/v1/units', headers })
  expect(await refusal(own)).toEqual([401, 'token-revoked'])
  expect((await trySignIn(stage, account)).statusCode).toBe(401)
  const release = (role: 'SYSTEM_ADMIN' | 'SECURITY_ADMIN') =>
    post(`${url}/unfreeze`, as(role), { reason: 'looked into' }, 2)
  expect(await refusal(release('SYSTEM_ADMIN'))).toEqual([403, 'permission-missing'])
  expect((await release('SECURITY_ADMIN')).json()).toMatchObject({ status: 'active' })
  expect((await trySignIn(stage, account)).statusCode).toBe(201)
  const kinds = (await tasksOf(stage, account.userName)).map(({ kind }) => kind)
  expect(kinds).toEqual(['end-date-user', 'enable-user'])
})

test('[A-2.1.7] one call by user name shuts an account, needs no version, and is repeated without harm', async () => {
  const { account, headers } = await newcomer(stage)
  const lockDown = (named: object, role: 'SECURITY_ADMIN' | 'AUDIT_ADMIN' = 'SECURITY_ADMIN') =>
    post('/v1/accounts/lockdowns', as(role), { ...named, reason: 'phished' })
  const byName = { userName: account.userName.toLowerCase() }
  expect(await refusal(lockDown(byName, 'AUDIT_ADMIN'))).toEqual([403, 'permission-missing'])

  const [first, second] = [await lockDown(byName), await lockDown({ accountId: account.id })]
  expect(first.json()).toMatchObject({ id: account.id, status: 'frozen', version: 2 })
  expect(second.json()).toEqual(first.json())
  expect(second.headers.etag).toBe('"2"')
  const own = call(stage, { method: 'GET', url: '/v1/units', headers })
  expect(await refusal(own)).toEqual([401, 'token-revoked'])
  const frozen = await factsAbout(stage, account.id)
  expect(frozen.filter((type) => type === 'identity.account.frozen.v1')).toHaveLength(1)
})

test('[A-2.1.7] of parallel calls one freezes, and neither nobody nor both names are taken', async () => {
  const { account } = await newcomer(stage)
  const lockDown = (named: object) =>
    post('/v1/accounts/lockdowns', as('SYSTEM_ADMIN'), { ...named, reason: 'risk' })
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => lockDown({ accountId: account.id })),
  )
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200, 200])
  const facts = await factsAbout(stage, account.id)
  expect(facts.filter((type) => type === 'identity.account.frozen.v1')).toHaveLength(1)
  expect(await refusal(lockDown({ userName: 'NOBODY.AT.ALL' }))).toEqual([404, 'account-unknown'])
  expect(await refusal(lockDown({}))).toEqual([422, 'validation-failed'])
  const both = { accountId: account.id, userName: account.userName }
  expect(await refusal(lockDown(both))).toEqual([422, 'validation-failed'])
})

test('the last administrator of a kind can be neither frozen nor disabled, nor two at the same moment', async () => {
  const audits = [
    await addAccount(stage, { administratorRole: 'AUDIT_ADMIN' }),
    await addAccount(stage, { administratorRole: 'AUDIT_ADMIN' }),
  ]
  const answers = await Promise.all(
    audits.map(({ id }) =>
      post(`/v1/accounts/${id}/freeze`, as('SECURITY_ADMIN'), { reason: 'risk' }, 1),
    ),
  )
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409])
})

test('of several hosts that start at once one makes the three administrators', async () => {
  const database = await testDatabase(identity)
  const { db } = database
  const now = new Date()
  const kept: unknown[] = []
  const create = () => createFirstAdministrators(db, now, (created) => kept.push(created))
  const made = await Promise.all(Array.from({ length: 4 }, create))
  const later = await create()
  await database.release()
  expect(made.map(({ length }) => length).sort()).toEqual([0, 0, 0, 3])
  expect(made.flat().map(({ userName, role }) => `${userName} ${role}`)).toEqual([
    'SYSADM SYSTEM_ADMIN',
    'SECADM SECURITY_ADMIN',
    'AUDADM AUDIT_ADMIN',
  ])
  expect(later).toEqual([])
  expect(kept).toEqual([made.flat()])
})

test('[A-2.2.3] the operator of the host gives a lone security administrator a way back in, and the ledger hears of it', async () => {
  const { account } = await newcomer(stage, { administratorRole: 'SECURITY_ADMIN' })
  for (let tries = 0; tries < 5; tries += 1) await trySignIn(stage, account, 'not it at all')
  const restore = (userName: string) =>
    stage.db.transaction((tx) =>
      restoreAdministrator(tx, userName, testAct({ now: stage.now, actor: 'host:root' })),
    )
  const password = await restore(account.userName.toLowerCase())
  expect((await trySignIn(stage, account)).statusCode).toBe(401)
  expect((await trySignIn(stage, account, password)).json()).toMatchObject({
    mustChangePassword: true,
  })
  const facts = (await queuedEvents(stage.db)).filter(
    ({ subject, actor }) => subject === account.id && actor === 'host:root',
  )
  const types = facts.map(({ type }) => type)
  expect(types).toContain('identity.security.initial-password-issued.v1')
  expect(types).toContain('identity.security.credential-reset.v1')
})

test('nobody but an administrator is restored at the host', async () => {
  const { account } = await newcomer(stage)
  await expect(
    stage.db.transaction((tx) => restoreAdministrator(tx, account.userName, testAct())),
  ).rejects.toThrow('no active administrator')
})

test('administrators whose passwords cannot be kept do not exist', async () => {
  const database = await testDatabase(identity)
  const { db } = database
  const create = createFirstAdministrators(db, new Date(), () => {
    throw new Error('disk full')
  })
  await expect(create).rejects.toThrow('disk full')
  expect(await db.manager.count(AccountEntity)).toBe(0)
  await database.release()
})

test('[A-1.2][A-2.1.1] three administrators set everything up from nothing, by the API alone; until they are named they approve only what that takes', async () => {
  const fresh = await identityStage()
  try {
    const tokens = new Map<string, { authorization: string }>()
    const administrators = await createFirstAdministrators(fresh.db, fresh.now, () => undefined)
    // As the start does: the names were written before the keys were there.
    await sealInClear(fresh.db, fresh.now)
    const chosen = 'Hohe-Birke-77-Wind'
    for (const { userName, role, password } of administrators) {
      const first = await signedIn(fresh, { userName }, password)
      const payload = { currentPassword: password, newPassword: chosen }
      const own = { method: 'PUT', url: '/v1/accounts/me/password', payload } as const
      await call(fresh, { ...own, headers: first.headers })
      const due = await signedIn(fresh, { userName }, chosen)
      expect(due.mustSetUpSecondFactor).toBe(true)
      await setUpFactor(fresh, due.headers, { userName, password: chosen })
      tokens.set(role, (await refreshed(fresh, due)).headers)
    }
    const by = (role: string) => tokens.get(role) ?? { authorization: '' }
    const put = (url: string, payload: object) =>
      ok(call(fresh, { method: 'PUT', url, headers: by('SYSTEM_ADMIN'), payload }))
    await put('/v1/units/HQ', { name: 'HQ', kind: 'HEADQUARTERS' })
    await put('/v1/departments/HQ/IT', { name: 'IT' })
    await put('/v1/positions/HEAD', { name: 'Head of IT' })
    await put('/v1/positions/ADMIN', { name: 'Administrator' })
    const asked = (change: object) =>
      ok<ChangeView>(
        call(fresh, {
          method: 'POST',
          url: '/v1/account-changes',
          headers: by('SYSTEM_ADMIN'),
          payload: { change, reason: 'first set-up' },
        }),
      )
    const confirm = async (change: object, role = 'SECURITY_ADMIN') => {
      const waiting = await asked(change)
      await ok(approve(fresh, waiting, by(role)))
      return waiting.subjectId
    }
    const rights = await asked({
      kind: 'set-position-roles',
      positionCode: 'HEAD',
      roles: ['OM_AUTHORITY'],
      responsibilities: [],
      ebsRoles: [],
    })
    const unnamed = [409, 'administrator-unnamed']
    const grantRights = () => approve(fresh, rights, by('SECURITY_ADMIN'))
    expect(await refusal(grantRights())).toEqual(unnamed)
    const machine = { kind: 'create-client', unitId: null }
    const middleware = await asked({ ...machine, name: 'ERP', role: 'MIDDLEWARE' })
    expect(await refusal(approve(fresh, middleware, by('SECURITY_ADMIN')))).toEqual(unnamed)

    const clientId = await confirm({ ...machine, name: 'personnel system', role: 'SCRIPT' })
    const secret = await claimSecret(fresh, clientId, by('SYSTEM_ADMIN'), by('AUDIT_ADMIN'))
    const granted = await fresh.app.inject({
      method: 'POST',
      url: '/v1/tokens',
      payload: { grant_type: 'client_credentials', client_id: clientId, client_secret: secret },
    })
    const { access_token: script } = granted.json<{ access_token: string }>()
    const taken = (members: object) =>
      ok<PersonView>(
        join(
          fresh,
          { unitCode: 'HQ', departmentCode: 'IT', ...members },
          {
            authorization: `Bearer ${script}`,
          },
        ),
      )
    const { items } = await ok<{ items: { id: string; administratorRole: string }[] }>(
      call(fresh, { method: 'GET', url: '/v1/accounts', headers: by('SYSTEM_ADMIN') }),
    )
    for (const [role, decider] of [
      ['AUDIT_ADMIN', 'SECURITY_ADMIN'],
      ['SECURITY_ADMIN', 'AUDIT_ADMIN'],
    ] as const) {
      const accountId = items.find(({ administratorRole }) => administratorRole === role)?.id
      const { id: personId } = await taken({ positionCode: 'ADMIN', withAccount: false })
      await confirm({ kind: 'name-administrator', accountId, personId }, decider)
      const userName = role === 'AUDIT_ADMIN' ? 'AUDADM' : 'SECADM'
      tokens.set(role, (await signedIn(fresh, { userName }, chosen)).headers)
    }
    // Who asked is not named yet, and might be the one who approves.
    expect(await refusal(grantRights())).toEqual(unnamed)
    const system = items.find(({ administratorRole }) => administratorRole === 'SYSTEM_ADMIN')
    const { id: personId } = await taken({ positionCode: 'ADMIN', withAccount: false })
    await confirm({ kind: 'name-administrator', accountId: system?.id, personId })
    tokens.set('SYSTEM_ADMIN', (await signedIn(fresh, { userName: 'SYSADM' }, chosen)).headers)
    await ok(grantRights())

    const head = await taken({ positionCode: 'HEAD' })
    const url = `/v1/accounts/${head.accountId}`
    const read = { method: 'GET', url, headers: by('SYSTEM_ADMIN') } as const
    expect(await ok(call(fresh, read))).toMatchObject({ roles: ['OM_AUTHORITY'], range: 'company' })
    await claimPassword(fresh, head.accountId, by('SECURITY_ADMIN'), by('SYSTEM_ADMIN'))
  } finally {
    await fresh.release()
  }
})
