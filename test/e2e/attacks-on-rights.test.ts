import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { eventually } from '@erp-steward/test-kit/eventually'
import pg from 'pg'
import type { Answer } from './caller.ts'
import { Company, text } from './company.ts'
import type { Site } from './site.ts'
import { standaloneSite } from './standalone-site.ts'

/**
 * What one person tries alone at a running site, through the gateway with ordinary rights. The services' own tests try
 * the neighbours of each case; here it is seen that nothing between the door and the tables lets the case itself by.
 */
let site: Site | undefined
let company: Company

beforeAll(async () => {
  site = await standaloneSite({})
  company = new Company(site.gatewayUrl, site.passwordFile, 10)
  await company.administratorsSignIn()
  await company.organise()
  await company.admitClients()
  await company.hire()
  for (const part of [
    'authority',
    'deputy',
    'keyUser',
    'expert',
    'provider',
    'owner',
    'clerk',
  ] as const)
    await company.signIn(part)
  // The directory reaches the other services by event.
  for (const [part, tier] of [
    ['keyUser', 'L1'],
    ['expert', 'L2'],
  ] as const)
    await eventually(async () => {
      const answer = await by('authority', 'POST', '/v1/key-users', {
        key: company.key(`duty-${tier}`),
        body: {
          ...{ personId: company.member(part).id, tier, kind: 'MODULE', moduleCode: 'GL' },
          unitId: tier === 'L1' ? company.unit('U1') : null,
        },
      })
      expect([answer.status, answer.body.code]).toEqual([201, undefined])
    }, PATIENT)
}, 600_000)
afterAll(async () => {
  await site?.stop()
}, 60_000)

/** For what comes by event; a busy machine may take its time. */
const PATIENT = { within: 60_000 }

type Part = Parameters<Company['member']>[0]
type Ask = Parameters<Company['as']>[3]

const by = (part: Part, method: string, path: string, ask?: Ask) =>
  company.as(company.member(part).userName, method, path, ask)
const outcome = ({ status, body }: Answer) => [status, body.code]

test('[A-2.2.3][A-2.1.1] who issues a secret reads half of it, and half opens nothing', async () => {
  const { accountId, userName } = company.member('deputy')
  const first = await company.must('SECADM', 'POST', `/v1/accounts/${accountId}/initial-password`)
  const half = text(first, 'claimCode')
  expect(JSON.stringify(first.body)).not.toContain('initialPassword')
  const both = await company.as(
    'SECADM',
    'POST',
    `/v1/accounts/${accountId}/initial-password/second-half`,
  )
  expect(outcome(both)).toEqual([409, 'same-person'])
  for (const password of [half, `${half}-`, `${half}-${half}`]) {
    const entered = await company.api.ask('POST', '/v1/sessions', { body: { userName, password } })
    expect(entered.status).toBe(401)
  }
})

test('[A-2.2.4] no single hand switches the rule for passwords off, and letters alone are none', async () => {
  const path = '/v1/parameters/identity/identity.password.profile'
  const { etag } = await company.must('SECADM', 'GET', path)
  const set = await company.as('SECADM', 'PUT', path, {
    ifMatch: etag,
    body: { unitId: null, value: 'nist-800-63b-4', reason: 'Easier.' },
  })
  expect([202, 422]).toContain(set.status)
  expect((await company.must('SECADM', 'GET', path)).body.value).toBe('gbt22239-level3')
  const { userName } = company.member('clerk')
  const { password } = company.login(userName)
  const letters = await company.as(userName, 'PUT', '/v1/accounts/me/password', {
    body: { currentPassword: password, newPassword: 'correcthorsebattery' },
  })
  expect(outcome(letters)).toEqual([422, 'password-refused'])
})

test('[A-3.2.2] who may set a limit proposes to raise it, and approves nothing alone', async () => {
  const key = 'monitoring.threshold.cpu.critical'
  const path = `/v1/parameters/monitoring-ingest/${key}`
  const { etag } = await company.must('SECADM', 'GET', path)
  const raised = await company.must('SECADM', 'PUT', path, {
    ifMatch: etag,
    body: { unitId: null, value: 99, reason: 'Quiet.' },
  })
  expect(raised.status).toBe(202)
  const proposal = `/v1/proposals/monitoring-ingest/${text(raised, 'id')}`
  const decision = { ifMatch: '"1"', body: null }
  const alone = await company.as('SECADM', 'POST', `${proposal}/approve`, decision)
  expect(outcome(alone)).toEqual([403, 'permission-missing'])
  // The first administrators' accounts name nobody yet: nobody could tell them from one another.
  const unnamed = await company.as('SYSADM', 'POST', `${proposal}/approve`, decision)
  expect(outcome(unnamed)).toEqual([409, 'same-person'])
  const leader = await by('owner', 'POST', `${proposal}/approve`, decision)
  expect(outcome(leader)).toEqual([403, 'permission-missing'])
  expect((await company.must('SECADM', 'GET', path)).body.value).toBe(90)
  // The limit measures how the authority runs the ERP.
  const measured = await by('authority', 'POST', `${proposal}/approve`, decision)
  expect(outcome(measured)).toEqual([403, 'concerned'])
  expect((await company.as('AUDADM', 'POST', `${proposal}/approve`, decision)).status).toBe(200)
  expect((await company.must('SECADM', 'GET', path)).body.value).toBe(99)
})

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

test('[A-4.3.1] no table of any schema holds a mail address in clear', async () => {
  const { mail } = company.member('clerk')
  const client = new pg.Client({ connectionString: (await site?.superuserUrl()) ?? '' })
  await client.connect()
  try {
    const { rows } = await client.query<{ place: string; found: boolean }>(
      `select table_schema || '.' || table_name as place,
              (xpath('/table/row/found/text()', query_to_xml(
                format('select exists (select from %I.%I as row where row::text ilike %L) as found',
                       table_schema, table_name, '%' || $1 || '%'), false, false, '')))[1]::text
              = 'true' as found
         from information_schema.tables
        where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
      [mail],
    )
    expect(rows.length).toBeGreaterThan(50)
    expect(rows.filter(({ found }) => found).map(({ place }) => place)).toEqual([])
  } finally {
    await client.end()
  }
})

const duty = (part: Part, tier: 'L1' | 'L2') => ({
  ...{ personId: company.member(part).id, tier, kind: 'MODULE', moduleCode: 'GL' },
  unitId: tier === 'L1' ? company.unit('U1') : null,
})

test('[B-4.1.2] who may not work a ticket is no key user', async () => {
  const named = await by('authority', 'POST', '/v1/key-users', {
    key: company.key('duty-of-clerk'),
    body: duty('clerk', 'L1'),
  })
  expect(outcome(named)).toEqual([422, 'key-user-not-able'])
})

test('[B-4.2.1] a leader names neither himself nor anybody for the company', async () => {
  for (const [part, tier] of [
    ['owner', 'L1'],
    ['owner', 'L2'],
    ['keyUser', 'L2'],
  ] as const) {
    const named = await by('owner', 'POST', '/v1/key-users', {
      key: company.key(`duty-by-owner-${part}-${tier}`),
      body: duty(part, tier),
    })
    expect(named.status).toBeGreaterThanOrEqual(400)
  }
})

test('[B-4.0] who resolved a grave fault does not close it, as reporter neither', async () => {
  const opened = await by('keyUser', 'POST', '/v1/tickets', {
    key: company.key('own-ticket'),
    body: {
      ...{ title: 'Nobody can post', description: 'All journals.', category: 'fault' },
      ...{ priority: 'P1', unitId: company.unit('U1'), moduleCode: 'GL' },
    },
  })
  expect(outcome(opened)).toEqual([201, undefined])
  const path = `/v1/tickets/${text(opened, 'id')}`
  const step = async (verb: string, body?: unknown) => {
    const { etag } = await by('keyUser', 'GET', path)
    return by('keyUser', 'POST', `${path}/${verb}`, {
      ifMatch: etag,
      ...(body !== undefined && { body }),
    })
  }
  expect((await step('acknowledge')).status).toBe(200)
  expect((await step('resolve', { resolution: 'Restarted.' })).status).toBe(200)
  const closed = await step('confirm', { accepted: true, comment: null })
  expect(outcome(closed)).toEqual([409, 'same-person'])
  expect((await by('keyUser', 'GET', path)).body.state).toBe('resolved')
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
  expect((await approve('authority')).status).toBe(200)
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

test('[A-2.1.1] an administrator is a person, and not one who has a business role', async () => {
  const asked = (name: string, more: object) =>
    company.as('SYSADM', 'POST', '/v1/account-changes', {
      key: company.key(name),
      body: {
        change: { kind: 'create-administrator', userName: 'SHADOW', role: 'SYSTEM_ADMIN', ...more },
        reason: 'One more.',
      },
    })
  expect((await asked('nobody', {})).status).toBe(422)
  expect((await asked('pocket', { personId: company.member('clerk').id })).status).toBe(409)
})

test('[A-6.1.1] the leader of a unit does not set the number that its error rate is measured by', async () => {
  // Entries are counted for months that are over; in China a month begins eight hours earlier.
  const now = new Date(Date.now() + 8 * 3_600_000)
  const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1))
  const counted = await by('owner', 'PUT', '/v1/entry-counts', {
    body: {
      ...{ batchId: company.uuid('batch'), month: month.toISOString().slice(0, 7) },
      moduleCode: 'GL',
      counts: [{ personId: company.member('clerk').id, entries: 1_000_000 }],
    },
  })
  expect(outcome(counted)).toEqual([403, 'permission-missing'])
})
