import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { ChangeGateAsked } from '@erp-steward/contracts/change-events'
import { create, send, made, refusal } from '@erp-steward/test-kit/requests'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { tell } from '@erp-steward/test-kit/tell'
import { OTHER_UNIT, UNIT } from '@erp-steward/test-kit/tell-of-company'
import { caller } from '@erp-steward/test-kit/tokens'
import {
  administrator,
  AGENT,
  approved,
  authority,
  backUp,
  backupStage,
  changeTarget,
  emptyStage,
  factsOf,
  FIRST,
  gate,
  inUnit,
  owner,
  provider,
  registered,
  SECOND,
  setPolicy,
  target,
} from '../backup-stage.ts'

let stage: TestService

beforeAll(async () => {
  stage = await backupStage()
})
afterAll(() => stage.release())
beforeEach(() => emptyStage(stage))

/** Proposes a target of UNIT under its system EBS. */
const propose = (changes: object = {}, headers = authority(FIRST)) =>
  create(stage, '/v1/backup-targets', headers, {
    code: 'TOY',
    name: 'A toy',
    systemCode: 'EBS',
    unitId: UNIT,
    agentId: AGENT,
    source: { executor: 'filesystem', path: '/toy', exclude: [] },
    keyId: 'KEY1',
    requiredBeforeChange: true,
    ...changes,
  })
/** What a change of a unit that names the system is answered. */
const ask = async (systemCode: string, unitId: string) => {
  const question = {
    ...{ changeId: randomUUID(), number: 'C-1', askId: randomUUID(), kind: 'data' as const },
    ...{ unitId, systemCode, executorPersonId: randomUUID() },
    askedAt: stage.now.toISOString(),
  }
  await tell(stage, ChangeGateAsked, question.changeId, question)
  const answers = await factsOf(stage, 'gate.answered')
  return answers.find(({ askId }) => askId === question.askId)
}
const UNKNOWN = { isOpen: false, reasons: [expect.stringMatching('^system-unknown: ')] }
const system = (code: string, headers = authority()) =>
  send(stage, 'GET', `/v1/backup-systems/${code}`, headers)
const proposeServes = (code: string, serves: string, version = 1, headers = authority(FIRST)) => {
  const match = { 'if-match': `"${String(version)}"`, ...headers }
  return send(stage, 'PATCH', `/v1/backup-systems/${code}`, match, { serves })
}
const targetCodes = async () => {
  const rows: { code: string }[] = await stage.db.query('select code from backup_target')
  return rows.map(({ code }) => code)
}

describe('a target', () => {
  test('[A-2.4.4] is registered by two, under the id of the proposal', async () => {
    const proposal = await propose()
    expect(proposal.statusCode).toBe(202)
    expect(await targetCodes()).toEqual([])
    expect(await refusal(system('EBS'))).toEqual([404, 'backup-system-not-found'])
    const id = await registered(stage, Promise.resolve(proposal))
    const url = `/v1/backup-targets/${id}`
    expect(await made(send(stage, 'GET', url, authority()))).toMatchObject({
      code: 'TOY',
      objectKind: 'apps',
      policyVersion: 0,
    })
    expect(await made(system('EBS'))).toMatchObject({ unitId: UNIT, serves: 'unit', version: 1 })
    expect(await factsOf(stage, 'target.system-set', 'EBS')).toMatchObject([
      { unitId: UNIT, serves: 'unit' },
    ])
  })

  test.each<[string, () => ReturnType<typeof authority>, unknown]>([
    ['who proposed it', () => authority(FIRST), [409, 'same-person']],
    [
      'who proposed it, by another account',
      () => caller({ roles: ['SYSTEM_ADMIN'], person: FIRST, sub: 'second-account' }),
      [409, 'same-person'],
    ],
    [
      'a client of who proposed it',
      () => caller({ roles: ['OM_AUTHORITY'], kind: 'client', controllers: [FIRST] }),
      [409, 'same-person'],
    ],
    ['another of the authority', () => authority(SECOND), [403, 'concerned']],
    [
      'an administrator of the unit whose data it is',
      () => caller({ roles: ['SYSTEM_ADMIN'], person: SECOND, unit: UNIT }),
      [403, 'concerned'],
    ],
    ['a role that plans no backups', () => provider(SECOND), [403, 'permission-missing']],
    ['the leader of the unit', () => owner(SECOND), [403, 'permission-missing']],
    ['whose range is another unit', () => inUnit(OTHER_UNIT, SECOND), [403, 'outside-unit']],
  ])('[A-2.4.4] is not approved by %s', async (_, by, expected) => {
    expect(await refusal(approved(stage, propose(), by()))).toEqual(expected)
    expect(await targetCodes()).toEqual([])
  })

  test('[A-2.4.4] is not given to the system of another unit, and a unit gives none of another', async () => {
    await target(stage, { systemCode: 'EBS' })
    const foreign = { unitId: OTHER_UNIT }
    expect(await refusal(propose(foreign))).toEqual([409, 'backup-system-foreign'])
    expect(await refusal(propose(foreign, inUnit(UNIT, FIRST)))).toEqual([403, 'outside-unit'])
    // Also not to one that serves the company.
    await made(approved(stage, proposeServes('EBS', 'company')))
    expect(await refusal(propose(foreign))).toEqual([409, 'backup-system-foreign'])
  })

  test('[A-2.4.4] of two units for one new system, the first one approved decides whose it is', async () => {
    const proposals = [await propose(), await propose({ code: 'TOY2', unitId: OTHER_UNIT })]
    const approve = () =>
      Promise.all(proposals.map((each) => approved(stage, Promise.resolve(each))))
    const first = await approve()
    expect(first.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409])
    const [code] = await targetCodes()
    expect(await made(system('EBS'))).toMatchObject({
      unitId: code === 'TOY' ? UNIT : OTHER_UNIT,
    })
    // The other one stays proposed, and is refused again.
    const codes = (await approve()).map((answer) => answer.json<{ code: string }>().code)
    expect(codes.sort()).toEqual(['backup-system-foreign', 'proposal-decided'])
  })

  test('[A-2.4.4] that a code was taken by meanwhile is not registered twice', async () => {
    const proposal = await propose()
    expect(await refusal(propose({ name: 'Another' }))).toEqual([409, 'proposal-pending'])
    await made(approved(stage, Promise.resolve(proposal)))
    expect(await refusal(propose())).toEqual([409, 'backup-target-exists'])
    expect(await refusal(approved(stage, Promise.resolve(proposal)))).toEqual([
      409,
      'proposal-decided',
    ])
  })

  test.each([true, false])(
    '[A-2.4.4] registered while a change rests on the gate voids the answer (required: %j)',
    async (requiredBeforeChange) => {
      const { id } = await target(stage, { systemCode: 'EBS' })
      await backUp(stage, id)
      const answer = await ask('EBS', UNIT)
      expect(answer).toMatchObject({ isOpen: true })
      await stage.db.query('delete from outbox')
      const proposal = await propose({ requiredBeforeChange })
      expect(await factsOf(stage, 'gate.voided', 'EBS')).toEqual([])
      await made(approved(stage, Promise.resolve(proposal)))
      expect(await factsOf(stage, 'gate.voided', 'EBS')).toMatchObject([
        { cause: 'target', answers: [{ askId: answer?.askId, changeId: answer?.changeId }] },
      ])
      expect((await gate(stage, 'EBS')).isOpen).toBe(!requiredBeforeChange)
    },
  )
})

describe('a change', () => {
  test('[A-2.4.4][A-3.3.4] does not rest on a toy of another unit, and learns nothing of it', async () => {
    const toy = await target(stage, { systemCode: 'TOYS', unitId: OTHER_UNIT })
    await backUp(stage, toy.id)
    expect(await ask('TOYS', OTHER_UNIT)).toMatchObject({ isOpen: true })
    const answer = await ask('TOYS', UNIT)
    expect(answer).toMatchObject({ ...UNKNOWN, backupRunIds: [] })
    // As if there were no such system.
    const none = await ask('TOYZ', UNIT)
    expect(none?.reasons).toEqual(
      (answer?.reasons as string[]).map((line) => line.replace('TOYS', 'TOYZ')),
    )
    expect(JSON.stringify(answer)).not.toContain(String(toy.code))
  })

  test('[A-2.4.4][A-3.3.4] rests on a system that serves the company, also of another unit', async () => {
    const shared = await target(stage, { systemCode: 'ERP', systemServes: 'company' })
    expect(await ask('ERP', OTHER_UNIT)).toMatchObject({
      isOpen: false,
      reasons: [expect.stringMatching('^no-backup ')],
    })
    const done = await backUp(stage, shared.id)
    for (const unitId of [UNIT, OTHER_UNIT])
      expect(await ask('ERP', unitId)).toMatchObject({ isOpen: true, backupRunIds: [done.id] })
  })

  test('[A-2.4.4] waits while a required target of another unit, of before, is under its system', async () => {
    const own = await target(stage, { systemCode: 'ERP' })
    const other = await target(stage, { systemCode: 'ERP' })
    await backUp(stage, own.id)
    await backUp(stage, other.id)
    await stage.db.query('update backup_target set unit_id = $2 where id = $1', [
      other.id,
      OTHER_UNIT,
    ])
    expect(await ask('ERP', UNIT)).toMatchObject({
      isOpen: false,
      reasons: [expect.stringMatching('^target-foreign: ')],
    })
    await changeTarget(stage, other.id, { active: false })
    expect(await ask('ERP', UNIT)).toMatchObject({ isOpen: true })
    // The other way round: what is left is of another unit, and counts for nothing.
    await changeTarget(stage, own.id, { active: false })
    await changeTarget(stage, other.id, { active: true })
    await made(setPolicy(stage, other.id, {}, 1))
    expect(await ask('ERP', UNIT)).toMatchObject({
      isOpen: false,
      reasons: [expect.stringMatching('^no-required-target: ')],
    })
  })
})

describe('whom a system serves', () => {
  test('[A-2.4.4] is changed by two, one of them not of its unit, and voids the gate', async () => {
    const { id } = await target(stage, { systemCode: 'ERP' })
    await backUp(stage, id)
    const answer = await ask('ERP', UNIT)
    await stage.db.query('delete from outbox')
    const proposal = await proposeServes('ERP', 'company')
    expect(proposal.statusCode).toBe(202)
    const decide = (by: ReturnType<typeof authority>) =>
      approved(stage, Promise.resolve(proposal), by)
    expect(await refusal(decide(authority(FIRST)))).toEqual([409, 'same-person'])
    const colleague = caller({ roles: ['SYSTEM_ADMIN'], person: SECOND, unit: UNIT })
    expect(await refusal(decide(colleague))).toEqual([403, 'concerned'])
    expect(await ask('ERP', OTHER_UNIT)).toMatchObject(UNKNOWN)
    // Another of the authority is the same interest.
    expect(await refusal(decide(authority(SECOND)))).toEqual([403, 'concerned'])
    await made(decide(administrator(SECOND)))
    expect(await made(system('ERP'))).toMatchObject({ serves: 'company', version: 2 })
    expect(await factsOf(stage, 'gate.voided', 'ERP')).toMatchObject([
      { cause: 'system', answers: [{ askId: answer?.askId }] },
    ])
    expect(await factsOf(stage, 'target.system-set', 'ERP')).toMatchObject([{ serves: 'company' }])
    expect(await ask('ERP', OTHER_UNIT)).toMatchObject({ isOpen: true })
    await made(approved(stage, proposeServes('ERP', 'unit', 2)))
    expect(await ask('ERP', OTHER_UNIT)).toMatchObject(UNKNOWN)
  })

  test('[A-2.4.4] is not changed along with a further target, nor as it was before', async () => {
    await target(stage, { systemCode: 'EBS' })
    expect((await propose({ systemServes: 'company' })).json()).toMatchObject({
      status: 422,
      errors: [{ pointer: '#/systemServes' }],
    })
    const early = await propose({ systemServes: 'unit' })
    const stale = await proposeServes('EBS', 'company')
    expect(early.statusCode).toBe(202)
    await stage.db.query(`update backup_system set version = 2, serves = 'company'`)
    expect(await refusal(approved(stage, Promise.resolve(early)))).toEqual([
      422,
      'validation-failed',
    ])
    expect(await refusal(approved(stage, Promise.resolve(stale)))).toEqual([409, 'proposal-stale'])
    expect(await refusal(proposeServes('EBS', 'unit', 1))).toEqual([412, 'version-stale'])
    expect(await refusal(proposeServes('EBS', 'unit', 2))).toEqual([409, 'proposal-pending'])
  })

  test('is not proposed by another unit, nor of what is not there', async () => {
    await target(stage, { systemCode: 'ERP' })
    const foreign = inUnit(OTHER_UNIT, FIRST)
    expect(await refusal(proposeServes('ERP', 'company', 1, foreign))).toEqual([
      404,
      'backup-system-not-found',
    ])
    expect(await refusal(proposeServes('NONE', 'company'))).toEqual([
      404,
      'backup-system-not-found',
    ])
    expect(await refusal(proposeServes('ERP', 'company', 1, provider(FIRST)))).toEqual([
      403,
      'permission-missing',
    ])
  })
})

describe('a unit', () => {
  test('sees its own systems and those of the company', async () => {
    await target(stage, { systemCode: 'MINE' })
    await target(stage, { systemCode: 'SHARED', systemServes: 'company', unitId: OTHER_UNIT })
    await target(stage, { systemCode: 'THEIRS', unitId: OTHER_UNIT })
    const list = async (headers: ReturnType<typeof authority>) =>
      (
        await made<{ items: { code: string }[] }>(send(stage, 'GET', '/v1/backup-systems', headers))
      ).items.map(({ code }) => code)
    expect(await list(authority())).toEqual(['MINE', 'SHARED', 'THEIRS'])
    expect(await list(inUnit(UNIT))).toEqual(['MINE', 'SHARED'])
    expect(await list(inUnit(OTHER_UNIT))).toEqual(['SHARED', 'THEIRS'])
    expect((await system('SHARED', inUnit(UNIT))).statusCode).toBe(200)
    expect(await refusal(system('THEIRS', inUnit(UNIT)))).toEqual([404, 'backup-system-not-found'])
  })

  test('[A-2.4.4] reads no target of another unit in what its changes were answered', async () => {
    const foreign = await target(stage, { systemCode: 'THEIRS', unitId: OTHER_UNIT })
    await target(stage, { systemCode: 'SHARED', systemServes: 'company', unitId: OTHER_UNIT })
    await target(stage, { systemCode: 'MINE' })
    for (const code of ['THEIRS', 'SHARED', 'MINE']) await ask(code, UNIT)
    // An answer of before systems belonged to a unit, and one of a system that has served the company.
    const old = await ask('OLD', UNIT)
    await stage.db.query('update gate_answer set reasons = $2 where ask_id = $1', [
      old?.askId,
      JSON.stringify([{ code: 'no-backup', targetCode: foreign.code, detail: 'Of theirs.' }]),
    ])
    const read = async (headers: ReturnType<typeof authority>) => {
      const url = '/v1/backup-gates/answers'
      const { items } = await made<{ items: { systemCode: string; reasons: object[] }[] }>(
        send(stage, 'GET', url, headers),
      )
      return new Map(items.map(({ systemCode, reasons }) => [systemCode, reasons]))
    }
    const own = await read(inUnit(UNIT))
    expect(own.get('THEIRS')).toMatchObject([{ code: 'system-unknown', targetCode: null }])
    expect(own.get('OLD')).toEqual([
      { code: 'no-backup', targetCode: null, detail: 'It is about a target of another unit.' },
    ])
    expect(own.get('MINE')).toMatchObject([{ targetCode: expect.stringMatching('^T') }])
    expect(own.get('SHARED')).toMatchObject([{ targetCode: expect.stringMatching('^T') }])
    expect((await read(authority())).get('OLD')).toMatchObject([{ targetCode: foreign.code }])
    await made(approved(stage, proposeServes('SHARED', 'unit')))
    expect((await read(inUnit(UNIT))).get('SHARED')).toMatchObject([{ targetCode: null }])
  })
})
