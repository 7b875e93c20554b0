import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { ParameterVersionSet } from '@erp-steward/contracts/platform-events'
import { create, send, made, refusal } from '@erp-steward/test-kit/requests'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { after, DAY } from '@erp-steward/test-kit/instants'
import { runTask } from '@erp-steward/test-kit/run-task'
import { tell } from '@erp-steward/test-kit/tell'
import { UNIT } from '@erp-steward/test-kit/tell-of-company'
import { caller } from '@erp-steward/test-kit/tokens'
import {
  administrator,
  agent,
  approved,
  authority,
  backedUp,
  backUp,
  backupStage,
  changeTarget,
  confirmSite,
  emptyStage,
  except,
  factsOf,
  FIRST,
  gate,
  leased,
  MONDAY,
  proposePolicy,
  provider,
  readBack,
  registered,
  report,
  request,
  SECOND,
  setParameter,
  setPolicy,
  site,
  target,
} from '../backup-stage.ts'

let stage: TestService

beforeAll(async () => {
  stage = await backupStage()
})
afterAll(() => stage.release())
beforeEach(() => emptyStage(stage))

const WORST = { schedule: '0 1 1 1 *', rpo: 'P366D', keepDays: 1 }
const stated = (id: string) => factsOf(stage, 'target.protection-stated', id)
const watch = () => runTask(stage, 'watch-protection')
const registerSite = (changes: object = {}, headers = authority(FIRST)) =>
  create(stage, '/v1/backup-sites', headers, {
    code: 'VAULT',
    name: 'Vault',
    location: 'machine room, rack 1',
    building: 'Bank, Town B',
    medium: 'disk',
    isOffsite: true,
    isEncrypted: true,
    custodianPersonId: null,
    ...changes,
  })
const patchSite = (code: string, version: number, changes: object) => {
  const match = { 'if-match': `"${String(version)}"`, ...authority(FIRST) }
  return send(stage, 'PATCH', `/v1/backup-sites/${code}`, match, changes)
}

describe('a site', () => {
  test('[A-2.4.3] that is off site states its building', async () => {
    for (const building of [null, undefined])
      expect((await registerSite({ building })).json()).toMatchObject({
        status: 422,
        errors: [{ pointer: '#/building' }],
      })
    await made(registerSite())
    expect((await patchSite('VAULT', 1, { building: null })).statusCode).toBe(422)
  })

  test('[A-2.4.3] is confirmed by a second person, who is no client and not the first again', async () => {
    await made(registerSite())
    expect(await refusal(confirmSite(stage, 'VAULT', authority(FIRST)))).toEqual([
      409,
      'same-person',
    ])
    expect(await refusal(confirmSite(stage, 'VAULT', authority()))).toEqual([
      403,
      'person-required',
    ])
    expect(await refusal(confirmSite(stage, 'VAULT', provider(SECOND)))).toEqual([
      403,
      'permission-missing',
    ])
    expect(await made(confirmSite(stage, 'VAULT'))).toMatchObject({ confirmedByPersonId: SECOND })
    expect(await refusal(confirmSite(stage, 'VAULT', authority(SECOND), 2))).toEqual([
      409,
      'backup-site-state',
    ])
    expect(await factsOf(stage, 'target.site-confirmed', 'VAULT')).toMatchObject([
      { statedByPersonId: FIRST, confirmedByPersonId: SECOND },
    ])
  })

  test('[A-2.4.3] registered by a client is not confirmed by who controls it', async () => {
    const client = caller({ roles: ['OM_AUTHORITY'], kind: 'client', controllers: [FIRST] })
    await made(registerSite({}, client))
    expect(await refusal(confirmSite(stage, 'VAULT', authority(FIRST)))).toEqual([
      409,
      'same-person',
    ])
  })

  test.each([
    { location: 'machine room, rack 2' },
    { building: 'Plant 1' },
    { isEncrypted: false },
  ])(
    '[A-2.4.2] changed by %j is confirmed anew, its gate closed and its targets stated',
    async (changes) => {
      const { id, systemCode } = await target(stage)
      await backUp(stage, id)
      expect(await gate(stage, systemCode)).toMatchObject({ isOpen: true })
      await made(patchSite('OFFSITE', 2, { name: 'Another name' }))
      expect(await gate(stage, systemCode)).toMatchObject({ isOpen: true })
      await made(patchSite('OFFSITE', 3, changes))
      expect(await gate(stage, systemCode)).toMatchObject({
        isOpen: false,
        reasons: [{ code: 'offsite-unconfirmed' }],
      })
      expect(await factsOf(stage, 'gate.voided', String(systemCode))).toMatchObject([
        { cause: 'target' },
        { cause: 'policy' },
        { cause: 'site' },
      ])
      expect((await stated(id)).at(-1)).toMatchObject({ offsite: 'below' })
    },
  )
})

describe('a floor', () => {
  test('[A-2.4.1][A-2.4.2][A-2.4.3] is not gone below: each fault is named', async () => {
    await site(stage, 'RACK', {
      medium: 'disk',
      building: 'Building PRIMARY',
      isOffsite: true,
      isEncrypted: false,
    })
    const { id } = await target(stage, { policy: null })
    const answer = await proposePolicy(stage, id, { ...WORST, offsiteSite: 'RACK' })
    expect(answer.json()).toMatchObject({ status: 422, code: 'backup-policy-refused' })
    const { errors } = answer.json<{ errors: { pointer: string }[] }>()
    expect(errors.map(({ pointer }) => pointer)).toEqual([
      '#/schedule',
      '#/rpo',
      '#/keepDays',
      '#/offsiteSite',
      '#/offsiteSite',
    ])
  })

  test.each<[string, object, string]>([
    ['an unconfirmed place', { offsiteSite: 'VAULT' }, '#/offsiteSite'],
    ['no other place', { offsiteSite: null }, '#/offsiteSite'],
    ['one backup a month', { schedule: '0 1 1 * *' }, '#/schedule'],
    ['a day less kept', { keepDays: 34 }, '#/keepDays'],
    ['more to lose', { rpo: 'P9D' }, '#/rpo'],
  ])('[A-2.4.1][A-2.4.3] %s is refused', async (_, policy, pointer) => {
    await made(registerSite())
    const { id } = await target(stage, { policy: null })
    expect((await proposePolicy(stage, id, policy)).json()).toMatchObject({
      code: 'backup-policy-refused',
      errors: expect.arrayContaining([expect.objectContaining({ pointer })]),
    })
  })

  test('[A-2.4.1] of a database is nearer than that of files', async () => {
    const id = await registered(
      stage,
      create(stage, '/v1/backup-targets', authority(FIRST), {
        code: 'DB',
        name: 'DB',
        systemCode: 'DB',
        unitId: UNIT,
        agentId: 'a',
        objectKind: 'database',
        source: { executor: 'postgres', connection: 'ebs' },
        keyId: 'K',
        requiredBeforeChange: true,
      }),
    )
    const kept = { keepWeeks: 5, keepMonths: 12, keepYears: 10 }
    expect((await proposePolicy(stage, id, kept)).json()).toMatchObject({
      errors: [{ pointer: '#/rpo' }],
    })
    const near = { schedule: '*/15 * * * *', rpo: 'PT15M', ...kept }
    expect((await proposePolicy(stage, id, near)).statusCode).toBe(202)
  })

  test('[A-2.4.1] that a parameter raised leaves the old policy below it, which is stated', async () => {
    const { id } = await target(stage)
    expect(await stated(id)).toMatchObject([
      { plan: 'kept', media: 'kept', offsite: 'kept', faults: [] },
    ])
    await setParameter(stage, 'backup.plan.apps.keep', 'P90D')
    stage.now = after(MONDAY, 3_600_000)
    await watch()
    await watch()
    expect(await stated(id)).toMatchObject([
      { plan: 'kept' },
      { plan: 'below', media: 'kept', faults: [expect.stringMatching('^keepDays: ')] },
    ])
    await made(setPolicy(stage, id, { keepDays: 90 }, 1))
    expect((await stated(id)).at(-1)).toMatchObject({ plan: 'kept' })
  })
})

describe('an exception', () => {
  const ask = (targetId: string, changes: object = {}, headers = authority(FIRST)) =>
    create(stage, '/v1/backup-exceptions', headers, {
      targetId,
      floors: ['schedule', 'rpo', 'keepDays'],
      reason: 'The tape library arrives in May.',
      validUntil: after(MONDAY, 60 * DAY).toISOString(),
      ...changes,
    })

  test('[A-2.4.1] is asked for by one, granted by another, names its floors and ends', async () => {
    const { id } = await target(stage, { policy: null })
    const own = await approved(stage, ask(id), authority(FIRST))
    expect(own.json()).toMatchObject({ code: 'same-person' })
    expect((await proposePolicy(stage, id, WORST)).statusCode).toBe(422)
    const [{ id: proposalId }]: [{ id: string }] = await stage.db.query(
      `select id from proposal where state = 'pending'`,
    )
    const url = `/v1/proposals/backup-orchestration/${proposalId}/approve`
    const match = { 'if-match': '"1"', ...administrator(SECOND) }
    await made(send(stage, 'POST', url, match, {}))
    // What it does not name is not excepted.
    expect((await proposePolicy(stage, id, { ...WORST, offsiteSite: null })).statusCode).toBe(422)
    await made(setPolicy(stage, id, WORST))
    expect(await stated(id)).toMatchObject([
      {
        plan: 'excepted',
        offsite: 'kept',
        exceptedUntil: after(MONDAY, 60 * DAY).toISOString(),
      },
    ])
    stage.now = after(MONDAY, 60 * DAY)
    await watch()
    expect((await stated(id)).at(-1)).toMatchObject({ plan: 'below', exceptedUntil: null })
    const list = await made(send(stage, 'GET', '/v1/backup-exceptions', provider()))
    expect(list).toMatchObject({
      items: [{ targetId: id, requestedByPersonId: FIRST, grantedByPersonId: SECOND }],
    })
  })

  test('[A-2.4.1] without an end, or with one beyond a year, is none', async () => {
    const { id } = await target(stage, { policy: null })
    for (const validUntil of [MONDAY, after(MONDAY, 367 * DAY)])
      expect((await ask(id, { validUntil: validUntil.toISOString() })).json()).toMatchObject({
        errors: [{ pointer: '#/validUntil' }],
      })
  })

  test('[A-2.4.1] is not granted by people of the unit whose data it is', async () => {
    const { id } = await target(stage, { policy: null })
    const own = caller({ roles: ['OM_AUTHORITY'], person: randomUUID(), unit: UNIT })
    const answer = await approved(stage, ask(id), own)
    expect(answer.json()).toMatchObject({ code: 'concerned' })
  })
})

describe('what a gate rests on', () => {
  test.each<[string, object]>([
    ['its requirement', { requiredBeforeChange: false }],
    ['its source', { source: { executor: 'filesystem', path: '/tmp', exclude: [] } }],
    ['its key', { keyId: 'KEY2' }],
    ['its agent', { agentId: 'another' }],
    ['its being backed up', { active: false }],
  ])('[A-2.4.4] %s is not changed by one person', async (_, changes) => {
    const { id, systemCode, version } = await target(stage)
    await backUp(stage, id)
    await stage.db.query('delete from outbox')
    const match = { 'if-match': `"${String(version)}"`, ...authority(FIRST) }
    const url = `/v1/backup-targets/${id}`
    const proposal = await send(stage, 'PATCH', url, match, changes)
    expect(proposal.statusCode).toBe(202)
    expect(await gate(stage, systemCode)).toMatchObject({ isOpen: true })
    const approval = `${String(proposal.headers.location)}/approve`
    const decide = (headers: ReturnType<typeof authority>) =>
      send(stage, 'POST', approval, { 'if-match': '"1"', ...headers }, {})
    expect(await refusal(decide(authority(FIRST)))).toEqual([409, 'same-person'])
    expect(await factsOf(stage, 'gate.voided')).toEqual([])
    expect(await refusal(decide(authority(SECOND)))).toEqual([403, 'concerned'])
    await made(decide(administrator(SECOND)))
    expect(await made(send(stage, 'GET', url, authority()))).toMatchObject(changes)
    expect(await factsOf(stage, 'gate.voided', String(systemCode))).toMatchObject([
      { cause: 'target' },
    ])
  })

  test('[A-2.4.4] to ask for a backup takes one, and voids what was answered without it', async () => {
    const { id, systemCode } = await target(stage, { requiredBeforeChange: false })
    await changeTarget(stage, id, { requiredBeforeChange: true }, authority(FIRST))
    expect(
      await stage.db.query('select from proposal where kind = $1', ['backup-target.change']),
    ).toEqual([])
    expect((await factsOf(stage, 'gate.voided', String(systemCode))).at(-1)).toMatchObject({
      cause: 'target',
    })
  })

  test('[A-2.4.4] a policy, also the first, is set by two', async () => {
    const { id } = await target(stage, { policy: null })
    const own = await approved(stage, proposePolicy(stage, id, {}), authority(FIRST))
    expect(own.json()).toMatchObject({ code: 'same-person' })
    const url = `/v1/backup-targets/${id}/policy`
    expect((await refusal(send(stage, 'GET', url, authority())))[1]).toBe('backup-policy-missing')
  })

  test('[A-2.4.4] a parameter that it reads voids it', async () => {
    const { systemCode } = await target(stage)
    const key = 'backup.prechange.max_age'
    await tell(stage, ParameterVersionSet, key, {
      key,
      unitId: null,
      version: 1,
      value: 'PT48H',
      validFrom: stage.now.toISOString(),
      reason: 'For this test.',
    })
    expect((await factsOf(stage, 'gate.voided', String(systemCode))).at(-1)).toMatchObject({
      cause: 'parameter',
    })
  })
})

test('[A-2.4.3] a copy is not confirmed by the agent of who confirmed the site', async () => {
  const { id } = await target(stage)
  await made(request(stage, id))
  await made(report(stage, await leased(stage, 'backup'), backedUp(stage)))
  const own = caller({
    roles: ['BACKUP_AGENT'],
    kind: 'client',
    sub: 'agent-of-erp',
    controllers: [SECOND],
  })
  await made(report(stage, await leased(stage, 'copy', own), readBack('copied'), own))
  expect(await factsOf(stage, 'run.offsite-confirmed', id)).toEqual([])
  stage.now = after(MONDAY, 120_000)
  await made(report(stage, await leased(stage, 'copy', agent()), readBack('copied')))
  expect(await factsOf(stage, 'run.offsite-confirmed', id)).toHaveLength(1)
})

test('an exception is one row that two persons made', async () => {
  const { id } = await target(stage, { policy: null })
  await except(stage, id, ['offsite'])
  const rows: unknown[] = await stage.db.query(
    'select floors from backup_exception where target_id = $1',
    [id],
  )
  expect(rows).toEqual([{ floors: ['offsite'] }])
})
