import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Role } from '@erp-steward/contracts/permissions'
import { DAY } from '@erp-steward/test-kit/instants'
import { runTask } from '@erp-steward/test-kit/run-task'
import { saidOfWaits } from '@erp-steward/test-kit/said-of-waits'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { identityStage, pass } from '../account-stage.ts'
import {
  as,
  call,
  factsAbout,
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
  type PersonView,
} from '../directory-stage.ts'

interface Request {
  readonly id: string
  readonly state: string
  readonly digest: string
  readonly stages: string[]
  readonly approvals: { stage: string; role: string; personId: string }[]
  readonly version: number
}

let stage: TestService
let company: Awaited<ReturnType<typeof smallCompany>>

beforeAll(async () => {
  stage = await identityStage()
  company = await smallCompany(stage)
  await put(stage, '/v1/modules/GL', { name: '总账' })
  await setRights(stage, 'CLERK', {
    roles: ['END_USER'],
    responsibilities: [responsibility('SQLGL', 'GL_CLERK')],
  })
})
afterAll(() => stage.release())

/** Somebody with one role; whose range is a unit is of NORTH. */
function someone(role: Role, unit = company.north.id) {
  const ofUnit = role === 'KEY_USER' || role === 'BUSINESS_OWNER'
  return as(role, {
    sub: randomUUID(),
    person: randomUUID(),
    ...(ofUnit && { unit, range: 'unit' }),
  })
}

const form = (personId: string, members: object) => ({
  personId,
  moduleCode: 'GL',
  riskAnalysis: 'Sees the ledgers of one unit only.',
  reason: 'Stands in during the audit.',
  ...members,
})

const report = [{ kind: 'ebs-responsibility', name: 'SQLGL|GL_REPORT|STANDARD' }]

const submit = (
  personId: string,
  members: object,
  headers: Record<string, string> = someone('KEY_USER'),
) =>
  call(stage, {
    method: 'POST',
    url: '/v1/access-requests',
    headers,
    payload: form(personId, members),
  })

const submitted = (...args: Parameters<typeof submit>) => ok<Request>(submit(...args))

const approve = (
  { id, digest, version }: Request,
  headers: Record<string, string>,
  members: object = {},
) =>
  call(stage, {
    method: 'POST',
    url: `/v1/access-requests/${id}/approve`,
    headers,
    version,
    payload: { digest, ...members },
  })

/** Approves one stage after the other, each as another person. */
async function approved(request: Request, roles: readonly Role[]): Promise<Request> {
  let now = request
  for (const role of roles) now = await ok<Request>(approve(now, someone(role)))
  return now
}

const read = ({ id }: Request) =>
  ok<Request>(
    call(stage, { method: 'GET', url: `/v1/access-requests/${id}`, headers: as('AUDIT_ADMIN') }),
  )

const held = async ({ id }: PersonView, query = 'source=request') =>
  (
    await ok<{
      items: { name: string; state: string; endsAt: string | null; requestId: string }[]
    }>(
      call(stage, {
        method: 'GET',
        url: `/v1/persons/${id}/grants?state=in-force&${query}`,
        headers: as('AUDIT_ADMIN'),
      }),
    )
  ).items

test('[A-2.1.2][B-4.1.5] what is not in the row of the position takes unit, company and one more, and then it is in force', async () => {
  const person = await joined(stage)
  await workOff(stage)
  const request = await submitted(person.id, { kind: 'change', grants: report })
  expect(request).toMatchObject({
    state: 'submitted',
    stages: ['unit', 'company', 'matrix'],
    approvals: [],
  })
  const unit = await ok<Request>(approve(request, someone('BUSINESS_OWNER')))
  expect(unit.state).toBe('unit-approved')
  const companyApproved = await ok<Request>(approve(unit, someone('OM_AUTHORITY')))
  expect(companyApproved.state).toBe('company-approved')
  expect(await held(person)).toEqual([])
  const last = await ok<Request>(approve(companyApproved, someone('SECURITY_ADMIN')))
  expect(last.approvals.map(({ stage, role }) => `${stage} ${role}`)).toEqual([
    'unit BUSINESS_OWNER',
    'company OM_AUTHORITY',
    'matrix SECURITY_ADMIN',
  ])
  // EBS has not read it back, and the state says so.
  expect(last.state).toBe('approved')
  expect(await held(person)).toMatchObject([
    { name: 'SQLGL|GL_REPORT|STANDARD', endsAt: null, requestId: request.id },
  ])
  await workOff(stage)
  expect((await read(request)).state).toBe('applied')
  const facts = await factsAbout(stage, person.id)
  expect(facts.filter((type) => type.startsWith('identity.grant.'))).toEqual([
    'identity.grant.applied.v1',
    'identity.grant.requested.v1',
    'identity.grant.approved.v1',
    'identity.grant.approved.v1',
    'identity.grant.approved.v1',
    'identity.grant.applied.v1',
  ])
})

test('[B-4.1.5] only a key user of the unit, its leader or the O&M authority asks, and never for himself', async () => {
  const person = await joined(stage)
  const asked = (headers: Record<string, string>) =>
    refusal(submit(person.id, { kind: 'change', grants: report }, headers))
  expect(await asked(someone('END_USER'))).toEqual([403, 'permission-missing'])
  expect(await asked(someone('KEY_USER', company.south.id))).toEqual([403, 'outside-unit'])
  const own = as('KEY_USER', {
    sub: randomUUID(),
    person: person.id,
    unit: company.north.id,
    range: 'unit',
  })
  expect(await asked(own)).toEqual([409, 'same-person'])
})

test('[A-2.1.2] nobody approves what he asked for, what is about him, twice, or out of turn', async () => {
  const person = await joined(stage)
  const leader = { sub: randomUUID(), person: randomUUID(), unit: company.north.id }
  const both = as('BUSINESS_OWNER', {
    ...leader,
    range: 'unit',
    roles: ['BUSINESS_OWNER', 'OM_AUTHORITY'],
  })
  const request = await submitted(person.id, { kind: 'change', grants: report }, both)
  expect(await refusal(approve(request, both))).toEqual([409, 'same-person'])
  const own = as('BUSINESS_OWNER', {
    sub: randomUUID(),
    person: person.id,
    unit: company.north.id,
    range: 'unit',
  })
  expect(await refusal(approve(request, own))).toEqual([409, 'same-person'])
  for (const role of ['OM_AUTHORITY', 'SECURITY_ADMIN'] as const)
    expect(await refusal(approve(request, someone(role)))).toEqual([403, 'permission-missing'])
  expect(await refusal(approve(request, someone('BUSINESS_OWNER', company.south.id)))).toEqual([
    404,
    'not-found',
  ])
  const chief = { sub: randomUUID(), person: randomUUID() }
  const twice: Role[] = ['BUSINESS_OWNER', 'OM_AUTHORITY']
  const asChief = as('OM_AUTHORITY', { ...chief, unit: company.north.id, roles: twice })
  const unit = await ok<Request>(approve(request, asChief))
  expect(await refusal(approve(unit, asChief))).toEqual([409, 'same-person'])
})

test('[A-2.1.2] a changed request has no approvals, and an approval of what it was is refused', async () => {
  const person = await joined(stage)
  const asks = someone('KEY_USER')
  const request = await submitted(person.id, { kind: 'change', grants: report }, asks)
  const unit = await ok<Request>(approve(request, someone('BUSINESS_OWNER')))
  const change = (headers: Record<string, string>, version: number) =>
    call(stage, {
      method: 'PUT',
      url: `/v1/access-requests/${request.id}`,
      headers,
      version,
      payload: form(person.id, {
        kind: 'change',
        grants: [...report, { kind: 'role', name: 'KEY_USER' }],
      }),
    })
  expect(await refusal(change(someone('KEY_USER'), unit.version))).toEqual([403, 'not-concerned'])
  const changed = await ok<Request>(change(asks, unit.version))
  expect(changed).toMatchObject({ state: 'submitted', approvals: [] })
  expect(changed.digest).not.toBe(request.digest)
  const old = { ...changed, digest: request.digest }
  expect(await refusal(approve(old, someone('BUSINESS_OWNER')))).toEqual([
    409,
    'access-request-changed',
  ])
  // At the same moment: one of them sees that the other was first.
  const answers = await Promise.all([
    approve(changed, someone('BUSINESS_OWNER')),
    change(asks, changed.version),
  ])
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 412])
})

test('of ten approvals of the last stage at once one takes effect', async () => {
  const person = await joined(stage)
  const request = await submitted(person.id, { kind: 'change', grants: report })
  const ready = await approved(request, ['BUSINESS_OWNER', 'OM_AUTHORITY'])
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => approve(ready, someone('SECURITY_ADMIN'))),
  )
  const statuses = answers.map(({ statusCode }) => statusCode).sort()
  expect(statuses).toEqual([200, ...Array<number>(9).fill(412)])
  expect(await held(person)).toHaveLength(1)
})

test('[A-2.1.4][A-4.3.3] temporary rights end within 30 days by themselves, and EBS is told', async () => {
  const person = await joined(stage)
  const ask = (endsAt: Date, grants: object[] = [...report, { kind: 'role', name: 'KEY_USER' }]) =>
    submit(person.id, { kind: 'temporary', grants, endsAt: endsAt.toISOString() })
  const at = (ms: number) => new Date(stage.now.getTime() + ms)
  expect(await refusal(ask(at(30 * DAY + 1)))).toEqual([422, 'validation-failed'])
  expect(await refusal(ask(at(0)))).toEqual([422, 'validation-failed'])
  expect(await refusal(submit(person.id, { kind: 'temporary', grants: report }))).toEqual([
    422,
    'validation-failed',
  ])
  const request = await ok<Request>(ask(at(30 * DAY)))
  await approved(request, ['BUSINESS_OWNER', 'OM_AUTHORITY', 'SECURITY_ADMIN'])
  expect(await held(person)).toHaveLength(2)
  await workOff(stage)
  pass(stage, 30 * DAY - 1)
  expect(await held(person)).toHaveLength(2)
  pass(stage, 1)
  expect(await held(person)).toEqual([])
  await runTask(stage, 'expire-grants')
  const last = (await tasksOf(stage, person.userName)).at(-1)
  expect(last).toMatchObject({ kind: 'end-responsibility', status: 'queued' })
  expect(await held(person, 'source=position')).toHaveLength(2)
})

test('what the position gives as well stays in EBS when the temporary grant of it ends', async () => {
  const person = await joined(stage)
  const endsAt = new Date(stage.now.getTime() + DAY).toISOString()
  const grants = [{ kind: 'ebs-responsibility', name: 'SQLGL|GL_CLERK|STANDARD' }]
  const request = await submitted(person.id, { kind: 'temporary', grants, endsAt })
  await approved(request, ['BUSINESS_OWNER', 'OM_AUTHORITY', 'SECURITY_ADMIN'])
  await workOff(stage)
  pass(stage, DAY)
  await runTask(stage, 'expire-grants')
  const kinds = (await tasksOf(stage, person.userName)).map(({ kind }) => kind)
  expect(kinds).not.toContain('end-responsibility')
  expect(await held(person)).toEqual([])
})

test('[A-2.1.2] what is privileged is for the security administrator at the stage of the company', async () => {
  const person = await joined(stage)
  const grants = [{ kind: 'role', name: 'OM_AUTHORITY' }]
  const request = await submitted(person.id, { kind: 'change', grants })
  const unit = await ok<Request>(approve(request, someone('BUSINESS_OWNER')))
  expect(await refusal(approve(unit, someone('OM_AUTHORITY')))).toEqual([403, 'permission-missing'])
  await approved(unit, ['SECURITY_ADMIN', 'OM_AUTHORITY'])
  expect(await held(person)).toMatchObject([{ name: 'OM_AUTHORITY' }])
  for (const name of ['SECURITY_ADMIN', 'SCRIPT', 'NOBODY'])
    expect(
      await refusal(submit(person.id, { kind: 'change', grants: [{ kind: 'role', name }] })),
    ).toEqual([422, 'validation-failed'])
})

test('[A-2.1.4] a move voids what was asked for the place before, and ends what was given', async () => {
  const person = await joined(stage)
  const request = await submitted(person.id, { kind: 'change', grants: report })
  await approved(request, ['BUSINESS_OWNER', 'OM_AUTHORITY', 'SECURITY_ADMIN'])
  const waiting = await submitted(person.id, {
    kind: 'change',
    grants: [{ kind: 'role', name: 'KEY_USER' }],
  })
  const place = { unitCode: 'SOUTH', departmentCode: 'FIN', positionCode: 'BUYER' }
  await ok(onPerson(stage, person, 'move', place))
  expect(await held(person)).toEqual([])
  expect(await refusal(approve(waiting, someone('BUSINESS_OWNER')))).toEqual([
    409,
    'access-request-state',
  ])
})

test('[A-2.1.1] an account is asked for, made by the last of two approvals, and named after nobody who asked', async () => {
  const person = await joined(stage, { withAccount: false })
  const request = await submitted(person.id, { kind: 'new' })
  expect(request.stages).toEqual(['unit', 'company'])
  await approved(request, ['BUSINESS_OWNER', 'OM_AUTHORITY'])
  expect(await held(person, 'source=position')).toHaveLength(2)
  expect(await refusal(submit(person.id, { kind: 'new' }))).toEqual([409, 'account-exists'])
})

test('[A-2.1.4][A-2.1.8] accounts are frozen, released and ended by request; the security administrator releases', async () => {
  const person = await joined(stage)
  const statusOf = async () =>
    (
      await ok<{ status: string }>(
        call(stage, {
          method: 'GET',
          url: `/v1/accounts/${person.accountId}`,
          headers: as('AUDIT_ADMIN'),
        }),
      )
    ).status
  await approved(await submitted(person.id, { kind: 'freeze' }), ['BUSINESS_OWNER', 'OM_AUTHORITY'])
  expect(await statusOf()).toBe('frozen')
  const release = await ok<Request>(
    approve(await submitted(person.id, { kind: 'unfreeze' }), someone('BUSINESS_OWNER')),
  )
  expect(await refusal(approve(release, someone('OM_AUTHORITY')))).toEqual([
    403,
    'permission-missing',
  ])
  await approved(release, ['SECURITY_ADMIN'])
  expect(await statusOf()).toBe('active')
  await approved(await submitted(person.id, { kind: 'unlock' }), [
    'BUSINESS_OWNER',
    'SECURITY_ADMIN',
  ])
  await approved(await submitted(person.id, { kind: 'terminate' }), [
    'BUSINESS_OWNER',
    'OM_AUTHORITY',
  ])
  expect([await statusOf(), await held(person, '')]).toEqual(['disabled', []])
})

test('[A-2.1.2] grants are ended by request, too', async () => {
  const person = await joined(stage)
  const grants = await ok<{ items: { id: string }[] }>(
    call(stage, {
      method: 'GET',
      url: `/v1/persons/${person.id}/grants?kind=ebs-responsibility`,
      headers: as('AUDIT_ADMIN'),
    }),
  )
  const ends = grants.items.map(({ id }) => id)
  const request = await submitted(person.id, { kind: 'change', ends })
  expect(request.stages).toEqual(['unit', 'company'])
  await approved(request, ['BUSINESS_OWNER', 'OM_AUTHORITY'])
  expect(await held(person, 'kind=ebs-responsibility')).toEqual([])
})

test('a request is rejected or withdrawn once, and one that nobody decides expires', async () => {
  const person = await joined(stage)
  const asks = someone('KEY_USER')
  const end = (verb: string, { id, version }: Request, headers: Record<string, string>) =>
    call(stage, {
      method: 'POST',
      url: `/v1/access-requests/${id}/${verb}`,
      headers,
      version,
      payload: { reason: 'not needed' },
    })
  const one = await submitted(person.id, { kind: 'change', grants: report }, asks)
  expect(await refusal(end('withdraw', one, someone('KEY_USER')))).toEqual([403, 'not-concerned'])
  expect(await ok<Request>(end('withdraw', one, asks))).toMatchObject({ state: 'withdrawn' })
  const two = await submitted(person.id, { kind: 'change', grants: report }, asks)
  const rejected = await ok<Request>(end('reject', two, someone('BUSINESS_OWNER')))
  expect(rejected).toMatchObject({ state: 'rejected', decisionReason: 'not needed' })
  expect(await refusal(approve(rejected, someone('BUSINESS_OWNER')))).toEqual([
    409,
    'access-request-state',
  ])
  const three = await submitted(person.id, { kind: 'change', grants: report }, asks)
  pass(stage, 7 * DAY - 1)
  expect((await read(three)).state).toBe('submitted')
  pass(stage, 1)
  expect((await read(three)).state).toBe('expired')
  expect(await refusal(approve(three, someone('BUSINESS_OWNER')))).toEqual([
    409,
    'access-request-state',
  ])
})

test('[A-2.1.2] two requests that only together join incompatible duties: one takes effect', async () => {
  const pair = { first: 'PAYMENT', second: 'SUPPLIER-MAINTENANCE' }
  const title = { en: 'Duty', 'zh-CN': '职责' }
  const wanted = ['AP_PAYMENT', 'AP_SUPPLIER'].map((key) => ({
    kind: 'ebs-responsibility',
    name: `SQLAP|${key}|STANDARD`,
  }))
  const carriers = wanted.map((each, at) => ({ ...each, duty: Object.values(pair)[at] }))
  const duties = Object.values(pair).map((code) => ({ code, title }))
  const proposal = await ok<{ id: string }>(
    call(stage, {
      method: 'POST',
      url: '/v1/sod/rule-sets',
      headers: someone('OM_AUTHORITY'),
      payload: { duties, pairs: [pair], carriers, reason: 'Our duties.' },
    }),
  )
  await ok(
    call(stage, {
      method: 'POST',
      url: `/v1/proposals/identity/${proposal.id}/approve`,
      headers: someone('SECURITY_ADMIN'),
      version: 1,
      payload: {},
    }),
  )
  const person = await joined(stage)
  const requests: Request[] = []
  for (const each of wanted) {
    const request = await submitted(person.id, { kind: 'change', grants: [each] })
    requests.push(await approved(request, ['BUSINESS_OWNER', 'OM_AUTHORITY']))
  }
  const answers = await Promise.all(
    requests.map((request) => approve(request, someone('SECURITY_ADMIN'))),
  )
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409])
  expect(await held(person)).toHaveLength(1)
  // What is asked for against the rules is refused before anybody has to look at it.
  expect(await refusal(submit(person.id, { kind: 'change', grants: wanted }))).toEqual([
    409,
    'sod-violation',
  ])
  const left = requests[answers.findIndex(({ statusCode }) => statusCode === 409)]
  if (left === undefined) throw new Error('both took effect')
  expect((await read(left)).state).toBe('company-approved')
})

test('[B-4.1.5] a request that nobody can approve is an alarm, until somebody can', async () => {
  const person = await joined(stage)
  const request = await submitted(person.id, { kind: 'change', grants: report })
  const said = async () =>
    (await saidOfWaits(stage.db, 'access-request.approve'))
      .filter(({ subject }) => subject === request.id)
      .map((each) => each.said)
  expect(await said()).toEqual(['undecidable'])
  await put(stage, '/v1/positions/LEADER', { name: '单位负责人' })
  await setRights(stage, 'LEADER', { roles: ['BUSINESS_OWNER'] })
  await joined(stage, { positionCode: 'LEADER' })
  await runTask(stage, 'watch-waits')
  expect(await said()).toEqual(['undecidable', 'decidable'])
})
