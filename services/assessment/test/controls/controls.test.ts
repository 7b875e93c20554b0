import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import {
  ObservationRecorded,
  ObservationVoided,
  ScoresComputed,
  ScoresPublished,
  TimeNodeClaimed,
  TimeNodeCompleted,
  TimeNodeMissed,
} from '@erp-steward/contracts/assessment-events'
import {
  BackupRunMissed,
  BackupRunSucceeded,
  BackupTargetRegistered,
  ProtectionStated,
  CopyVerified,
  RestoreFinished,
} from '@erp-steward/contracts/backup-events'
import { ModuleChanged, UnitChanged } from '@erp-steward/contracts/directory-events'
import {
  KeyUserGapFound,
  TicketAcknowledged,
  TicketClockBreached,
} from '@erp-steward/contracts/incident-events'
import {
  InspectionDone,
  InspectionOverdue,
  KeyFigureStated,
  SourceChanged,
  SourceHeard,
  SourceSilent,
} from '@erp-steward/contracts/monitoring-events'
import { ParameterVersionSet } from '@erp-steward/contracts/platform-events'
import { clauses } from '@erp-steward/regulation/clause'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { register } from '../../src/controls/rules/register/all.ts'
import { DAY, HOUR } from '@erp-steward/test-kit/instants'
import { OTHER_UNIT, UNIT } from '@erp-steward/test-kit/tell-of-company'
import { caller } from '@erp-steward/test-kit/tokens'
import {
  alive,
  auditor,
  controlAt,
  controlStage,
  emptyStage,
  factOf,
  noon,
  publish,
  read,
  stateAt,
  tell,
} from './control-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await controlStage()
})
beforeEach(() => emptyStage(stage))
afterAll(() => stage.release())

const SOURCE = randomUUID()
const source = { sourceId: SOURCE, name: 'DB01', unitId: UNIT, moduleCode: null }
const registered = (at: Date) =>
  factOf(SourceChanged, { ...source, change: 'registered' }, at, 'monitoring-ingest')
const silent = (at: Date, lastHeardAt: Date | null) =>
  factOf(
    SourceSilent,
    { ...source, lastHeardAt: lastHeardAt?.toISOString() ?? null, noticedAt: at.toISOString() },
    at,
    'monitoring-ingest',
  )
const heard = (at: Date, silentSince: Date | null = null) =>
  factOf(
    SourceHeard,
    { ...source, silentSince: silentSince?.toISOString() ?? null, heardAt: at.toISOString() },
    at,
    'monitoring-ingest',
  )

const watched = (at: Date) =>
  factOf(
    KeyFigureStated,
    { unitId: UNIT, figure: 'cpu', watched: true, guarded: false, statedAt: at.toISOString() },
    at,
    'monitoring-ingest',
  )

const ROUND = randomUUID()
const done = (at: Date) =>
  factOf(
    InspectionDone,
    {
      roundId: ROUND,
      unitId: UNIT,
      date: '2026-03-09',
      signedByPersonId: randomUUID(),
      signedAt: at.toISOString(),
      withinTarget: true,
      onDay: true,
      suspicious: false,
      abnormalItems: 0,
    },
    at,
    'monitoring-ingest',
  )

const target = (targetId: string, unitId = UNIT) => ({
  targetId,
  targetCode: 'DB',
  systemCode: 'EBS',
  unitId,
})
const [ONE, TWO] = [randomUUID(), randomUUID()]
const expectTarget = (targetId: string, at: Date, active = true) =>
  factOf(
    BackupTargetRegistered,
    { ...target(targetId), executor: 'postgres', active },
    at,
    'backup-orchestration',
  )
const protectedAt = (targetId: string, at: Date) =>
  factOf(
    ProtectionStated,
    {
      ...target(targetId),
      ...({ plan: 'kept', media: 'kept', offsite: 'kept' } as const),
      ...{ faults: [], exceptedUntil: null, statedAt: at.toISOString() },
    },
    at,
    'backup-orchestration',
  )
const missed = (targetId: string, at: Date, unitId = UNIT) =>
  factOf(
    BackupRunMissed,
    {
      ...target(targetId, unitId),
      dueAt: at.toISOString(),
      missedRuns: 1,
      noticedAt: at.toISOString(),
    },
    at,
    'backup-orchestration',
  )
const succeeded = (targetId: string, at: Date) =>
  factOf(
    BackupRunSucceeded,
    {
      ...target(targetId),
      runId: randomUUID(),
      copyId: randomUUID(),
      siteCode: 'MAIN',
      objectName: 'object',
      storedBytes: 1,
      digest: '0'.repeat(64),
      tool: 'pg_dump',
      startedAt: at.toISOString(),
      dataAt: at.toISOString(),
      verifiedAt: at.toISOString(),
    },
    at,
    'backup-orchestration',
  )

test('[B-5.6] every clause of both regulations is listed once, in the order of the text, page by page', async () => {
  const seen: string[] = []
  const pageAfter = async (query: string) =>
    (await read(stage, `/v1/controls?limit=40${query}`)).json<{
      items: { clauseId: string }[]
      next: string | null
    }>()
  for (let page = await pageAfter(''); ; page = await pageAfter(`&cursor=${page.next}`)) {
    seen.push(...page.items.map(({ clauseId }) => clauseId))
    if (page.next === null) break
  }
  expect(seen).toEqual(clauses.map(({ id }) => id))
  expect(seen).toHaveLength(150)
})

test('[B-5.6] without a single fact no duty is kept, and each clause says why', async () => {
  const { items } = (await read(stage, '/v1/controls?limit=200')).json<{
    items: { clauseId: string; state: string; mode: string; reason: string }[]
  }>()
  const covered = new Set(register.map(({ clauseId }) => clauseId))
  for (const { clauseId, mode, state } of items)
    expect({ clauseId, state }).toEqual({
      clauseId,
      state:
        mode === 'C'
          ? 'not-applicable'
          : mode === 'P' || covered.has(clauseId)
            ? 'stale'
            : 'not-covered',
    })
  expect(new Set(items.map(({ reason }) => reason))).toEqual(
    new Set([
      'The clause sets no duty.',
      'Nothing proves it yet.',
      'Nothing can prove it yet: what would is not built.',
      'Nobody has recorded evidence yet.',
    ]),
  )
  const { total, states } = (await read(stage, '/v1/controls/summary')).json<{
    total: number
    states: { state: string; count: number }[]
  }>()
  const context = clauses.filter(({ mode }) => mode === 'C').length
  const notCovered = items.filter(({ state }) => state === 'not-covered')
  expect(total).toBe(150)
  expect(states.filter(({ count }) => count > 0)).toEqual([
    { state: 'stale', count: 150 - context - notCovered.length },
    { state: 'not-covered', count: notCovered.length },
    { state: 'not-applicable', count: context },
  ])
  const { items: filtered } = (await read(stage, '/v1/controls?limit=200&state=not-covered')).json<{
    items: { clauseId: string; reasonCode: string }[]
  }>()
  expect(filtered.map(({ clauseId }) => clauseId)).toEqual(
    notCovered.map(({ clauseId }) => clauseId),
  )
  expect(new Set(filtered.map(({ reasonCode }) => reasonCode))).toEqual(new Set(['not-built']))
})

test('[B-5.6] what the product claims of a clause, be it in part, it can prove: no such clause is not covered', async () => {
  const { items } = (await read(stage, '/v1/controls?limit=200&state=not-covered')).json<{
    items: { clauseId: string; claim: string }[]
  }>()
  expect(items.filter(({ claim }) => claim !== 'not-yet')).toEqual([])
})

test('the list is filtered by state, regulation and service', async () => {
  const ask = async (query: string) =>
    (await read(stage, `/v1/controls?limit=200&${query}`)).json<{
      items: { regulation: string; service: string; state: string }[]
    }>().items
  expect((await ask('regulation=B')).every(({ regulation }) => regulation === 'B')).toBe(true)
  expect(
    (await ask('service=identity'))
      .map(({ service }) => service)
      .filter((name) => name !== 'identity'),
  ).toEqual([])
  expect(await ask('state=kept')).toEqual([])
  expect((await ask('state=not-applicable&regulation=A')).length).toBe(
    clauses.filter(({ mode, regulation }) => mode === 'C' && regulation === 'A').length,
  )
})

test('a clause speaks the language of the reader', async () => {
  const chinese = { ...auditor(), 'accept-language': 'zh-CN' }
  const { title, reason } = (await read(stage, '/v1/controls/A-3.2.1', chinese)).json<{
    title: string
    reason: string
  }>()
  expect([title, reason]).toEqual([
    clauses.find(({ id }) => id === 'A-3.2.1')?.original,
    '尚无任何证据。',
  ])
})

test('[B-5.6] a proof that is exactly as old as it may be still proves, a millisecond later it is stale', async () => {
  await tell(stage, done(noon(-2 * DAY)))
  await alive(stage, noon(), 'monitoring-ingest')
  expect(await controlAt(stage, 'A-3.1.1', noon())).toMatchObject({
    state: 'kept',
    lastProofAt: noon(-2 * DAY).toISOString(),
    freshUntil: noon().toISOString(),
    evidence: [
      { effect: 'mends', key: `${UNIT}/${ROUND}` },
      { effect: 'proves', key: UNIT },
    ],
  })
  expect(await controlAt(stage, 'A-3.1.1', noon(1))).toMatchObject({
    state: 'stale',
    reasonCode: 'proof-old',
    since: noon().toISOString(),
  })
})

test('[B-5.6][A-3.2.1] a source that falls silent makes its clauses stale at once, though the proof is fresh, until it is heard', async () => {
  await tell(stage, registered(noon(-2)))
  await tell(stage, watched(noon(-1)))
  await tell(stage, heard(noon(-1)))
  expect(await stateAt(stage, 'A-3.2.1', noon())).toBe('kept')
  await tell(stage, silent(noon(2), noon(-1)))
  expect(await controlAt(stage, 'A-3.2.1', noon(2))).toMatchObject({
    state: 'stale',
    reasonCode: 'sources-silent',
    since: noon(2).toISOString(),
  })
  await tell(stage, heard(noon(3), noon(2)))
  expect(await stateAt(stage, 'A-3.2.1', noon(3))).toBe('kept')
})

test('[A-3.2.1] a source that was registered and never sent does not prove that figures are sent', async () => {
  await tell(stage, registered(noon(-1)))
  await alive(stage, noon(), 'monitoring-ingest')
  expect(await stateAt(stage, 'A-3.2.1', noon())).toBe('stale')
  await tell(stage, silent(noon(1), null))
  expect((await controlAt(stage, 'A-3.2.1', noon(1))).reasonCode).toBe('sources-silent')
})

test('[A-3.1.1] the round of another day does not mend the one that nobody signed', async () => {
  const roundId = randomUUID()
  const overdue = {
    ...{ roundId, unitId: UNIT, date: '2026-03-08', inspectorPersonId: null },
    dueAt: noon(-3).toISOString(),
    noticedAt: noon(-2).toISOString(),
  }
  await tell(stage, factOf(InspectionOverdue, overdue, noon(-2), 'monitoring-ingest'))
  await tell(stage, done(noon(-1)))
  expect((await controlAt(stage, 'A-3.1.1', noon())).openBreaches).toMatchObject([
    { key: `${UNIT}/${roundId}` },
  ])
})

test('[A-2.4.5] a failed restore of a target that was taken out is no breach for ever', async () => {
  const failed = {
    ...target(ONE),
    ...{ planId: randomUUID(), number: 'R-1', outcome: 'failed' as const, detail: 'Disk full.' },
    ...{ compared: 0, seconds: 1, withinRto: false, receiptDigest: '0'.repeat(64) },
    finishedAt: noon(-9).toISOString(),
  }
  await tell(stage, factOf(RestoreFinished, failed, noon(-9), 'backup-orchestration'))
  await tell(stage, succeeded(ONE, noon(-8)))
  expect(await stateAt(stage, 'A-2.4.5', noon(-8))).toBe('broken')
  await tell(stage, expectTarget(ONE, noon(-7), false))
  expect(await controlAt(stage, 'A-2.4.5', noon())).toMatchObject({
    reasonCode: 'never-proven',
    openBreaches: [],
  })
})

test('[B-4.1.2] the gap of a unit that was closed, or of a module that was withdrawn, ends with it', async () => {
  const gap = (unitId: string, moduleCode: string, at: Date) =>
    factOf(
      KeyUserGapFound,
      { unitId, tier: 'L1', kind: 'MODULE', moduleCode, foundAt: at.toISOString() },
      at,
      'incident-tiering',
    )
  for (const [unitId, code] of [
    [UNIT, 'GL'],
    [UNIT, 'AP'],
    [OTHER_UNIT, 'GL'],
    [OTHER_UNIT, 'IT'],
  ] as const)
    await tell(stage, gap(unitId, code, noon(-9)))
  const open = async () =>
    (await controlAt(stage, 'B-4.1.2', noon())).openBreaches.map(({ key }) => key).sort()
  expect(await open()).toHaveLength(4)
  const unit = { unitId: UNIT, code: 'U1', name: 'U1', kind: 'USER_UNIT' as const, active: false }
  await tell(stage, factOf(UnitChanged, { ...unit, version: 2 }, noon(-8), 'identity'))
  expect(await open()).toEqual([
    `${OTHER_UNIT}/L1/MODULE/module:GL`,
    `${OTHER_UNIT}/L1/MODULE/module:IT`,
  ])
  const module = { code: 'GL', name: 'General Ledger', active: false, version: 2 }
  await tell(stage, factOf(ModuleChanged, module, noon(-7), 'identity'))
  expect(await open()).toEqual([`${OTHER_UNIT}/L1/MODULE/module:IT`])
})

test('[B-5.6] to compute and publish an old month again does not make the proof younger', async () => {
  const sheet = (month: string) => ({
    ...{ sheetId: randomUUID(), month, revision: 2, digest: '0'.repeat(64) },
  })
  const computed = (month: string, at: Date) =>
    factOf(
      ScoresComputed,
      {
        ...{ ...sheet(month), subjects: 1, deductions: 0 },
        ...{ measured: 1, measuredAccuracy: 1, measuredTimeliness: 1 },
        ...{ cutOffAt: at.toISOString(), computedAt: at.toISOString() },
      },
      at,
      'assessment',
    )
  const published = (month: string, at: Date) =>
    factOf(
      ScoresPublished,
      { ...sheet(month), publishedAt: at.toISOString(), appealsUntil: null },
      at,
      'assessment',
    )
  await alive(stage, noon(), 'assessment')
  await tell(stage, computed('2025-12', noon(-2)))
  await tell(stage, published('2025-12', noon(-1)))
  for (const clauseId of ['A-6.1.1', 'B-5.6'])
    expect(await controlAt(stage, clauseId, noon())).toMatchObject({
      reasonCode: 'proof-old',
      lastProofAt: '2026-01-01T00:00:00.000Z',
    })
  await tell(stage, computed('2026-02', noon(-1)))
  expect(await controlAt(stage, 'A-6.1.1', noon())).toMatchObject({
    state: 'kept',
    lastProofAt: '2026-03-01T00:00:00.000Z',
  })
  // What is computed and kept back is not made known.
  expect((await controlAt(stage, 'B-5.6', noon())).reasonCode).toBe('proof-old')
})

test('[A-2.3.5][A-2.3.7] what was voided breaks nothing any more, a delay neither', async () => {
  const [late, delay, nodeId] = [randomUUID(), randomUUID(), randomUUID()]
  const observed = {
    ...{ severity: null, personId: null, departmentId: null, unitId: UNIT, moduleCode: null },
    ...{ reference: 'R', occurredAt: noon(-9).toISOString(), recordedAt: noon(-9).toISOString() },
  }
  const fact = { ...observed, observationId: late, kind: 'late-correction' as const }
  await tell(stage, factOf(ObservationRecorded, fact, noon(-9), 'assessment'))
  const node = { nodeId, code: 'N', unitId: UNIT, personId: null }
  const times = { dueAt: noon(-9).toISOString(), noticedAt: noon(-9).toISOString() }
  await tell(stage, factOf(TimeNodeMissed, { ...node, ...times }, noon(-9), 'assessment'))
  for (const clauseId of ['A-2.3.5', 'A-2.3.7'])
    expect(await stateAt(stage, clauseId, noon())).toBe('broken')
  const voided = (observationId: string, kind: 'delay' | 'late-correction', originId: string) =>
    factOf(
      ObservationVoided,
      {
        ...{ observationId, kind, originId, unitId: UNIT, month: '2026-03', reason: 'Appeal.' },
        voidedAt: noon(-1).toISOString(),
      },
      noon(-1),
      'assessment',
    )
  await tell(stage, voided(late, 'late-correction', randomUUID()))
  await tell(stage, voided(delay, 'delay', nodeId))
  for (const clauseId of ['A-2.3.5', 'A-2.3.7'])
    expect(await stateAt(stage, clauseId, noon())).toBe('stale')
})

test('[A-2.3.7] a claim that nobody confirms by its time is an open breach without anybody noticing, until it is confirmed', async () => {
  const [claimed, confirmed] = [randomUUID(), randomUUID()]
  const node = (nodeId: string) => ({
    ...{ nodeId, code: 'close', unitId: UNIT, dueAt: noon(-9).toISOString() },
    completedAt: noon(-9).toISOString(),
  })
  const done = (nodeId: string, at: Date) =>
    factOf(TimeNodeCompleted, { ...node(nodeId), withinTarget: true }, at, 'assessment')
  await alive(stage, noon(), 'assessment')
  for (const nodeId of [claimed, confirmed])
    await tell(
      stage,
      factOf(
        TimeNodeClaimed,
        { ...node(nodeId), claimedAt: noon(-9).toISOString(), confirmBy: noon().toISOString() },
        noon(-9),
        'assessment',
      ),
    )
  await tell(stage, done(confirmed, noon(-1)))
  expect(await stateAt(stage, 'A-2.3.7', noon())).toBe('kept')
  expect(await controlAt(stage, 'A-2.3.7', noon(1))).toMatchObject({
    state: 'broken',
    reasonCode: 'open-breaches',
    openBreaches: [{ key: `${claimed}/claim` }],
  })
  await publish(stage, noon(91 * DAY))
  expect(await stateAt(stage, 'A-2.3.7', noon(91 * DAY))).toBe('broken')
  const owed: { key: string }[] = await stage.db.query(
    `select key from control_fact where clause_id = 'A-2.3.7' and effect = 'expects'`,
  )
  expect(owed).toEqual([{ key: `${claimed}/claim` }])
  await tell(stage, done(claimed, noon(1)))
  expect(await stateAt(stage, 'A-2.3.7', noon(2))).toBe('kept')
})

test('[B-5.6] a control says in both languages what it demands and what is missing of its claim', async () => {
  const asked = async (language: string) =>
    (await read(stage, '/v1/controls/A-2.3.3', { ...auditor(), 'accept-language': language })).json<
      Record<'claim' | 'missing' | 'demand' | 'proof' | 'counterExample', string>
    >()
  const [en, zh] = [await asked('en'), await asked('zh-CN')]
  expect([en.claim, zh.claim]).toEqual(['partly', 'partly'])
  for (const member of ['missing', 'demand', 'proof', 'counterExample'] as const) {
    expect(en[member]).toMatch(/\.$/)
    expect(zh[member]).toMatch(/。$/)
  }
  const rows = (await read(stage, '/v1/controls?limit=200')).json<{
    items: { clauseId: string; claim: string; missing: string | null }[]
  }>()
  expect(
    rows.items.filter(({ claim, missing }) => (claim === 'partly') !== (missing !== null)),
  ).toEqual([])
})

test('[A-3.2.1] a source that is disabled is missed no more, and no source at all proves nothing', async () => {
  await tell(stage, registered(noon(-1)))
  await tell(stage, silent(noon(2), noon(-1)))
  const disabled = { ...source, change: 'disabled' as const }
  await tell(stage, factOf(SourceChanged, disabled, noon(3), 'monitoring-ingest'))
  expect(await controlAt(stage, 'A-3.2.1', noon(4))).toMatchObject({
    state: 'stale',
    reasonCode: 'never-proven',
  })
})

test('[B-5.6] a service that is no longer heard makes what it would state stale; heard again, it is kept', async () => {
  await tell(stage, expectTarget(ONE, noon(-HOUR)))
  await tell(stage, protectedAt(ONE, noon(-HOUR)))
  await tell(stage, succeeded(ONE, noon(-HOUR)))
  expect(await stateAt(stage, 'A-2.4.1', noon(2 * HOUR))).toBe('kept')
  expect(await controlAt(stage, 'A-2.4.1', noon(2 * HOUR + 1))).toMatchObject({
    state: 'stale',
    reason:
      'Nothing has been heard of backup-orchestration for more than three hours, so its facts may be missing.',
  })
  await alive(stage, noon(2 * HOUR + 1), 'backup-orchestration')
  expect(await stateAt(stage, 'A-2.4.1', noon(2 * HOUR + 1))).toBe('kept')
})

test('[B-5.6][A-2.4.1] a breach of one target is mended by that target only, and its event can be looked up', async () => {
  for (const id of [ONE, TWO]) {
    await tell(stage, expectTarget(id, noon(-9)))
    await tell(stage, protectedAt(id, noon(-9)))
    await tell(stage, succeeded(id, noon(-8)))
  }
  const breach = missed(ONE, noon(-7))
  await tell(stage, breach)
  await tell(stage, succeeded(TWO, noon(-6)))
  expect(await controlAt(stage, 'A-2.4.1', noon())).toMatchObject({
    state: 'broken',
    since: noon(-7).toISOString(),
    openBreaches: [{ key: ONE, eventId: breach.id }],
  })
  await tell(stage, succeeded(ONE, noon(-5)))
  expect(await controlAt(stage, 'A-2.4.1', noon())).toMatchObject({
    state: 'kept',
    openBreaches: [],
  })
})

test('[A-2.4.1] a registered target that was never backed up makes the clause stale, until it is taken out', async () => {
  await tell(stage, expectTarget(ONE, noon(-9)))
  await tell(stage, protectedAt(ONE, noon(-9)))
  await tell(stage, succeeded(ONE, noon(-8)))
  await tell(stage, expectTarget(TWO, noon(-7)))
  await tell(stage, protectedAt(TWO, noon(-7)))
  expect(await controlAt(stage, 'A-2.4.1', noon())).toMatchObject({
    state: 'stale',
    reasonCode: 'keys-unproven',
    since: noon(-7).toISOString(),
  })
  await tell(stage, expectTarget(TWO, noon(-6), false))
  expect(await stateAt(stage, 'A-2.4.1', noon())).toBe('kept')
})

test('[B-5.6] facts in any order, and twice, end in the same rows', async () => {
  const facts = [
    expectTarget(ONE, noon(-9)),
    succeeded(ONE, noon(-8)),
    missed(ONE, noon(-7)),
    succeeded(ONE, noon(-6)),
    missed(ONE, noon(-5)),
    missed(TWO, noon(-5)),
    expectTarget(TWO, noon(-6)),
  ]
  const rows = async () =>
    stage.db.query<unknown[]>(
      'select clause_id, key, effect, at, event_id from control_fact order by clause_id, key, effect',
    )
  for (const fact of facts) await tell(stage, fact)
  const inOrder = await rows()
  for (const fact of facts) await tell(stage, fact, 'duplicate')
  expect(await rows()).toEqual(inOrder)
  await emptyStage(stage)
  for (const fact of facts.toReversed()) await tell(stage, fact)
  expect(await rows()).toEqual(inOrder)
  // The receipts are gone, as they are after some weeks: even then a repetition changes nothing.
  await stage.db.query('delete from inbox')
  for (const fact of facts) await tell(stage, fact)
  expect(await rows()).toEqual(inOrder)
  expect(await stateAt(stage, 'A-2.4.1', noon())).toBe('broken')
})

test('[B-5.6] a mend that is heard before its breach counts, and one from before the breach does not', async () => {
  await tell(stage, expectTarget(ONE, noon(-9)))
  await tell(stage, protectedAt(ONE, noon(-9)))
  await tell(stage, succeeded(ONE, noon(-5)))
  await tell(stage, missed(ONE, noon(-6)))
  expect(await stateAt(stage, 'A-2.4.1', noon())).toBe('kept')
  await tell(stage, missed(ONE, noon(-4)))
  expect(await stateAt(stage, 'A-2.4.1', noon())).toBe('broken')
})

test('facts of one clause at the same moment wait for each other and are all kept', async () => {
  const ids = Array.from({ length: 12 }, () => randomUUID())
  await Promise.all(ids.map((id) => tell(stage, succeeded(id, noon(-1)))))
  const [row] = await stage.db.query<{ count: string }[]>(
    `select count(*) from control_fact where clause_id = 'A-2.4.1' and effect = 'proves'`,
  )
  expect(Number(row?.count)).toBe(12)
})

test('[A-5.2.3] a ticket that is taken late mends the clock that ran out for it, not the other', async () => {
  const ticketId = randomUUID()
  const breach = (clock: 'acknowledge' | 'restore', at: Date) =>
    factOf(
      TicketClockBreached,
      { ticketId, clock, tier: null, dueAt: at.toISOString(), noticedAt: at.toISOString() },
      at,
      'incident-tiering',
    )
  const taken = (at: Date) =>
    factOf(
      TicketAcknowledged,
      {
        ticketId,
        ownerPersonId: randomUUID(),
        tier: 'L1',
        acknowledgedAt: at.toISOString(),
        withinTarget: false,
      },
      at,
      'incident-tiering',
    )
  await tell(stage, breach('acknowledge', noon(-2)))
  await tell(stage, breach('restore', noon(-2)))
  await tell(stage, taken(noon(-2)))
  expect((await controlAt(stage, 'A-5.2.3', noon())).openBreaches).toMatchObject([
    { key: `${ticketId}/restore` },
  ])
})

test('how fresh a proof must be follows the parameter of the service that enforces it, from its date on', async () => {
  const verified = (at: Date) =>
    factOf(
      CopyVerified,
      {
        ...target(ONE),
        runId: randomUUID(),
        copyId: randomUUID(),
        siteCode: 'MAIN',
        objectName: 'object',
        digest: '0'.repeat(64),
        verifiedAt: at.toISOString(),
      },
      at,
      'backup-orchestration',
    )
  await tell(stage, verified(noon(-8 * DAY)))
  await alive(stage, noon(), 'backup-orchestration')
  expect(await controlAt(stage, 'A-2.4.2', noon())).toMatchObject({
    state: 'kept',
    freshFor: { durations: ['P1W', 'P1D'], parameter: 'backup.verify.period' },
  })
  const set = {
    key: 'backup.verify.period',
    unitId: null,
    version: 1,
    value: 'P2D',
    validFrom: noon(1).toISOString(),
    reason: 'shorter',
  }
  await tell(stage, factOf(ParameterVersionSet, set, noon(-1), 'backup-orchestration'))
  expect(await stateAt(stage, 'A-2.4.2', noon())).toBe('kept')
  expect(await controlAt(stage, 'A-2.4.2', noon(1))).toMatchObject({
    state: 'stale',
    freshFor: { durations: ['P2D', 'P1D'] },
  })
})

test('a proof from a clock that is ahead stays fresh no longer than from its arrival', async () => {
  await tell(stage, done(noon(9 * DAY)))
  await alive(stage, noon(2 * DAY), 'monitoring-ingest')
  stage.now = noon(2 * DAY)
  await alive(stage, noon(2 * DAY), 'monitoring-ingest')
  expect(await stateAt(stage, 'A-3.1.1', noon(2 * DAY))).toBe('kept')
  expect(await stateAt(stage, 'A-3.1.1', noon(2 * DAY + 1))).toBe('stale')
})

test('only the newest facts of a clause are kept for a look; the state needs none of them', async () => {
  await tell(stage, expectTarget(ONE, noon(-DAY)))
  await tell(stage, protectedAt(ONE, noon(-DAY)))
  for (let each = 1; each <= 25; each += 1) await tell(stage, succeeded(ONE, noon(-100 * each)))
  await publish(stage, noon())
  const { evidence, state } = await controlAt(stage, 'A-2.4.1', noon())
  const [row] = await stage.db.query<{ count: string }[]>(
    `select count(*) from control_evidence where clause_id = 'A-2.4.1'`,
  )
  expect([evidence.length, Number(row?.count), state]).toEqual([20, 20, 'kept'])
})

test('[A-4.2.4] a caller of one unit sees the breaches and the evidence of that unit only', async () => {
  await tell(stage, missed(ONE, noon(-2), UNIT))
  await tell(stage, missed(TWO, noon(-2), OTHER_UNIT))
  const own = caller({ roles: ['KEY_USER'], unit: UNIT, range: 'unit' })
  stage.now = noon()
  const { openBreaches, evidence } = (await read(stage, '/v1/controls/A-2.4.1', own)).json<{
    openBreaches: { key: string }[]
    evidence: { key: string }[]
  }>()
  expect([openBreaches, evidence].map((list) => list.map(({ key }) => key))).toEqual([[ONE], [ONE]])
})

test.each([
  ['an unknown clause', '/v1/controls/A-9.9', 404, 'not-found'],
  ['a clause with NUL', '/v1/controls/A%00', 400, 'malformed-request'],
  ['records of an unknown clause', '/v1/controls/A-99/records', 404, 'not-found'],
  ['records of what is no clause', '/v1/controls/Z-1/records', 422, 'validation-failed'],
  ['a cursor of somebody else', '/v1/controls?cursor=WyJ4Il0', 400, 'cursor-unusable'],
  ['a cursor that is none', '/v1/controls/B-5.1/records?cursor=x', 422, 'validation-failed'],
  ['an unknown state', '/v1/controls?state=fine', 400, undefined],
  ['a service with NUL', '/v1/controls?service=%00', 400, undefined],
])('%s is refused by name', async (_what, url, status, code) => {
  const { statusCode, body } = await read(stage, url)
  const document = JSON.parse(body) as { code: string }
  expect(statusCode).toBeGreaterThanOrEqual(400)
  expect(statusCode).toBeLessThan(500)
  if (code !== undefined) expect([statusCode, document.code]).toEqual([status, code])
})

test.each([
  ['en', 'The cursor was not made by this list.'],
  ['zh-CN', '该游标不属于此列表。'],
])('the cursor of another list is named in %s as what is wrong', async (language, detail) => {
  const { next } = (await read(stage, '/v1/controls?limit=1')).json<{ next: string }>()
  const headers = { ...auditor(), 'accept-language': language }
  const answer = await read(stage, `/v1/controls/B-5.1/records?cursor=${next}`, headers)
  expect([answer.statusCode, answer.json()]).toEqual([
    400,
    expect.objectContaining({
      code: 'cursor-unusable',
      detail,
      errors: [{ parameter: 'cursor', detail }],
    }),
  ])
})

test('end users and machines that send facts do not read the register', async () => {
  for (const role of ['END_USER', 'MIDDLEWARE', 'BACKUP_AGENT'] as const)
    expect((await read(stage, '/v1/controls', caller({ roles: [role] }))).statusCode).toBe(403)
})
