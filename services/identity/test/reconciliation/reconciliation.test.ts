import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { runDueJobs } from '@erp-steward/test-kit/due-jobs'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { testAct } from '@erp-steward/test-kit/test-act'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { toldAttention } from '@erp-steward/test-kit/told-attention'
import type { EntityManager } from 'typeorm'
import { compareUpload } from '../../src/reconciliation/compare-upload.ts'
import { stateSilence } from '../../src/reconciliation/upload-silent.ts'
import { noteRevocation } from '../../src/sessions/revocation.ts'
import { identityStage, pass } from '../account-stage.ts'
import {
  as,
  call,
  factsAbout,
  joined,
  lease,
  ok,
  onPerson,
  refusal,
  report,
  responsibility,
  setRights,
  smallCompany,
  tasksOf,
  workOff,
} from '../directory-stage.ts'
import {
  complete,
  decide,
  findings,
  held,
  holds,
  openUpload,
  putPart,
  upload,
  type FindingView,
} from '../reconciliation-stage.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

let stage: TestService
beforeEach(async () => {
  stage = await identityStage()
  await smallCompany(stage)
})
afterEach(() => stage.release())

/** A clerk whose position gives a responsibility and a role, both in EBS. */
async function clerk() {
  await setRights(stage, 'CLERK', {
    roles: ['END_USER'],
    responsibilities: [responsibility('SQLGL', 'GL_CLERK')],
    ebsRoles: ['UMX|XX_CLERK'],
  })
  const person = await joined(stage)
  await workOff(stage)
  pass(stage, 1_000)
  return person
}

const asApproved = (userName: string, members: object = {}) =>
  held(userName, {
    responsibilities: [holds('SQLGL', 'GL_CLERK')],
    roles: [{ name: 'UMX|XX_CLERK', endDate: null }],
    ...members,
  })

const kindsOf = (found: readonly FindingView[]) => found.map(({ kind }) => kind).sort()
const only = (found: readonly FindingView[]): FindingView => {
  const [first] = found
  if (first === undefined || found.length > 1) throw new Error(JSON.stringify(found))
  return first
}

test('[A-2.1.2] an EBS that holds what was approved shows no difference, whatever the case of its names', async () => {
  const { userName } = await clerk()
  const done = await upload(stage, [
    asApproved(userName.toLowerCase(), {
      responsibilities: [
        holds('SQLGL', 'GL_CLERK'),
        // By the role, and ended ones, count for nothing.
        holds('SQLGL', 'GL_VIEW', { indirect: true }),
        holds('SQLAP', 'AP_OLD', { endDate: '2020-01-31' }),
      ],
      roles: [
        { name: 'UMX|XX_CLERK', endDate: null },
        { name: 'FND_RESP|SQLGL|GL_CLERK|STANDARD', endDate: null },
      ],
    }),
    held('OLD.HAND', { endDate: '2020-01-31' }),
  ])
  expect(done).toMatchObject({ state: 'done', counts: { found: 0, standing: 0, gone: 0 } })
  expect(await findings(stage)).toEqual([])
  expect(await factsAbout(stage, done.id)).toEqual(['identity.security.ebs-compared.v1'])
})

test('[A-2.1.2] [A-4.3.5] [B-6.2] what EBS gives and nobody approved, lacks and was approved, and whom nobody knows: each is a case', async () => {
  const { userName, accountId } = await clerk()
  const rows = [
    held(userName, {
      responsibilities: [holds('SQLAP', 'AP_SUPER_USER')],
      roles: [{ name: 'UMX|XX_CLERK', endDate: null }],
    }),
    held('ZHAO.LIU', { employeeNumber: 'E77', email: 'zhao@example.test' }),
    held('TEST01'),
  ]
  const first = await upload(stage, rows)
  expect(first.counts).toEqual({ found: 4, standing: 0, gone: 0 })
  const found = await findings(stage)
  expect(kindsOf(found)).toEqual([
    'generic-name',
    'missing-grant',
    'unapproved-grant',
    'unknown-account',
  ])
  expect(found.find(({ kind }) => kind === 'unapproved-grant')).toMatchObject({
    ...{ state: 'open', accountId, userName, holds: 'ebs-responsibility' },
    ...{ name: 'SQLAP|AP_SUPER_USER|STANDARD', expected: null, found: 'held', foundBy: first.id },
  })
  expect(found.find(({ kind }) => kind === 'unknown-account')).toMatchObject({
    ...{ accountId: null, userName: 'ZHAO.LIU', employeeNumber: 'E77' },
  })
  const masked = await findings(stage, '&kind=unknown-account', as('AUDIT_ADMIN'))
  expect(only(masked).employeeNumber).toBe('***')
  // Nothing was repaired silently.
  expect((await tasksOf(stage, userName)).every(({ status }) => status === 'done')).toBe(true)
  const told = await toldAttention(stage, { kind: 'ebs-drift' })
  expect(told).toHaveLength(4)
  expect(JSON.stringify(told)).not.toContain('ZHAO')
  const sealed = JSON.stringify(await queuedEvents(stage.db))
  expect(sealed).not.toContain('ZHAO.LIU')

  pass(stage, HOUR)
  const second = await upload(stage, rows)
  expect(second.counts).toEqual({ found: 0, standing: 4, gone: 0 })
  expect((await findings(stage)).map(({ id }) => id).sort()).toEqual(
    found.map(({ id }) => id).sort(),
  )

  pass(stage, HOUR)
  const third = await upload(stage, [asApproved(userName)])
  expect(third.counts).toEqual({ found: 0, standing: 0, gone: 4 })
  const closed = await findings(stage, '&state=closed')
  expect(closed.every((each) => each.closedBy === third.id && each.closedWhy === 'gone')).toBe(true)
  expect(await factsAbout(stage, closed[0]?.id ?? '')).toEqual([
    'identity.security.drift-found.v1',
    'identity.security.drift-closed.v1',
  ])
  expect(await toldAttention(stage, { kind: 'ebs-drift' })).toEqual([])
})

test('[A-2.1.4] a leaver who is not ended in EBS, and one whom somebody opened there again, are the gravest cases', async () => {
  const person = await clerk()
  await ok(onPerson(stage, person, 'leave', { leaveOn: '2020-01-31', kind: 'dismissal' }))
  const { userName } = person
  // The end is queued: that EBS has not got it yet is known, and no case.
  expect((await upload(stage, [asApproved(userName)])).counts.found).toBe(0)
  pass(stage, HOUR)
  // The middleware says that it failed for good: EBS has not got it, and nobody is on the way.
  const [end] = await lease(stage)
  await ok(
    call(stage, {
      method: 'POST',
      url: `/v1/provisioning-tasks/${end?.id ?? ''}/fail`,
      headers: as('MIDDLEWARE'),
      payload: { leaseToken: end?.leaseToken, code: 'ORA-1', message: 'no', permanent: true },
    }),
  )
  await upload(stage, [held(userName)])
  const open = only(await findings(stage))
  expect(open).toMatchObject({ kind: 'not-disabled', state: 'open', expected: 'ended' })
  expect(await toldAttention(stage, { kind: 'ebs-drift' })).toMatchObject([
    { subject: open.id, severity: 'critical' },
  ])
  await ok(decide(stage, open, 'end'))
  const queued = (await tasksOf(stage, userName)).filter(({ status }) => status === 'queued')
  expect(queued.map(({ kind }) => kind)).toContain('end-date-user')
  await workOff(stage)
  pass(stage, HOUR)
  await upload(stage, [held(userName, { endDate: '2020-01-31' })])
  expect(only(await findings(stage)).state).toBe('closed')
  pass(stage, HOUR)
  await upload(stage, [held(userName)])
  expect(kindsOf(await findings(stage, '&state=open'))).toEqual(['reopened'])
})

test('[A-4.3.5] who ends a user that is unknown here has the middleware end it, and the next upload tells whether it helped', async () => {
  await clerk()
  await upload(stage, [held('ZHAO.LIU')])
  const [unknown] = await findings(stage, '&kind=unknown-account')
  if (unknown === undefined) throw new Error('nothing was found')
  await ok(decide(stage, unknown, 'end'))
  expect(await refusal(decide(stage, { ...unknown, version: unknown.version + 1 }, 'end'))).toEqual(
    [409, 'finding-state'],
  )
  pass(stage, HOUR)
  // Not done yet: the case stays as it is.
  await upload(stage, [held('ZHAO.LIU')])
  expect(only(await findings(stage, '&kind=unknown-account')).state).toBe('ending')
  const tasks = await lease(stage)
  const task = tasks.find(({ userName }) => userName === 'ZHAO.LIU')
  expect(task).toMatchObject({ kind: 'end-date-user', unitId: null })
  expect(task?.call.arguments.x_user_name).toBe('ZHAO.LIU')
  for (const each of tasks) await ok(report(stage, each))
  pass(stage, HOUR)
  // Somebody opened it again: a person has to look.
  await upload(stage, [held('ZHAO.LIU')])
  expect(only(await findings(stage, '&kind=unknown-account'))).toMatchObject({
    ...{ id: unknown.id, state: 'open', decision: 'end' },
  })
  await upload(stage, [held('ZHAO.LIU', { endDate: '2020-01-31' })])
  expect(only(await findings(stage, '&kind=unknown-account')).closedWhy).toBe('gone')
})

test('an end of a user without whom EBS does not run is refused, and so is a decision that does not fit the case', async () => {
  const { userName } = await clerk()
  await upload(stage, [held('SYSADMIN'), asApproved(userName, { roles: [] })])
  const found = await findings(stage)
  const of = (kind: string) => only(found.filter((each) => each.kind === kind))
  expect(await refusal(decide(stage, of('generic-name'), 'end'))).toEqual([409, 'finding-state'])
  expect(await refusal(decide(stage, of('missing-grant'), 'end'))).toEqual([409, 'finding-state'])
  expect(await refusal(decide(stage, of('generic-name'), 'restore'))).toEqual([
    409,
    'finding-state',
  ])
})

test('[A-2.1.2] what EBS lacks and is approved is given again on demand, what is no longer approved is not', async () => {
  const { userName } = await clerk()
  await upload(stage, [held(userName, { roles: [{ name: 'UMX|XX_CLERK', endDate: null }] })])
  const missing = only(await findings(stage))
  await ok(decide(stage, missing, 'restore'))
  const [task] = (await tasksOf(stage, userName)).filter(({ status }) => status === 'queued')
  expect(task).toMatchObject({ kind: 'add-responsibility', expected: { endDate: null } })
  await workOff(stage)
  pass(stage, HOUR)
  await upload(stage, [held(userName, { responsibilities: [holds('SQLGL', 'GL_CLERK')] })])
  const role = only(await findings(stage, '&state=open'))
  expect(role).toMatchObject({ kind: 'missing-grant', name: 'UMX|XX_CLERK' })
  await setRights(stage, 'CLERK', { roles: ['END_USER'] })
  expect(await refusal(decide(stage, role, 'restore'))).toEqual([409, 'finding-state'])
})

test('an account that EBS lacks whole, or has ended by hand, is a case, and comes back as it should be', async () => {
  const first = await clerk()
  const second = await joined(stage)
  await workOff(stage)
  pass(stage, HOUR)
  await upload(stage, [asApproved(first.userName, { endDate: '2020-01-31' })])
  const found = await findings(stage)
  expect(kindsOf(found)).toEqual(['missing-account', 'missing-account'])
  for (const each of found) await ok(decide(stage, each, 'restore'))
  const queued = async (userName: string) =>
    (await tasksOf(stage, userName))
      .filter(({ status }) => status === 'queued')
      .map(({ kind }) => kind)
  expect(await queued(first.userName)).toEqual(['enable-user', 'update-user'])
  expect(await queued(second.userName)).toEqual(['create-user', 'add-responsibility', 'add-role'])
})

test('[A-4.3.5] a case is left alone for at most 90 days, by the security administrator, and is open again by itself', async () => {
  await clerk()
  await upload(stage, [held('ZHAO.LIU')])
  const [unknown] = await findings(stage, '&kind=unknown-account')
  if (unknown === undefined) throw new Error('nothing was found')
  const until = (ms: number) => ({ until: new Date(stage.now.getTime() + ms).toISOString() })
  expect(await refusal(decide(stage, unknown, 'ignore', until(90 * DAY + 1)))).toEqual([
    422,
    'validation-failed',
  ])
  expect(await refusal(decide(stage, unknown, 'ignore', until(0)))).toEqual([
    422,
    'validation-failed',
  ])
  expect(await refusal(decide(stage, unknown, 'ignore', until(DAY), as('SYSTEM_ADMIN')))).toEqual([
    403,
    'permission-missing',
  ])
  await ok(decide(stage, unknown, 'ignore', until(DAY)))
  const ignored = () => findings(stage, '&kind=unknown-account&state=ignored')
  expect(await ignored()).toHaveLength(1)
  const drift = async () =>
    (await toldAttention(stage, { kind: 'ebs-drift' })).filter(
      ({ subject }) => subject === unknown.id,
    )
  expect(await drift()).toEqual([])
  pass(stage, DAY - 1)
  expect(await ignored()).toHaveLength(1)
  pass(stage, 1)
  expect(await ignored()).toEqual([])
  expect(await drift()).toHaveLength(1)
})

test('nobody decides a case about himself', async () => {
  const { userName, id } = await clerk()
  await upload(stage, [
    asApproved(userName, {
      responsibilities: [holds('SQLGL', 'GL_CLERK'), holds('SQLAP', 'AP_SUPER_USER')],
    }),
  ])
  const grant = only(await findings(stage))
  const own = as('SYSTEM_ADMIN', { person: id })
  expect(await refusal(decide(stage, grant, 'end', {}, own))).toEqual([409, 'same-person'])
  await ok(decide(stage, grant, 'end'))
})

test('a cut-off upload changes nothing, a part may be sent again, and another one takes the place of an open one', async () => {
  await clerk()
  const first = await openUpload(stage)
  await ok(putPart(stage, first.id, 1, [held('ZHAO.LIU'), held('QIAN.QI')]))
  expect(await refusal(complete(stage, first.id, 3))).toEqual([409, 'upload-incomplete'])
  expect(await findings(stage)).toEqual([])
  const again = await ok<{ accounts: number }>(putPart(stage, first.id, 1, [held('ZHAO.LIU')]))
  expect(again.accounts).toBe(1)
  expect(await refusal(putPart(stage, first.id, 2, [held('QIAN.QI'), '{"userName":']))).toEqual([
    422,
    'upload-unreadable',
  ])
  const second = await openUpload(stage)
  expect(await refusal(complete(stage, first.id, 1))).toEqual([409, 'upload-state'])
  expect(await refusal(putPart(stage, first.id, 2, [held('QIAN.QI')]))).toEqual([
    409,
    'upload-state',
  ])
  await ok(putPart(stage, second.id, 7, [held('ZHAO.LIU')]))
  await Promise.all([ok(complete(stage, second.id, 1)), ok(complete(stage, second.id, 1))])
  await ok(complete(stage, second.id, 1))
  const third = await openUpload(stage)
  await ok(putPart(stage, third.id, 1, [held('ZHAO.LIU')]))
  expect(await refusal(complete(stage, third.id, 1))).toEqual([409, 'upload-state'])
  const left: unknown[] = await stage.db.query('select from ebs_upload_part where upload_id = $1', [
    first.id,
  ])
  expect(left).toEqual([])
})

test('an upload of an earlier moment than one that is compared is refused, and one of a later moment than now', async () => {
  const { userName } = await clerk()
  await upload(stage, [asApproved(userName)])
  const late = await openUpload(stage, new Date(stage.now.getTime() - HOUR))
  await ok(putPart(stage, late.id, 1, [held(userName)]))
  expect(await refusal(complete(stage, late.id, 1))).toEqual([409, 'upload-state'])
  const url = '/v1/ebs-uploads'
  const payload = { takenAt: new Date(stage.now.getTime() + HOUR).toISOString() }
  expect(
    await refusal(call(stage, { method: 'POST', url, headers: as('MIDDLEWARE'), payload })),
  ).toEqual([422, 'validation-failed'])
})

test('an upload stops when the tokens of who sent it became void', async () => {
  await clerk()
  const sub = '0195f2a0-0000-4000-8000-00000000abcd'
  const headers = as('MIDDLEWARE', { sub })
  const payload = { takenAt: stage.now.toISOString() }
  const { id } = await ok<{ id: string }>(
    call(stage, { method: 'POST', url: '/v1/ebs-uploads', headers, payload }),
  )
  await ok(putPart(stage, id, 1, [held('ZHAO.LIU')]))
  await noteRevocation(stage.db.manager, sub, 1, stage.now)
  await ok(complete(stage, id, 1))
  await runDueJobs(stage.db, 'identity', stage.tasks, stage.now)
  const read = await ok<{ state: string }>(
    call(stage, { method: 'GET', url: `/v1/ebs-uploads/${id}`, headers: as('AUDIT_ADMIN') }),
  )
  expect(read.state).toBe('stopped')
})

test('a process that dies in the middle of a comparison loses nothing and finds nothing twice', async () => {
  const { userName } = await clerk()
  const { id } = await openUpload(stage)
  await ok(putPart(stage, id, 1, [asApproved(userName), held('ZHAO.LIU')]))
  await ok(complete(stage, id, 2))
  const act = testAct({ now: stage.now })
  const compare = (tx: EntityManager) => compareUpload.run(tx, { uploadId: id, part: 0 }, act)
  await expect(
    stage.db.transaction(async (tx) => {
      await compare(tx)
      throw new Error('the process dies')
    }),
  ).rejects.toThrow('dies')
  expect(await findings(stage)).toEqual([])
  // Two workers at once, as after a worker that was thought dead, and once more.
  await Promise.all([stage.db.transaction(compare), stage.db.transaction(compare)])
  await stage.db.transaction(compare)
  await runDueJobs(stage.db, 'identity', stage.tasks, stage.now)
  expect(kindsOf(await findings(stage))).toEqual(['unknown-account'])
  expect(await factsAbout(stage, id)).toEqual(['identity.security.ebs-compared.v1'])
})

test('[A-2.2.5] how EBS is set is compared with our parameters, and only where the upload tells it', async () => {
  const { userName } = await clerk()
  const good = [
    ['SIGNON_PASSWORD_LENGTH', '8'],
    ['SIGNON_PASSWORD_HARD_TO_GUESS', 'Y'],
    ['SIGNON_PASSWORD_CUSTOM', 'oracle.apps.xx.Password'],
    ['SIGNON_PASSWORD_CASE', '1'],
    ['SIGNON_PASSWORD_FAILURE_LIMIT', '5'],
    ['SIGNON_PASSWORD_NO_REUSE', '450'],
    ['ICX_SESSION_TIMEOUT', '30'],
    ['ICX_LIMIT_TIME', '8'],
    ['SIGNONAUDIT:LEVEL', 'D'],
    ['AUDITTRAIL:ACTIVATE', 'Y'],
  ].map(([profileOption, value]) => ({ profileOption, value }))
  expect((await upload(stage, [asApproved(userName), ...good])).counts.found).toBe(0)
  pass(stage, HOUR)
  const weak = good.map((each) =>
    each.profileOption === 'SIGNON_PASSWORD_LENGTH' ? { ...each, value: '5' } : each,
  )
  await upload(stage, [asApproved(userName), ...weak.slice(0, -1)])
  const found = await findings(stage)
  expect(found.map(({ name }) => name).sort()).toEqual([
    'AUDITTRAIL:ACTIVATE',
    'SIGNON_PASSWORD_LENGTH',
  ])
  expect(found.find(({ name }) => name === 'SIGNON_PASSWORD_LENGTH')).toMatchObject({
    ...{ kind: 'profile-option', expected: '>= 8', found: '5', userName: null },
  })
  pass(stage, HOUR)
  // Says nothing of it: what is known stays.
  await upload(stage, [asApproved(userName)])
  expect(await findings(stage, '&state=open')).toHaveLength(2)
  pass(stage, HOUR)
  await upload(stage, [asApproved(userName), ...good])
  expect(await findings(stage, '&state=open')).toEqual([])
})

test('[A-4.3.4] a middleware that does not tell what EBS holds wants a human after the time that is set', async () => {
  const silent = () => toldAttention(stage, { kind: 'ebs-upload-silent' })
  const { userName } = await clerk()
  expect(await silent()).toEqual([])
  pass(stage, 26 * HOUR)
  expect(await silent()).toMatchObject([{ severity: 'warning', mending: 'openEbsUpload' }])
  const state = () =>
    stage.db.transaction((tx) => stateSilence.run(tx, {}, testAct({ now: stage.now })))
  await state()
  expect(await factsAbout(stage, 'ebs')).toEqual(['identity.security.ebs-silent.v1'])
  await upload(stage, [asApproved(userName)])
  expect(await silent()).toEqual([])
  await state()
  expect(await factsAbout(stage, 'ebs')).toHaveLength(1)
  pass(stage, 26 * HOUR + 1)
  expect(await silent()).toHaveLength(1)
})

test('a unit does not say what the whole EBS holds, and sees the cases of its people alone', async () => {
  const { userName } = await clerk()
  const unit = '0195f2a0-0000-4000-8000-00000000dead'
  const payload = { takenAt: stage.now.toISOString() }
  expect(
    await refusal(
      call(stage, {
        ...{ method: 'POST', url: '/v1/ebs-uploads', payload },
        headers: as('MIDDLEWARE', { range: 'unit', unit }),
      }),
    ),
  ).toEqual([403, 'outside-unit'])
  await upload(stage, [held(userName), held('ZHAO.LIU')])
  expect(await findings(stage, '', as('MIDDLEWARE', { range: 'unit', unit }))).toEqual([])
  expect(await findings(stage, '&unitCode=NORTH')).toHaveLength(2)
  expect(await findings(stage, `&userName=${userName}`)).toHaveLength(2)
})

test('[A-2.1.4] how the user of an account stands in EBS is read as the newest upload told it', async () => {
  const { userName, accountId } = await clerk()
  const read = (headers = as('SECURITY_ADMIN')) =>
    call(stage, { method: 'GET', url: `/v1/accounts/${accountId}/ebs-state`, headers })
  expect(await refusal(read())).toEqual([404, 'not-found'])
  await upload(stage, [asApproved(userName, { validity: 12, lastLogonDate: '2026-11-01' })])
  expect(await ok(read())).toMatchObject({
    ...{ accountId, standing: 'locked', validity: 12, endDate: null },
    lastLogonDate: '2026-11-01',
  })
  pass(stage, HOUR)
  await upload(stage, [asApproved(userName)])
  expect(await ok(read())).toMatchObject({ standing: null, validity: null })
  const elsewhere = as('MIDDLEWARE', { range: 'unit', unit: accountId })
  expect(await refusal(read(elsewhere))).toEqual([404, 'not-found'])
})
