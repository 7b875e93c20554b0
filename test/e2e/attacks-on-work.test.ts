import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { eventually } from '@erp-steward/test-kit/eventually'
import { defaultCalendarDefinition } from '@erp-steward/work-calendar/calendar-definition'
import { compileCalendar } from '@erp-steward/work-calendar/compile-calendar'
import { missingYears } from '@erp-steward/work-calendar/working-time'
import { openAttackStage, outcome, PATIENT, type AttackStage } from './attack-stage.ts'
import type { Answer } from './caller.ts'
import { text, type Company, type Part } from './company.ts'

/** Work that is planned, done, timed and signed: what one person says was done. */
let stage: AttackStage
let company: Company

beforeAll(async () => {
  stage = await openAttackStage([
    'authority',
    'deputy',
    'keyUser',
    'expert',
    'provider',
    'owner',
    'clerk',
  ])
  company = stage.company
}, 600_000)
afterAll(() => stage.site.stop(), 60_000)

const by: AttackStage['by'] = (...asked) => stage.by(...asked)

test('[A-3.1.1] a day that has not begun is neither inspected nor signed', async () => {
  // In China 32 hours from now are tomorrow, at whatever hour this runs.
  const date = new Date(Date.now() + 32 * 3_600_000).toISOString().slice(0, 10)
  const round = await eventually(() => roundOf(date), PATIENT)
  const path = `/v1/inspections/rounds/${text(round, 'id')}`
  const early = await by('authority', 'PUT', `${path}/items/db.tablespace`, {
    ifMatch: '"1"',
    body: { value: '50', verdict: 'normal', note: null },
  })
  expect(early.status).toBe(409)
  const { etag } = await by('authority', 'GET', path)
  const signed = await by('authority', 'POST', `${path}/sign-off`, { ifMatch: etag })
  expect(signed.status).toBe(409)
})

test('[A-3.1.2] a value beyond its limit is not normal because the inspector says so', async () => {
  const date = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10)
  const round = await eventually(() => roundOf(date), PATIENT)
  const path = `/v1/inspections/rounds/${text(round, 'id')}`
  const full = await by('authority', 'PUT', `${path}/items/db.tablespace`, {
    ifMatch: '"1"',
    body: { value: '99.9', verdict: 'normal', note: null },
  })
  expect(full.status).toBeGreaterThanOrEqual(400)
})

async function roundOf(date: string): Promise<Answer> {
  const made = await by('authority', 'POST', '/v1/inspections/rounds', {
    key: company.key(`round-${date}`),
    body: { unitId: company.unit('U1'), date },
  })
  expect(made.status).toBe(201)
  return made
}

const plan = (more: object) => ({
  ...{ kind: 'data', class: 'emergency', title: 'Mend a journal', description: 'One row.' },
  ...{ unitId: company.unit('U1'), moduleCode: 'GL', systemCode: null },
  plannedStart: new Date().toISOString(),
  plannedEnd: new Date(Date.now() + 3_600_000).toISOString(),
  ...{ implementationPlan: 'Update it.', rollbackPlan: 'Update it back.' },
  rollbackOwnerPersonId: company.member('authority').id,
  ...{ testEvidence: 'Tested.', riskAssessment: 'Small.' },
  executorPersonId: company.member('provider').id,
  ...more,
})

const submitted = (part: Part, name: string, more: object) =>
  by(part, 'POST', '/v1/changes', { key: company.key(name), body: plan(more) })

test('[A-2.4.4] work on data names its system, and an emergency does not start it without a backup', async () => {
  const nameless = await submitted('keyUser', 'nameless', {})
  expect(nameless.status).toBe(422)
  const asked = await submitted('keyUser', 'no-backup', { systemCode: 'EBS-WITHOUT-BACKUP' })
  expect(outcome(asked)).toEqual([201, undefined])
  const path = `/v1/changes/${text(asked, 'id')}`
  const approval = { stage: 'company', comment: null }
  const { etag } = await by('expert', 'GET', path)
  const approved = await by('expert', 'POST', `${path}/approve`, { ifMatch: etag, body: approval })
  expect(outcome(approved)).toEqual([200, undefined])
  const started = await by('provider', 'POST', `${path}/start`, { ifMatch: approved.etag })
  expect(started.status).not.toBe(200)
  await eventually(async () => {
    const now = await by('provider', 'GET', path)
    expect(now.body.state).not.toBe('started')
    expect(['held', 'approved']).toContain(now.body.state)
  }, PATIENT)
})

test('[B-4.2.4][B-6.2] who asks for a change neither approves nor executes it', async () => {
  const asked = await submitted('keyUser', 'own-approval', { systemCode: 'EBS' })
  expect(outcome(asked)).toEqual([201, undefined])
  const path = `/v1/changes/${text(asked, 'id')}`
  const own = await by('keyUser', 'POST', `${path}/approve`, {
    ifMatch: asked.etag,
    body: { stage: 'company', comment: null },
  })
  expect(own.status).toBeGreaterThanOrEqual(400)
  expect((await by('keyUser', 'GET', path)).body.state).toBe(asked.body.state)
  const clash = await submitted('keyUser', 'own-execution', {
    systemCode: 'EBS',
    executorPersonId: company.member('keyUser').id,
  })
  expect(clash.status).toBeGreaterThanOrEqual(400)
})

test('[A-3.3.2] an upgrade that is planned for next month does not start today', async () => {
  const day = 86_400_000
  const asked = await submitted('deputy', 'next-month', {
    ...{ kind: 'upgrade', moduleCode: null, systemCode: 'EBS' },
    plannedStart: new Date(Date.now() + 30 * day).toISOString(),
    plannedEnd: new Date(Date.now() + 30 * day + 3_600_000).toISOString(),
  })
  expect(outcome(asked)).toEqual([201, undefined])
  const path = `/v1/changes/${text(asked, 'id')}`
  const approved = await by('expert', 'POST', `${path}/approve`, {
    ifMatch: asked.etag,
    body: { stage: 'company', comment: null },
  })
  const started = await by('provider', 'POST', `${path}/start`, {
    ifMatch: approved.etag === '' ? asked.etag : approved.etag,
  })
  expect(started.status).toBe(409)
})

test('[A-2.4.1][A-2.4.3] a place beside the data is not off site, and a day is not how long a yearly backup is kept', async () => {
  const site = (code: string, isOffsite: boolean) =>
    by('deputy', 'POST', '/v1/backup-sites', {
      key: company.key(`site-${code}`),
      body: {
        ...{ code, name: code, location: 'Machine room, rack 1', medium: 'disk', isOffsite },
        ...{ isEncrypted: false, custodianPersonId: null },
      },
    })
  await site('RACK-A', false)
  expect((await site('RACK-B', true)).status).toBe(422)
  const proposal = await eventually(async () => {
    const made = await by('deputy', 'POST', '/v1/backup-targets', {
      key: company.key('target'),
      body: {
        ...{ code: 'RACK-DATA', name: 'Data', systemCode: 'RACK', unitId: company.unit('U1') },
        ...{ agentId: company.client('BACKUP_AGENT').id, keyId: 'K1', requiredBeforeChange: true },
        source: { executor: 'filesystem', path: '/srv/x', exclude: [] },
      },
    })
    expect(made.status).toBe(202)
    return made
  }, PATIENT)
  const path = `/v1/proposals/backup-orchestration/${text(proposal, 'id')}/approve`
  const approve = (part: Part) => by(part, 'POST', path, { ifMatch: '"1"', body: {} })
  // A target that one person registers would open the gate of its system.
  expect(outcome(await approve('deputy'))).toEqual([409, 'same-person'])
  // Two of the authority are one: what its backups are measured by is agreed to by the system administrator.
  expect(outcome(await approve('authority'))).toEqual([403, 'concerned'])
  const agreed = await company.as('SYSADM', 'POST', path, { ifMatch: '"1"', body: {} })
  expect(agreed.status).toBe(200)
  const { targetId } = proposal.body.body as { targetId: string }
  const policy = await by('deputy', 'PUT', `/v1/backup-targets/${targetId}/policy`, {
    ifMatch: '"0"',
    body: {
      ...{ schedule: '0 1 1 1 *', rpo: 'P366D', keepDays: 1 },
      ...{ primarySite: 'RACK-A', offsiteSite: 'RACK-B' },
    },
  })
  expect(outcome(policy)).toEqual([422, 'backup-policy-refused'])
})

test('[B-4.0] who resolved a grave fault does not close it, as reporter neither', async () => {
  const path = await graveFault('keyUser', 'own-ticket')
  expect((await stage.step('keyUser', path, 'acknowledge')).status).toBe(200)
  const resolved = await stage.step('keyUser', path, 'resolve', { resolution: 'Restarted.' })
  expect(resolved.status).toBe(200)
  const closed = await stage.step('keyUser', path, 'confirm', { accepted: true, comment: null })
  expect(outcome(closed)).toEqual([409, 'same-person'])
  expect((await by('keyUser', 'GET', path)).body.state).toBe('resolved')
})

/** Path of a new P1 of the unit U1. */
async function graveFault(reporter: Part, name: string): Promise<string> {
  const opened = await by(reporter, 'POST', '/v1/tickets', {
    key: company.key(name),
    body: {
      ...{ title: 'Nobody can post', description: 'All journals.', category: 'fault' },
      ...{ priority: 'P1', unitId: company.unit('U1'), moduleCode: 'GL' },
    },
  })
  expect(outcome(opened)).toEqual([201, undefined])
  return `/v1/tickets/${text(opened, 'id')}`
}

test('[A-5.2.3][B-4.0] a working-time clock has a deadline also in a year whose holidays nobody knows', async () => {
  const unitId = company.unit('U3')
  await company.parameter(
    'incident-tiering',
    'incident.sla.p3.restore',
    { clock: 'working', workingDays: 60 },
    unitId,
  )
  const opened = await company.must('SYSADM', 'POST', '/v1/tickets', {
    key: company.key('long-clock'),
    body: {
      ...{ title: 'A report is slow', description: 'Since today.', category: 'fault' },
      ...{ priority: 'P3', unitId, moduleCode: null },
    },
  })
  const { body } = await by('authority', 'GET', `/v1/tickets/${text(opened, 'id')}/clocks`)
  const clocks = body.items as { kind: string; dueAt: string | null; provisional: boolean }[]
  expect(clocks.map(({ kind }) => kind)).toContain('restore')
  const calendar = compileCalendar(defaultCalendarDefinition)
  for (const { dueAt, provisional } of clocks) {
    expect(dueAt).not.toBeNull()
    expect(provisional).toBe(missingYears(calendar, new Date(dueAt ?? 0)).length > 0)
  }
})

test('[A-2.3.7][A-6.1.2] that a step was in time is not for colleagues to say, before its time or after', async () => {
  const planned = async (name: string, dueAt: Date) => {
    const node = await by('authority', 'POST', '/v1/time-nodes', {
      key: company.key(name),
      body: {
        ...{ code: 'CLOSE', title: 'Close the ledger', unitId: company.unit('U1') },
        ...{ departmentId: null, personId: company.member('keyUser').id, isUrgent: true },
        dueAt: dueAt.toISOString(),
      },
    })
    expect(node.status).toBe(201)
    return `/v1/time-nodes/${text(node, 'id')}`
  }
  const done = (part: Part, path: string, completedAt: string) =>
    by(part, 'POST', `${path}/complete`, { body: { completedAt } })

  const tomorrow = new Date(Date.now() + 86_400_000)
  const early = await eventually(() => planned('node-of-tomorrow', tomorrow), PATIENT)
  const now = new Date(Date.now() - 1_000).toISOString()
  expect((await done('keyUser', early, now)).body.state).toBe('claimed')
  for (const part of ['keyUser', 'owner'] as const)
    expect(['claimed', undefined]).toContain((await done(part, early, now)).body.state)
  expect((await by('authority', 'GET', early)).body.state).toBe('claimed')

  // Where a busy machine takes longer than these seconds to plan it, the next one has as many again.
  let tries = 0
  const missed = await eventually(
    () => planned(`node-of-now-${(tries += 1)}`, new Date(Date.now() + 3_000)),
    PATIENT,
  )
  const node = await eventually(async () => {
    const { body } = await by('authority', 'GET', missed)
    expect(body.state).toBe('missed')
    return body
  }, PATIENT)
  const inTime = new Date(new Date(String(node.dueAt)).getTime() - 1_000).toISOString()
  for (const part of ['keyUser', 'owner'] as const)
    expect(outcome(await done(part, missed, inTime))).toEqual([409, 'same-person'])
  expect(outcome(await done('clerk', missed, inTime))).toEqual([403, 'not-concerned'])
  await eventually(async () => {
    expect((await stage.control('A-2.3.7')).state).toBe('broken')
  }, PATIENT)
  const other = await done('deputy', missed, inTime)
  expect([other.status, other.body.state]).toEqual([200, 'completed'])
})

// The last one: the key user of the unit is gone afterwards.
test('[A-1.3.4][A-5.2.3][B-4.0] a grave fault does not stay with an owner who moved to another unit', async () => {
  const path = await graveFault('clerk', 'ticket-of-mover')
  expect((await stage.step('keyUser', path, 'acknowledge')).status).toBe(200)
  const script = await company.clientToken('SCRIPT')
  const person = `/v1/persons/${company.member('keyUser').id}`
  const { etag } = await company.api.must('GET', person, { token: script })
  const moved = await company.api.ask('POST', `${person}/move`, {
    token: script,
    ifMatch: etag,
    body: { unitCode: 'U2', departmentCode: 'FIN', positionCode: 'CLERK' },
  })
  expect(outcome(moved)).toEqual([200, undefined])
  await eventually(async () => {
    const { body } = await by('authority', 'GET', path)
    expect([body.state, body.ownerPersonId]).toEqual(['open', null])
  }, PATIENT)
  const own = await stage.step(
    'keyUser',
    path,
    'resolve',
    { resolution: 'Restarted.' },
    'authority',
  )
  expect(own.status).toBeGreaterThanOrEqual(400)
  const clocks = await by('authority', 'GET', `${path}/clocks`)
  expect(clocks.body.items).toContainEqual(
    expect.objectContaining({ kind: 'tier', stoppedAt: null, dueAt: expect.any(String) }),
  )
  const given = { tier: 'L2', reason: 'Its owner moved.' }
  expect((await stage.step('authority', path, 'reassign', given)).status).toBe(200)
  const taken = await stage.step('expert', path, 'acknowledge')
  expect([taken.status, taken.body.ownerPersonId]).toEqual([200, company.member('expert').id])
})
