import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { serviceUrl } from '@erp-steward/postgres/roles'
import { DATABASE } from '@erp-steward/standalone/prepare-site'
import { eventually } from '@erp-steward/test-kit/eventually'
import pg from 'pg'
import { GENESIS, ledgerHash } from '../../services/identity/src/audit/ledger-hash.ts'
import { openAttackStage, outcome, PATIENT, type AttackStage } from './attack-stage.ts'
import { text, UNITS, type Company } from './company.ts'
import { sendEachSecond, sourceToken, startKeyFigures } from './metric-sender.ts'

/** Evidence: what makes a clause look kept that is not, and what would make the ledger say something else. */
let stage: AttackStage
let company: Company
/** How to stop what sends metrics. */
const senders: (() => Promise<void>)[] = []
/** What the register said of the accounts before the administrators were named. */
let unnamed: Awaited<ReturnType<AttackStage['control']>>
/** The threshold of the unit U2 that fires at once. */
let thresholdId = ''

beforeAll(async () => {
  stage = await openAttackStage(['authority', 'keyUser', 'expert'], (opened) =>
    eventually(async () => {
      unnamed = await opened.control('A-2.1.1')
      expect(unnamed.state).not.toBe('stale')
    }, PATIENT),
  )
  company = stage.company
  await company.provision()
  await watch()
}, 600_000)
afterAll(async () => {
  await Promise.all(senders.map((stop) => stop()))
  await stage.site.stop()
})

const by: AttackStage['by'] = (...asked) => stage.by(...asked)

/** The hosts of every unit send their key figures, but for U1, whose source sends something else. */
async function watch(): Promise<void> {
  const writeUrl = `${company.api.url}/v1/metrics/write`
  await company.parameter('monitoring-ingest', 'monitoring.alert.notify_within', 'PT1S')
  const token = (code: string) =>
    sourceToken(company, `host-${code}`, { unitId: company.unit(code), moduleCode: null })
  for (const code of UNITS.filter((each) => each !== 'U1'))
    senders.push(startKeyFigures(writeUrl, await token(code)))
  const weather = [{ labels: { __name__: 'weather' }, value: 1 }]
  senders.push(sendEachSecond(writeUrl, await token('U1'), () => weather))
  const threshold = await company.must('SYSADM', 'POST', '/v1/thresholds', {
    key: company.key('threshold'),
    body: {
      ...{ name: 'CPU', unitId: company.unit('U2'), moduleCode: null, category: 'SERVER' },
      ...{ metric: 'erp_cpu_used_percent', matchers: [], comparison: 'above', transform: 'value' },
      ...{ warning: 10, critical: 90, recoverLevel: null, forSeconds: 0, reason: 'As it should.' },
    },
  })
  thresholdId = text(threshold, 'id')
}

/** Does something in one transaction as whoever the URL names. */
async function asRole(url: string, act: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('begin')
    await act(client)
    await client.query('commit')
  } finally {
    await client.end()
  }
}

test('[A-2.1.1] accounts are not as they should be while administrators belong to nobody', async () => {
  expect([unnamed.state, unnamed.reasonCode]).toEqual(['at-risk', 'open-risks'])
  await eventually(async () => {
    expect((await stage.control('A-2.1.1')).state).toBe('kept')
  }, PATIENT)
})

test('[A-2.1.4] a leaver whom EBS still lets in is a breach until EBS has the end date', async () => {
  const script = await company.clientToken('SCRIPT')
  const path = `/v1/persons/${company.member('leaver').id}`
  const { etag } = await company.api.must('GET', path, { token: script })
  const left = await company.api.ask('POST', `${path}/leave`, {
    token: script,
    ifMatch: etag,
    body: { kind: 'dismissal' },
  })
  expect(outcome(left)).toEqual([200, undefined])
  await eventually(async () => {
    const { state, reasonCode } = await stage.control('A-2.1.4')
    expect([state, reasonCode]).toEqual(['broken', 'open-breaches'])
  }, PATIENT)
  await company.provision()
  await eventually(async () => {
    expect((await stage.control('A-2.1.4')).state).toBe('kept')
  }, PATIENT)
})

test('[A-6.1.1][A-6.1.2][A-2.3.1] a month without one fact gives nobody a grade', async () => {
  const now = new Date(Date.now() + 8 * 3_600_000)
  const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1))
  const sheet = await eventually(async () => {
    const computed = await by('authority', 'POST', '/v1/score-sheets', {
      key: company.key('sheet'),
      body: { month: month.toISOString().slice(0, 7) },
    })
    expect(computed.status).toBe(201)
    return computed
  }, PATIENT)
  expect(sheet.body.measured).toBe(0)
  const scores = await by('authority', 'GET', `/v1/scores?sheetId=${text(sheet, 'id')}&limit=200`)
  const items = scores.body.items as { total: number | null; grade: string | null }[]
  expect(items.length).toBe(sheet.body.subjects)
  expect(items.filter(({ total, grade }) => total !== null || grade !== null)).toEqual([])
  for (const clauseId of ['A-6.1.1', 'A-6.1.2', 'A-2.3.1'])
    await eventually(async () => {
      expect((await stage.control(clauseId)).state).toBe('broken')
    }, PATIENT)
})

test('[B-4.1.2][B-7.3.2] units without key users are on the list, announced, and a breach', async () => {
  const { body } = await by('authority', 'GET', '/v1/key-users/coverage')
  const gap = { unitId: company.unit('U2'), tier: 'L1', kind: 'MODULE', moduleCode: 'GL' }
  expect(body.gaps).toContainEqual(gap)
  for (const clauseId of ['B-4.1.2', 'B-7.3.2'])
    await eventually(async () => {
      const { state, openBreaches } = await stage.control(clauseId)
      expect(state).toBe('broken')
      expect(openBreaches).toContainEqual(
        expect.objectContaining({ eventType: 'incident.key-user.gap-found.v1' }),
      )
    }, PATIENT)
})

test('[A-3.2.1] a source that sends the weather does not watch a host', async () => {
  // The other units are watched by now, each by three figures; those of this one are what is missing.
  await eventually(async () => {
    const { state, reasonCode, reason } = await stage.control('A-3.2.1')
    expect([state, reasonCode]).toEqual(['stale', 'sources-silent'])
    expect(reason).toBe('Sources are silent: 3.')
  }, PATIENT)
})

test('[A-3.2.3] an alert that reached nobody is a breach, and taking the threshold away does not end it', async () => {
  const untold = await eventually(async () => {
    const { body } = await company.must('SYSADM', 'GET', `/v1/alerts?thresholdId=${thresholdId}`)
    const [episode] = body.items as { id: string }[]
    const control = await stage.control('A-3.2.3')
    expect(control.state).toBe('broken')
    expect(control.openBreaches).toContainEqual(expect.objectContaining({ subject: episode?.id }))
    return expect.objectContaining({ subject: episode?.id })
  }, PATIENT)
  const path = `/v1/thresholds/${thresholdId}`
  const { etag } = await company.must('SYSADM', 'GET', path)
  const asked = await company.as('SYSADM', 'POST', `${path}/withdraw`, {
    ifMatch: etag,
    body: { reason: 'Noise.' },
  })
  expect(asked.status).toBe(202)
  const proposal = `/v1/proposals/monitoring-ingest/${text(asked, 'id')}`
  const approve = { ifMatch: asked.etag, body: null }
  const own = await company.as('SYSADM', 'POST', `${proposal}/approve`, approve)
  expect(own.status).toBe(409)
  expect((await company.must('SYSADM', 'GET', path)).body.active).toBe(true)
  expect((await by('authority', 'POST', `${proposal}/approve`, approve)).status).toBe(200)
  expect((await company.must('SYSADM', 'GET', path)).body.active).toBe(false)
  // What was not told in time was not told in time, whatever is done to the threshold afterwards.
  const { state, openBreaches } = await stage.control('A-3.2.3')
  expect(state).toBe('broken')
  expect(openBreaches).toContainEqual(untold)
})

test('[A-4.3.1] no table of any schema holds a mail address in clear', async () => {
  const { mail } = company.member('clerk')
  const client = new pg.Client({ connectionString: await stage.site.superuserUrl() })
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

/** The URL of the very role that identity works with, as whoever reads its settings has it. */
async function serviceRoleUrl(): Promise<string> {
  const secrets = await readFile(join(dirname(stage.site.passwordFile), 'secrets.json'), 'utf8')
  const { databasePasswords } = JSON.parse(secrets) as {
    databasePasswords: Record<string, string>
  }
  const password = databasePasswords.identity ?? ''
  return serviceUrl(await stage.site.superuserUrl(), DATABASE, 'identity', password)
}

const NEW_HEAD = `update identity.audit_head set (seq, hash) =
  (select seq, hash from identity.audit_record order by seq desc limit 1)`

test('[A-4.3.4] the role that the service works with neither cuts nor rewrites its ledger', async () => {
  const url = await serviceRoleUrl()
  await asRole(url, (client) => client.query('select from identity.audit_head'))
  for (const statement of [
    'delete from identity.audit_record where seq > (select seq - 20 from identity.audit_head)',
    NEW_HEAD,
    'truncate identity.audit_record',
    `update identity.audit_record set envelope = '{}' where seq = 1`,
    'alter table identity.audit_record disable trigger user',
    'delete from identity.audit_seal',
    `set session_replication_role = 'replica'`,
    'set role steward_identity_owner',
  ])
    await expect(asRole(url, (client) => client.query(statement))).rejects.toMatchObject({
      code: '42501',
    })
})

interface Verdict {
  readonly witness: string
  readonly state: string
  readonly newest: { readonly seq: number } | null
  readonly disagreement: { readonly seq: number; readonly what: string } | null
}

/** What the verification says of the ledger, and the witnesses outside its database. */
async function verified() {
  const { body } = await company.must('AUDADM', 'POST', '/v1/audit/verifications')
  const outside = (body.witnesses as Verdict[]).filter(({ witness }) => witness !== 'signature')
  return { state: body.state, fault: body.fault as { what: string } | null, outside }
}

/** Owns the server: no trigger fires, the anchors go with the records, and facts that come meanwhile wait. */
const AS_THIEF = [
  `set local session_replication_role = 'replica'`,
  'select from identity.audit_head for update',
  'delete from identity.audit_anchor',
]

/** Changes the first record and computes every hash anew, so that the chain agrees with itself. */
async function rewriteChain(client: pg.Client): Promise<void> {
  for (const statement of AS_THIEF) await client.query(statement)
  const { rows } = await client.query<{ seq: string; recorded_at: Date; envelope: string }>(
    'select seq, recorded_at, envelope from identity.audit_record order by seq',
  )
  let previous: Buffer = GENESIS
  for (const { seq, recorded_at: recordedAt, envelope: was } of rows) {
    const envelope = seq === '1' ? was.replace('"requestid":"', '"requestid":"x') : was
    const hash = ledgerHash(previous, { seq: BigInt(seq), recordedAt, envelope })
    await client.query(
      `update identity.audit_record set envelope = $2, previous_hash = $3, hash = $4 where seq = $1`,
      [seq, envelope, previous, hash],
    )
    previous = hash
  }
  await client.query('update identity.audit_head set hash = $1', [previous])
}

// The last one: nothing vouches for this ledger any more afterwards.
test('[A-4.3.4] who owns the server is contradicted from outside it: a chain that is rewritten, a tail that is cut', async () => {
  const first = await eventually(async () => {
    const { state, outside } = await verified()
    expect([state, outside.length]).toEqual(['intact', 2])
    expect(outside.map(({ newest }) => newest === null)).toEqual([false, false])
    return Math.min(...outside.map(({ newest }) => newest?.seq ?? 0))
  }, PATIENT)
  const url = await stage.site.superuserUrl()
  const contradicted = {
    state: 'broken',
    fault: { what: 'witness-disagrees' },
    outside: [{ state: 'disagrees' }, { state: 'disagrees' }],
  }
  await asRole(url, rewriteChain)
  const rewritten = await verified()
  expect(rewritten).toMatchObject(contradicted)
  for (const { disagreement } of rewritten.outside) expect(disagreement?.what).toBe('hash-differs')
  await asRole(url, async (client) => {
    for (const statement of AS_THIEF) await client.query(statement)
    await client.query(`delete from identity.audit_record where seq >= $1`, [first])
    await client.query(NEW_HEAD)
  })
  expect(await verified()).toMatchObject(contradicted)
})
