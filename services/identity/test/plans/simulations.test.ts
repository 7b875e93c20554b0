import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { AccessRefused } from '@erp-steward/contracts/platform-events'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { identityStage } from '../account-stage.ts'
import {
  as,
  call,
  joined,
  ok,
  onPerson,
  refusal,
  responsibility,
  setRights,
  smallCompany,
  type PersonView,
} from '../directory-stage.ts'

let stage: TestService
let company: Awaited<ReturnType<typeof smallCompany>>

beforeAll(async () => {
  stage = await identityStage()
  company = await smallCompany(stage)
  await setRights(stage, 'CLERK', {
    roles: ['END_USER'],
    responsibilities: [responsibility('SQLGL', 'GL_CLERK')],
  })
  await setRights(stage, 'BUYER', {
    roles: ['END_USER'],
    responsibilities: [responsibility('PO', 'BUYER')],
  })
})
afterAll(() => stage.release())

interface Simulation {
  readonly personId: string | null
  readonly effectiveOn: string
  readonly account: { userName: string; before: string | null; after: string } | null
  readonly grantsBegun: { kind: string; name: string }[]
  readonly grantsEnded: { kind: string; name: string }[]
  readonly waiting: string[]
  readonly incompatible: object[]
  readonly tasksDropped: string[]
  readonly tasks: { kind: string; call: { arguments: Record<string, unknown> } }[]
}

const HERE = { unitCode: 'NORTH', departmentCode: 'FIN', positionCode: 'CLERK' }
const THERE = { unitCode: 'SOUTH', departmentCode: 'FIN', positionCode: 'BUYER' }
const ask = (payload: object, headers = as('SCRIPT')) =>
  call(stage, { method: 'POST', url: '/v1/person-simulations', headers, payload })
const simulate = (payload: object) => ok<Simulation>(ask(payload))
const names = (grants: { name: string }[]) => grants.map(({ name }) => name).toSorted()

/** Every row that a change of a person could leave behind, counted. */
async function everything(): Promise<unknown> {
  const [counts]: unknown[] = await stage.db.query(
    `select (select count(*) from person) as persons, (select count(*) from account) as accounts,
            (select count(*) from access_grant) as grants, (select count(*) from account_change) as changes,
            (select count(*) from provisioning_task) as tasks, (select count(*) from departure) as departures,
            (select count(*) from access_grant where ended_at is not null) as ended,
            (select count(*) from identity_jobs._private_jobs) as jobs,
            (select max(version) from person) as version`,
  )
  const facts = (await queuedEvents(stage.db)).filter(({ type }) => type !== AccessRefused.type)
  return { counts, facts: facts.length }
}

test('[A-2.1.1] a joiner is shown with account, rights and calls of EBS, and nothing is kept', async () => {
  const joiner = { employeeNumber: `S${randomUUID().slice(0, 8)}`, name: '欧阳明', ...HERE }
  const before = await everything()
  const seen = await simulate({ kind: 'join', ...joiner })
  expect(await everything()).toEqual(before)
  expect(seen).toMatchObject({ personId: null, waiting: [], incompatible: [], grantsEnded: [] })
  expect(seen.account).toMatchObject({ before: null, after: 'active' })
  expect(names(seen.grantsBegun)).toEqual(['END_USER', 'SQLGL|GL_CLERK|STANDARD'])
  expect(seen.tasks.map(({ kind }) => kind)).toEqual(['create-user', 'add-responsibility'])
  // What was shown is what is done.
  const person = await joined(stage, joiner)
  expect(person.userName).toBe(seen.account?.userName)
})

test('[A-2.1.4] a mover is shown with what ends at once and what waits for an approval', async () => {
  const person = await joined(stage)
  const before = await everything()
  const seen = await simulate({ kind: 'move', personId: person.id, ...THERE })
  expect(await everything()).toEqual(before)
  expect(names(seen.grantsEnded)).toEqual(['END_USER', 'SQLGL|GL_CLERK|STANDARD'])
  expect(seen.grantsBegun).toEqual([])
  expect(seen.waiting).toEqual(['grant-position'])
  expect(seen.tasks.map(({ kind }) => kind)).toContain('end-responsibility')
})

test('[A-2.1.4] a leaver of a later day is shown as on that day, and a return as the rules of now have it', async () => {
  const person = await joined(stage)
  const effectiveOn = '2099-01-05'
  // What EBS has not got yet, it need not end.
  const early = await simulate({
    ...{ kind: 'leave', personId: person.id, effectiveOn, leaveKind: 'retirement' },
  })
  expect(early).toMatchObject({ tasks: [], tasksDropped: ['create-user', 'add-responsibility'] })
  await stage.db.query(`update provisioning_task set status = 'done' where account_id = $1`, [
    person.accountId,
  ])
  const seen = await simulate({
    ...{ kind: 'leave', personId: person.id, effectiveOn, leaveKind: 'retirement' },
  })
  expect(seen).toMatchObject({ effectiveOn, account: { before: 'active', after: 'disabled' } })
  const [end] = seen.tasks.filter(({ kind }) => kind === 'end-date-user')
  expect(JSON.stringify(end)).toContain(effectiveOn)
  const left = await ok<PersonView>(onPerson(stage, person, 'leave', { kind: 'retirement' }))
  expect(left.active).toBe(false)
  const back = await simulate({ kind: 'rejoin', personId: person.id, ...HERE })
  expect(back).toMatchObject({ account: { before: 'disabled', after: 'active' } })
  expect(back.waiting).toEqual(['grant-position'])
})

test('what would be refused is refused the same, and leaves nothing', async () => {
  const person = await joined(stage)
  const before = await everything()
  const joiner = { kind: 'join', employeeNumber: person.employeeNumber, name: '甲', ...HERE }
  expect(await refusal(ask(joiner))).toEqual([409, 'employee-number-taken'])
  const rejoin = { kind: 'rejoin', personId: person.id, ...HERE }
  expect(await refusal(ask(rejoin))).toEqual([409, 'person-active'])
  const past = { kind: 'move', personId: person.id, ...THERE, effectiveOn: '2020-01-01' }
  expect(await refusal(ask(past))).toEqual([422, 'validation-failed'])
  const move = { kind: 'move', personId: person.id, ...THERE }
  const ofNorth = as('SCRIPT', { range: 'unit', unit: company.north.id })
  expect(await refusal(ask(move, ofNorth))).toEqual([403, 'outside-unit'])
  const ofSouth = as('SCRIPT', { range: 'unit', unit: company.south.id })
  expect(await refusal(ask(move, ofSouth))).toEqual([404, 'not-found'])
  expect(await refusal(ask(move, as('END_USER')))).toEqual([403, 'permission-missing'])
  expect(await everything()).toEqual(before)
})
