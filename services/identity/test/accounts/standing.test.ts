import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { runTask } from '@erp-steward/test-kit/run-task'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { addAccount, identityStage } from '../account-stage.ts'
import {
  approve,
  as,
  ask,
  call,
  joined,
  ok,
  onPerson,
  put,
  setRights,
  smallCompany,
  type PersonView,
} from '../directory-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
  await smallCompany(stage)
  await setRights(stage, 'CLERK', { roles: ['END_USER'] })
  await setRights(stage, 'BUYER', { roles: ['KEY_USER'] })
})
afterAll(() => stage.release())

/** What was stated about the person, oldest first: state, roles, version. */
async function statements(personId: string) {
  const events = await queuedEvents(stage.db)
  return events
    .filter(({ subject, type }) => subject === personId && type.includes('standing-changed'))
    .map(({ data }) => {
      const { accountStatus, roles, version } = data as {
        accountStatus: string
        roles: string[]
        version: number
      }
      return [accountStatus, roles.join(), version]
    })
}

const lock = async ({ accountId }: PersonView, verb: 'freeze' | 'unfreeze') => {
  const url = `/v1/accounts/${accountId}`
  const headers = as('SECURITY_ADMIN')
  const { version } = await ok<{ version: number }>(call(stage, { method: 'GET', url, headers }))
  const payload = { reason: 'a risk' }
  return ok(call(stage, { method: 'POST', url: `${url}/${verb}`, headers, payload, version }))
}

test('[A-2.1.4] each change of account or rights is stated, the last one when the person leaves', async () => {
  const person = await joined(stage)
  await lock(person, 'freeze')
  await lock(person, 'unfreeze')
  await ok(
    approve(stage, await ask(stage, { kind: 'disable-account', accountId: person.accountId })),
  )
  await ok(
    approve(stage, await ask(stage, { kind: 'enable-account', accountId: person.accountId })),
  )
  await ok(onPerson(stage, person, 'leave', { kind: 'dismissal' }))
  expect(await statements(person.id)).toEqual([
    ['active', 'END_USER', 1],
    ['frozen', 'END_USER', 2],
    ['active', 'END_USER', 3],
    ['disabled', '', 4],
    ['active', 'END_USER', 5],
    ['disabled', '', 6],
  ])
})

test('[A-2.1.2] new rights of a position are stated for everybody who holds it, the same ones for nobody', async () => {
  const person = await joined(stage)
  await setRights(stage, 'CLERK', { roles: ['END_USER', 'KEY_USER'] })
  await setRights(stage, 'CLERK', { roles: ['END_USER', 'KEY_USER'] })
  await setRights(stage, 'CLERK', { roles: ['END_USER'] })
  expect(await statements(person.id)).toEqual([
    ['active', 'END_USER', 1],
    ['active', 'KEY_USER,END_USER', 2],
    ['active', 'END_USER', 3],
  ])
})

test('[A-2.1.1] an administrator who is a person is stated with the one role, from the naming to the leave', async () => {
  await put(stage, '/v1/positions/STAFF', { name: 'Staff' })
  const staff = () => joined(stage, { positionCode: 'STAFF', withAccount: false })
  const person = await staff()
  const change = { kind: 'create-administrator', userName: 'ADMONE', role: 'AUDIT_ADMIN' }
  for (const { id: personId } of [await staff(), person])
    await ok(
      approve(
        stage,
        await ask(stage, {
          ...change,
          userName: `A${personId.slice(0, 8).toUpperCase()}`,
          personId,
        }),
      ),
    )
  const [account] = await stage.db.query<{ id: string }[]>(
    'select id from account where person_id = $1',
    [person.id],
  )
  const admin = { ...person, accountId: String(account?.id) }
  await lock(admin, 'freeze')
  await lock(admin, 'unfreeze')
  await ok(onPerson(stage, person, 'leave', { kind: 'dismissal' }))
  expect(await statements(person.id)).toEqual([
    ['active', 'AUDIT_ADMIN', 1],
    ['frozen', 'AUDIT_ADMIN', 2],
    ['active', 'AUDIT_ADMIN', 3],
    ['disabled', '', 4],
  ])
  const { id } = await addAccount(stage, { administratorRole: 'SYSTEM_ADMIN' })
  const { id: named } = await staff()
  await ok(
    approve(
      stage,
      await ask(stage, { kind: 'name-administrator', accountId: id, personId: named }),
    ),
  )
  expect(await statements(named)).toEqual([['active', 'SYSTEM_ADMIN', 1]])
})

test('[A-2.1.1] administrators of an older site, who were stated to have no account, are stated once', async () => {
  const { personId } = await addAccount(stage)
  await stage.db.query(
    `insert into standing (person_id, account_status, roles, version) values ($1, 'none', '{}', 4)`,
    [personId],
  )
  await stage.db.query(
    `update account set administrator_role = 'AUDIT_ADMIN' where person_id = $1`,
    [personId],
  )
  await runTask(stage, 'state-unstated')
  await runTask(stage, 'state-unstated')
  expect(await statements(String(personId))).toEqual([['active', 'AUDIT_ADMIN', 5]])
})

test('people of an older site are stated once', async () => {
  const { personId } = await addAccount(stage)
  await runTask(stage, 'state-unstated')
  await runTask(stage, 'state-unstated')
  expect(await statements(String(personId))).toEqual([['active', 'END_USER', 1]])
})
