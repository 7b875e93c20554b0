import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { identityStage, pass } from '../account-stage.ts'
import {
  approve,
  as,
  ask,
  call,
  joined,
  ok,
  onPerson,
  refusal,
  responsibility,
  setRights,
  smallCompany,
  tasksOf,
  workOff,
  type ChangeView,
  type PersonView,
} from '../directory-stage.ts'
import { findings, held, holds, upload } from '../reconciliation-stage.ts'

const HOUR = 3_600_000

interface Row {
  readonly findingId: string
  readonly userName: string
  readonly outcome: string
  readonly personId: string | null
  readonly by: string | null
}
interface Adoption {
  readonly changeId: string | null
  readonly rows: readonly Row[]
  readonly next: string | null
}

let stage: TestService
beforeEach(async () => {
  stage = await identityStage()
  await smallCompany(stage)
  await setRights(stage, 'CLERK', {
    roles: ['END_USER'],
    responsibilities: [responsibility('SQLGL', 'GL_CLERK')],
  })
})
afterEach(() => stage.release())

const withoutAccount = (members: object = {}) => joined(stage, { withAccount: false, ...members })

const adopt = (dryRun: boolean, members: object = {}) =>
  ok<Adoption>(
    call(stage, {
      method: 'POST',
      url: '/v1/ebs-adoptions',
      headers: as('SYSTEM_ADMIN'),
      payload: { dryRun, reason: 'first day', ...members },
    }),
  )

const change = (id: string) =>
  ok<ChangeView>(
    call(stage, {
      method: 'GET',
      url: `/v1/account-changes/${id}`,
      headers: as('SECURITY_ADMIN'),
    }),
  )

const personOf = (id: string) =>
  ok<PersonView>(call(stage, { method: 'GET', url: `/v1/persons/${id}`, headers: as('SCRIPT') }))

/** A user of EBS whose number is that of the person, with what the position gives. */
const userOf = (userName: string, { employeeNumber }: PersonView) =>
  held(userName, { employeeNumber, responsibilities: [holds('SQLGL', 'GL_CLERK')] })

test('[A-2.1.1] [A-2.1.2] on the first day users of EBS become accounts of people, tried first, and only when another approves', async () => {
  const byNumber = await withoutAccount()
  const byAddress = await withoutAccount({ email: 'qian@example.test' })
  const known = await joined(stage, { email: 'sun@example.test' })
  await workOff(stage)
  pass(stage, 1_000)
  await upload(stage, [
    userOf('OLD.ZHAO', byNumber),
    held('OLD.QIAN', { email: 'QIAN@example.test' }),
    held('OLD.SUN', { email: 'sun@example.test' }),
    held('OLD.LI', {
      employeeNumber: byNumber.employeeNumber.toLowerCase(),
      email: 'qian@example.test',
    }),
    held('OLD.ZHOU', { employeeNumber: 'NOBODY' }),
    held('旧用户', { employeeNumber: 'NOBODY' }),
    userOf(known.userName, known),
  ])
  const tried = await adopt(true)
  expect(tried.changeId).toBeNull()
  const outcomes = Object.fromEntries(tried.rows.map((row) => [row.userName, row.outcome]))
  expect(outcomes).toEqual({
    'OLD.ZHAO': 'matched',
    'OLD.QIAN': 'matched',
    'OLD.SUN': 'has-account',
    'OLD.LI': 'ambiguous',
    'OLD.ZHOU': 'nobody',
    旧用户: 'nobody',
  })
  expect(await findings(stage, '&state=adopting')).toEqual([])

  const { changeId } = await adopt(false)
  if (changeId === null) throw new Error('nothing was asked for')
  expect(await findings(stage, '&state=adopting')).toHaveLength(2)
  expect((await personOf(byNumber.id)).userName).toBeNull()
  const waiting = await change(changeId)
  expect(await refusal(approve(stage, waiting, as('SYSTEM_ADMIN')))).toEqual([
    403,
    'permission-missing',
  ])
  await Promise.allSettled([approve(stage, waiting), approve(stage, waiting)])
  expect((await change(changeId)).status).toBe('approved')
  expect((await personOf(byNumber.id)).userName).toBe('OLD.ZHAO')
  expect((await personOf(byAddress.id)).userName).toBe('OLD.QIAN')
  // EBS has them: nothing is done there.
  expect(await tasksOf(stage, 'OLD.ZHAO')).toEqual([])
  const closed = await findings(stage, '&state=closed')
  expect(closed.map(({ closedWhy }) => closedWhy)).toEqual(['adopted', 'adopted'])

  pass(stage, HOUR)
  // What EBS gives one of them beside the position, and lacks of the other, shows now.
  await upload(stage, [
    held('OLD.ZHAO', {
      responsibilities: [holds('SQLGL', 'GL_CLERK'), holds('SQLAP', 'AP_SUPER_USER')],
    }),
    held('OLD.QIAN'),
    userOf(known.userName, known),
  ])
  const drift = await findings(stage, '&state=open')
  expect(drift.map(({ userName, kind }) => [userName, kind]).sort()).toEqual([
    ['OLD.QIAN', 'missing-grant'],
    ['OLD.ZHAO', 'unapproved-grant'],
  ])
  // Who leaves is ended in EBS, and who comes back is opened there, not created.
  const leaver = await personOf(byNumber.id)
  const left = await ok<PersonView>(
    onPerson(stage, leaver, 'leave', { leaveOn: '2020-01-31', kind: 'dismissal' }),
  )
  await workOff(stage)
  await ok(
    onPerson(stage, left, 'rejoin', {
      ...{ unitCode: 'NORTH', departmentCode: 'FIN', positionCode: 'CLERK' },
    }),
  )
  const kinds = (await tasksOf(stage, 'OLD.ZHAO')).map(({ kind }) => kind)
  expect(kinds).toContain('end-date-user')
  expect(kinds).toContain('enable-user')
  expect(kinds).not.toContain('create-user')
})

test('an adoption that is rejected, or whose person has got an account meanwhile, leaves the case open', async () => {
  const first = await withoutAccount()
  const second = await withoutAccount()
  await upload(stage, [userOf('OLD.ZHAO', first), userOf('OLD.QIAN', second)])
  const rejected = await adopt(false)
  const waiting = await change(rejected.changeId ?? '')
  await ok(
    call(stage, {
      method: 'POST',
      url: `/v1/account-changes/${waiting.id}/reject`,
      headers: as('SECURITY_ADMIN'),
      version: waiting.version,
      payload: { reason: 'not these' },
    }),
  )
  expect(await findings(stage, '&state=open&kind=unknown-account')).toHaveLength(2)
  const again = await adopt(false)
  // Asked for twice at once is asked for once.
  expect((await adopt(false)).changeId).toBeNull()
  await ok(approve(stage, await ask(stage, { kind: 'create-account', personId: first.id })))
  await ok(approve(stage, await change(again.changeId ?? '')))
  expect((await personOf(second.id)).userName).toBe('OLD.QIAN')
  expect((await personOf(first.id)).userName).not.toBe('OLD.ZHAO')
  const open = await findings(stage, '&state=open&kind=unknown-account')
  expect(open.map(({ userName }) => userName)).toEqual(['OLD.ZHAO'])
})

test('[A-2.1.2] who gave a person the place does not approve the adoption, and nobody asks for his own', async () => {
  const placer = randomUUID()
  const person = await ok<PersonView>(
    call(stage, {
      method: 'POST',
      url: '/v1/persons',
      headers: as('OM_AUTHORITY', { person: placer }),
      payload: {
        ...{ employeeNumber: 'E900', name: '钱七', withAccount: false },
        ...{ unitCode: 'NORTH', departmentCode: 'FIN', positionCode: 'CLERK' },
      },
    }),
  )
  await upload(stage, [userOf('OLD.ZHAO', person)])
  const own = as('SYSTEM_ADMIN', { person: person.id, sub: randomUUID() })
  const payload = { dryRun: false, reason: 'mine' }
  expect(
    await refusal(call(stage, { method: 'POST', url: '/v1/ebs-adoptions', headers: own, payload })),
  ).toEqual([409, 'same-person'])
  const { changeId } = await adopt(false)
  const waiting = await change(changeId ?? '')
  const same = as('SECURITY_ADMIN', { person: placer, sub: randomUUID() })
  expect(await refusal(approve(stage, waiting, same))).toEqual([409, 'same-person'])
  await ok(approve(stage, waiting))
})

test('users are looked at page by page, and a case that is not open is not adopted', async () => {
  const people = [await withoutAccount(), await withoutAccount(), await withoutAccount()]
  await upload(
    stage,
    people.map((person, at) => userOf(`OLD.U${String(at)}`, person)),
  )
  const names: string[] = []
  let next: string | null = null
  do {
    const page: Adoption = await adopt(true, { limit: 2, ...(next !== null && { after: next }) })
    names.push(...page.rows.map(({ userName }) => userName))
    next = page.next
  } while (next !== null)
  expect(names.sort()).toEqual(['OLD.U0', 'OLD.U1', 'OLD.U2'])
  const users = [{ findingId: randomUUID(), personId: people[0]?.id ?? '' }]
  const asked = call(stage, {
    method: 'POST',
    url: '/v1/account-changes',
    headers: as('SYSTEM_ADMIN'),
    payload: { change: { kind: 'adopt-ebs-users', users }, reason: 'as agreed' },
  })
  expect(await refusal(asked)).toEqual([409, 'finding-state'])
})
