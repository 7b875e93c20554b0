import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { create, send, made, refusal } from '@erp-steward/test-kit/requests'
import { OTHER_UNIT, UNIT } from '@erp-steward/test-kit/tell-of-company'
import {
  authority,
  backupStage,
  emptyStage,
  factsOf,
  FIRST,
  inUnit,
  provider,
  registered,
  setPolicy,
  target,
} from '../backup-stage.ts'

let stage: TestService

beforeAll(async () => {
  stage = await backupStage()
})
afterAll(() => stage.release())
beforeEach(() => emptyStage(stage))

const site = {
  code: 'VAULT',
  name: 'The vault',
  location: 'Vault 1',
  building: 'Bank, Town B',
  medium: 'tape',
  isOffsite: true,
  custodianPersonId: null,
  isEncrypted: true,
}
const body = {
  code: 'EBS-DB',
  name: 'EBS database',
  systemCode: 'EBS',
  unitId: UNIT,
  agentId: 'agent-1',
  source: { executor: 'postgres', connection: 'ebs' },
  keyId: 'KEY1',
  requiredBeforeChange: true,
}
const register = (changes: object = {}, headers = authority(FIRST)) =>
  create(stage, '/v1/backup-targets', headers, { ...body, ...changes })
const registerByTwo = (changes: object = {}) => registered(stage, register(changes))

describe('the register of media', () => {
  test('[A-2.4.2] names place, medium, custodian and sealing', async () => {
    await made(create(stage, '/v1/backup-sites', authority(), site))
    expect(await made(send(stage, 'GET', '/v1/backup-sites/VAULT', provider()))).toMatchObject(site)
    const { items } = await made<{ items: { code: string }[] }>(
      send(stage, 'GET', '/v1/backup-sites', provider()),
    )
    expect(items.map(({ code }) => code)).toEqual(['OFFSITE', 'PRIMARY', 'VAULT'])
  })

  test('a site is changed as last read; its medium stays', async () => {
    await made(create(stage, '/v1/backup-sites', authority(), site))
    const patch = (version: number, changes: object) =>
      send(
        stage,
        'PATCH',
        '/v1/backup-sites/VAULT',
        { 'if-match': `"${String(version)}"`, ...authority() },
        changes,
      )
    expect(await made(patch(1, { location: 'Vault 2' }))).toMatchObject({ version: 2 })
    expect(await refusal(patch(1, { location: 'Vault 3' }))).toEqual([412, 'version-stale'])
    expect((await patch(2, { isOffsite: false })).statusCode).toBe(422)
    expect((await patch(2, {})).statusCode).toBe(422)
  })

  test('one code is one site; a custodian must be there', async () => {
    await made(create(stage, '/v1/backup-sites', authority(), site))
    expect(await refusal(create(stage, '/v1/backup-sites', authority(), site))).toEqual([
      409,
      'backup-site-exists',
    ])
    const unknown = { ...site, code: 'V2', custodianPersonId: randomUUID() }
    expect((await refusal(create(stage, '/v1/backup-sites', authority(), unknown)))[1]).toBe(
      'person-unknown',
    )
    expect(await refusal(send(stage, 'GET', '/v1/backup-sites/NONE', authority()))).toEqual([
      404,
      'backup-site-not-found',
    ])
  })
})

describe('a target', () => {
  test('is registered once and stated', async () => {
    const id = await registerByTwo()
    expect(await factsOf(stage, 'target.registered', id)).toMatchObject([
      { targetCode: 'EBS-DB', systemCode: 'EBS', executor: 'postgres', active: true },
    ])
    expect(await refusal(register())).toEqual([409, 'backup-target-exists'])
  })

  test.each<[string, object, number]>([
    ['an unknown unit', { unitId: randomUUID() }, 422],
    ['a relative path', { source: { executor: 'filesystem', path: 'data', exclude: [] } }, 422],
    [
      'a URL for a connection',
      { source: { executor: 'postgres', connection: 'postgres://x' } },
      422,
    ],
    ['an executor nobody has', { source: { executor: 'rman' } }, 422],
    ['NUL in its name', { name: 'a\u0000b' }, 422],
    ['a line break in its name', { name: 'a\nb' }, 422],
    ['more than is asked', { extra: 1 }, 422],
  ])('with %s is refused', async (_, changes, status) => {
    expect((await register(changes)).statusCode).toBe(status)
  })

  test('of another unit is not registered, and needs the right', async () => {
    expect(await refusal(register({}, inUnit(OTHER_UNIT)))).toEqual([403, 'outside-unit'])
    expect(await refusal(register({}, provider()))).toEqual([403, 'permission-missing'])
  })

  test('is listed by system and unit', async () => {
    await registerByTwo()
    await registerByTwo({ code: 'OTHER', systemCode: 'CRM', unitId: OTHER_UNIT })
    const list = async (query: string, headers = authority()) =>
      (
        await made<{ items: { code: string }[] }>(
          send(stage, 'GET', `/v1/backup-targets${query}`, headers),
        )
      ).items.map(({ code }) => code)
    expect(await list('')).toEqual(['EBS-DB', 'OTHER'])
    expect(await list('?systemCode=CRM')).toEqual(['OTHER'])
    expect(await list(`?unitId=${UNIT}`)).toEqual(['EBS-DB'])
    expect(await list('', inUnit(OTHER_UNIT))).toEqual(['OTHER'])
    expect(await list(`?unitId=${UNIT}`, inUnit(OTHER_UNIT))).toEqual([])
  })

  test('a stale change is refused', async () => {
    const id = await registerByTwo()
    const patch = (version: string) =>
      send(
        stage,
        'PATCH',
        `/v1/backup-targets/${id}`,
        { 'if-match': version, ...authority() },
        { name: 'x' },
      )
    await made(patch('"1"'))
    expect((await refusal(patch('"1"')))[1]).toBe('version-stale')
    expect((await refusal(patch('x')))[1]).toBe('version-stale')
    const bare = send(stage, 'PATCH', `/v1/backup-targets/${id}`, authority(), { name: 'x' })
    expect((await refusal(bare))[1]).toBe('precondition-required')
  })
})

describe('a policy', () => {
  test('[A-2.4.1][A-2.4.3] has versions, the next three runs and is stated', async () => {
    const { id } = await target(stage)
    await made(setPolicy(stage, id, { schedule: '30 2 * * *', startWithin: 'PT30M' }, 1))
    const answer = await send(stage, 'GET', `/v1/backup-targets/${id}/policy`, provider())
    expect(answer.headers.etag).toBe('"2"')
    expect(answer.json()).toMatchObject({
      version: 2,
      schedule: '30 2 * * *',
      startWithin: 'PT30M',
      primarySite: 'PRIMARY',
      offsiteSite: 'OFFSITE',
      nextRuns: [
        '2026-03-09T18:30:00.000Z',
        '2026-03-10T18:30:00.000Z',
        '2026-03-11T18:30:00.000Z',
      ],
    })
    expect(await factsOf(stage, 'target.policy-set', id)).toMatchObject([
      { version: 1 },
      { version: 2, schedule: '30 2 * * *' },
    ])
    expect((await refusal(setPolicy(stage, id, {}, 1)))[1]).toBe('version-stale')
  })

  test('there is none at first', async () => {
    const { id } = await target(stage, { policy: null })
    expect(
      await refusal(send(stage, 'GET', `/v1/backup-targets/${id}/policy`, provider())),
    ).toEqual([404, 'backup-policy-missing'])
  })

  test.each<[string, object, string]>([
    ['a schedule of six fields', { schedule: '0 0 1 * * *' }, '#/schedule'],
    ['a schedule that never comes', { schedule: '0 0 31 2 *' }, '#/schedule'],
    ['an RPO of months', { rpo: 'P1M' }, '#/rpo'],
    ['an RPO that is none', { rpo: 'soon' }, '#/rpo'],
    ['an RPO of nothing', { rpo: 'PT0S' }, '#/rpo'],
    ['an RPO of years', { rpo: 'P99999D' }, '#/rpo'],
    ['a start within seconds', { startWithin: 'PT1S' }, '#/startWithin'],
    ['an unknown site', { primarySite: 'NOWHERE' }, '#/primarySite'],
    [
      'an off-site copy next door',
      { primarySite: 'OFFSITE', offsiteSite: 'PRIMARY' },
      '#/offsiteSite',
    ],
    ['both at one site', { primarySite: 'OFFSITE', offsiteSite: 'OFFSITE' }, '#/offsiteSite'],
  ])('[A-2.4.1] with %s is refused with the member at fault', async (_, changes, pointer) => {
    const { id } = await target(stage, { policy: null })
    const answer = await setPolicy(stage, id, changes)
    expect(answer.json()).toMatchObject({
      status: 422,
      code: 'backup-policy-refused',
      errors: [{ pointer }],
    })
  })

  test('of another unit is not set', async () => {
    const { id } = await target(stage)
    expect(await refusal(setPolicy(stage, id, {}, 1, inUnit(OTHER_UNIT)))).toEqual([
      404,
      'backup-target-not-found',
    ])
  })

  test('set by two at once is set once', async () => {
    const { id } = await target(stage)
    const answers = await Promise.all([setPolicy(stage, id, {}, 1), setPolicy(stage, id, {}, 1)])
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1)
  })
})
