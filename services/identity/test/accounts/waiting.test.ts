import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { DAY } from '@erp-steward/test-kit/instants'
import { saidOfWaits } from '@erp-steward/test-kit/said-of-waits'
import { runTask } from '@erp-steward/test-kit/run-task'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { toldAttention } from '@erp-steward/test-kit/told-attention'
import { addAccount, identityStage, pass } from '../account-stage.ts'
import { approve, as, ask, call, joined, ok, smallCompany } from '../directory-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
  await smallCompany(stage)
})
afterAll(() => stage.release())
beforeEach(async () => {
  await stage.db.query(`update account set status = 'disabled'`)
  await stage.db.query('delete from account_change; delete from wait_alarm; delete from outbox')
})

const said = async (kind: string) => (await saidOfWaits(stage.db, kind)).map((each) => each.said)
const DISABLING = 'account-change.disable-account'
const set = (id: string, status: string) =>
  stage.db.query('update account set status = $2 where id = $1', [id, status])
const watch = () => runTask(stage, 'watch-waits')

test('[A-2.1.1] a change that no security administrator can decide is an alarm when it is asked for, until one can', async () => {
  const { accountId } = await joined(stage)
  await addAccount(stage, { administratorRole: 'AUDIT_ADMIN' })
  const change = await ask(stage, { kind: 'disable-account', accountId })
  expect(await saidOfWaits(stage.db, DISABLING)).toMatchObject([
    { said: 'undecidable', subject: change.id, permission: 'account-change.decide' },
  ])
  // The first administrators belong to nobody yet, but can be named.
  const security = await addAccount(stage, { administratorRole: 'SECURITY_ADMIN' })
  await watch()
  await set(security.id, 'frozen')
  await watch()
  expect(await said(DISABLING)).toEqual(['undecidable', 'decidable', 'undecidable'])
  await set(security.id, 'active')
  await ok(approve(stage, change))
  await watch()
  expect(await said(DISABLING)).toEqual(['undecidable', 'decidable', 'undecidable', 'decidable'])
})

test('[A-2.1.1] what concerns the only security administrator is an alarm, for nobody stands in for him there', async () => {
  const security = await addAccount(stage, { administratorRole: 'SECURITY_ADMIN' })
  await addAccount(stage, { administratorRole: 'AUDIT_ADMIN' })
  await ask(stage, { kind: 'disable-account', accountId: security.id })
  expect(await said(DISABLING)).toEqual(['undecidable'])
})

test('[A-2.2.3] a first half that nobody can complete is an alarm, and is warned of before it ends', async () => {
  const account = await addAccount(stage)
  const first = await addAccount(stage, { administratorRole: 'SECURITY_ADMIN' })
  const { id: person } = await joined(stage, { withAccount: false })
  await stage.db.query('update account set person_id = $2 where id = $1', [first.id, person])
  const headers = as('SECURITY_ADMIN', { sub: first.id, person })
  const url = `/v1/accounts/${account.id}/initial-password`
  const { expiresAt } = await ok<{ expiresAt: string }>(
    call(stage, { method: 'POST', url, headers }),
  )
  // Another of the same role has no second half.
  await addAccount(stage, { administratorRole: 'SECURITY_ADMIN' })
  await watch()
  expect(await said('initial-password.complete')).toEqual(['undecidable'])
  await addAccount(stage, { administratorRole: 'SYSTEM_ADMIN' })
  await watch()
  pass(stage, new Date(expiresAt).getTime() - stage.now.getTime() - 1)
  await watch()
  pass(stage, 1)
  await watch()
  expect(await said('initial-password.complete')).toEqual([
    'undecidable',
    'decidable',
    'running-out',
  ])
})

test('[A-4.2.4] the half of a secret of a client that nobody can complete is an alarm', async () => {
  const first = await addAccount(stage, { administratorRole: 'SECURITY_ADMIN' })
  const id = randomUUID()
  await stage.db.query(
    `insert into client (id, name, role, status, half_digest, half_by, half_role, created_at)
     values ($1, 'a script', 'SCRIPT', 'active', 'x', $2, 'SECURITY_ADMIN', $3)`,
    [id, first.id, stage.now],
  )
  await watch()
  expect(await saidOfWaits(stage.db, 'client-secret.complete')).toMatchObject([
    { said: 'undecidable', subject: id },
  ])
  await addAccount(stage, { administratorRole: 'AUDIT_ADMIN' })
  await watch()
  expect(await said('client-secret.complete')).toEqual(['undecidable', 'decidable'])
})

test('[A-4.2.4] a key of a client that nobody can confirm is an alarm, and wants a human after a day until it is confirmed', async () => {
  const first = await addAccount(stage, { administratorRole: 'SECURITY_ADMIN' })
  const id = randomUUID()
  await stage.db.query(
    `insert into client (id, name, role, status, created_at) values ($1, 'a feed', 'SCRIPT', 'active', $2)`,
    [id, stage.now],
  )
  await stage.db.query(
    `insert into client_key (client_id, thumbprint, jwk, asked_by, asked_role, asked_at)
     values ($1, 'print', '{}', $2, 'SECURITY_ADMIN', $3)`,
    [id, first.id, stage.now],
  )
  await watch()
  expect(await said('client-key.confirm')).toEqual(['undecidable'])
  await addAccount(stage, { administratorRole: 'AUDIT_ADMIN' })
  await watch()
  expect(await said('client-key.confirm')).toEqual(['undecidable', 'decidable'])
  const wanting = () => toldAttention(stage, { kind: 'client-key-waiting' })
  pass(stage, DAY - 1)
  expect(await wanting()).toEqual([])
  pass(stage, 1)
  expect(await wanting()).toMatchObject([
    { subject: 'print', name: 'a feed', mending: 'listClientKeys', target: id },
  ])
  await stage.db.query(`update client set status = 'disabled' where id = $1`, [id])
  expect(await wanting()).toEqual([])
  await stage.db.query(`update client set status = 'active' where id = $1`, [id])
  await stage.db.query('update client_key set confirmed_at = $1', [stage.now])
  expect(await wanting()).toEqual([])
})

test('[A-4.2.4] an API key whose second half nobody can make is an alarm', async () => {
  const first = await addAccount(stage, { administratorRole: 'SECURITY_ADMIN' })
  const [id, clientId] = [randomUUID(), randomUUID()]
  await stage.db.query(
    `insert into client (id, name, role, status, created_at) values ($1, 'a job', 'SCRIPT', 'active', $2)`,
    [clientId, stage.now],
  )
  await stage.db.query(
    `insert into api_key (id, client_id, name, mark, permissions, networks, asked_by, asked_role, asked_at, half_digest, expires_at)
     values ($1, $2, 'export', 'aaaaaaaaaa', '{person.read}', '{10.0.0.0/8}', $3, 'SECURITY_ADMIN', $4, 'x', $5)`,
    [id, clientId, first.id, stage.now, new Date(stage.now.getTime() + 7 * 86_400_000)],
  )
  await watch()
  expect(await saidOfWaits(stage.db, 'api-key.complete')).toMatchObject([
    { said: 'undecidable', subject: id },
  ])
  await addAccount(stage, { administratorRole: 'SYSTEM_ADMIN' })
  await watch()
  expect(await said('api-key.complete')).toEqual(['undecidable', 'decidable'])
})
