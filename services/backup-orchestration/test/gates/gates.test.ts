import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { ChangeGateAsked } from '@erp-steward/contracts/change-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { send, made, refusal } from '@erp-steward/test-kit/requests'
import { after, DAY, HOUR, MINUTE } from '@erp-steward/test-kit/instants'
import { eventOf, tell } from '@erp-steward/test-kit/tell'
import { OTHER_UNIT, UNIT } from '@erp-steward/test-kit/tell-of-company'
import {
  authority,
  backUp,
  backupStage,
  changeTarget,
  copyIn,
  emptyStage,
  factsOf,
  gate,
  inUnit,
  leased,
  MONDAY,
  owner,
  provider,
  readBack,
  report,
  setParameter,
  setPolicy,
  site,
  target,
  tickAt,
} from '../backup-stage.ts'

let stage: TestService

beforeAll(async () => {
  stage = await backupStage()
})
afterAll(() => stage.release())
beforeEach(async () => {
  await emptyStage(stage)
  await site(stage, 'NEARBY', { medium: 'disk', isOffsite: false })
  await site(stage, 'FARAWAY', { medium: 'tape', isOffsite: true })
})

const asked = (systemCode: unknown, askId: string = randomUUID(), changeId = randomUUID()) => ({
  changeId,
  number: 'C-0000001',
  askId,
  kind: 'upgrade' as const,
  unitId: UNIT,
  systemCode: String(systemCode),
  executorPersonId: randomUUID(),
  askedAt: stage.now.toISOString(),
})
const ask = async (systemCode: unknown) => {
  const question = asked(systemCode)
  await tell(stage, ChangeGateAsked, question.changeId, question)
  const answers = await factsOf(stage, 'gate.answered')
  return answers.find(({ askId }) => askId === question.askId)
}
const codes = async (systemCode: unknown) =>
  (await gate(stage, systemCode)).reasons.map(({ code }) => code)

describe('a change that asks', () => {
  test('[A-2.4.4][A-3.3.4] is let through by a fresh backup that is proven at both sites', async () => {
    const { id, systemCode } = await target(stage)
    const done = await backUp(stage, id)
    stage.now = after(MONDAY, HOUR)
    expect(await ask(systemCode)).toMatchObject({
      isOpen: true,
      reasons: [],
      backupRunIds: [done.id],
      answeredAt: '2026-03-09T03:00:00.000Z',
      validUntil: '2026-03-09T03:10:00.000Z',
    })
  })

  test.each<[string, string, (id: string) => Promise<unknown>]>([
    ['nothing was ever backed up', 'no-backup', () => Promise.resolve()],
    [
      'the backup is too old',
      'backup-too-old',
      async (id) => {
        await backUp(stage, id)
        stage.now = after(MONDAY, DAY + 1)
      },
    ],
    [
      'the off-site copy is not confirmed',
      'offsite-missing',
      (id) => backUp(stage, id, { offsite: false }),
    ],
    [
      'the source was changed after the backup',
      'no-backup',
      async (id) => {
        await backUp(stage, id)
        await changeTarget(stage, id, {
          source: { executor: 'filesystem', path: '/other', exclude: [] },
        })
      },
    ],
    [
      'the key was changed after the backup',
      'no-backup',
      async (id) => {
        await backUp(stage, id)
        await changeTarget(stage, id, { keyId: 'KEY2' })
      },
    ],
    [
      'the policy names another first site since',
      'primary-missing',
      async (id) => {
        await backUp(stage, id)
        await made(setPolicy(stage, id, { primarySite: 'NEARBY' }, 1))
      },
    ],
    [
      'the policy names another off-site place since',
      'offsite-missing',
      async (id) => {
        await backUp(stage, id)
        await made(setPolicy(stage, id, { offsiteSite: 'FARAWAY' }, 1))
      },
    ],
    [
      'the clock went back behind the backup',
      'no-backup',
      async (id) => {
        await backUp(stage, id)
        stage.now = after(MONDAY, -1)
      },
    ],
    ['the copy is damaged', 'primary-damaged', (id) => damage(id, 'primary')],
    ['the off-site copy is damaged', 'offsite-damaged', (id) => damage(id, 'offsite')],
  ])('[A-2.4.4][A-3.3.4] is held when %s', async (_, code, arrange) => {
    const { id, systemCode } = await target(stage)
    await arrange(id)
    expect(await ask(systemCode)).toMatchObject({
      isOpen: false,
      reasons: [expect.stringMatching(`^${code} T`)],
      backupRunIds: [],
    })
    expect(await codes(systemCode)).toEqual([code])
  })

  test('[A-2.4.4] is let through no longer than the backup is fresh', async () => {
    const { id, systemCode } = await target(stage)
    await backUp(stage, id)
    stage.now = after(MONDAY, DAY - 4 * MINUTE)
    expect(await ask(systemCode)).toMatchObject({
      isOpen: true,
      validUntil: after(MONDAY, DAY).toISOString(),
    })
  })

  test('[A-2.4.4] is held when nobody knows its system, or nothing of it must be backed up', async () => {
    expect(await ask('UNHEARD-OF')).toMatchObject({
      isOpen: false,
      reasons: [expect.stringMatching('^system-unknown: ')],
    })
    const { id, systemCode } = await target(stage, { requiredBeforeChange: false })
    await backUp(stage, id)
    expect(await codes(systemCode)).toEqual(['no-required-target'])
    const bare = await target(stage, { policy: null })
    expect(await codes(bare.systemCode)).toEqual(['no-policy'])
  })

  test('[A-2.4.4] is held until every target of the system is proven', async () => {
    const first = await target(stage, { systemCode: 'ERP' })
    const second = await target(stage, { systemCode: 'ERP' })
    await target(stage, { systemCode: 'ERP', requiredBeforeChange: false })
    await backUp(stage, first.id)
    expect(await ask('ERP')).toMatchObject({ isOpen: false })
    expect(await codes('ERP')).toEqual(['no-backup'])
    await backUp(stage, second.id)
    expect((await ask('ERP'))?.backupRunIds).toHaveLength(2)
  })

  test('is answered once, however often the question comes', async () => {
    const { id, systemCode } = await target(stage)
    await backUp(stage, id)
    const question = asked(systemCode)
    const event = eventOf(stage, ChangeGateAsked, question.changeId, question)
    await Promise.all([stage.consumer.deliver(event), stage.consumer.deliver(event)])
    // The same question as another event, and after the answer would be another one.
    stage.now = after(MONDAY, 2 * DAY)
    await tell(stage, ChangeGateAsked, question.changeId, question)
    expect(await factsOf(stage, 'gate.answered')).toMatchObject([{ isOpen: true }])
  })

  test('every answer is kept, for its unit to read', async () => {
    await ask('UNHEARD-OF')
    const url = '/v1/backup-gates/answers?systemCode=UNHEARD-OF'
    const list = (headers: Readonly<Record<string, string>> = authority()) =>
      made<{ items: unknown[] }>(send(stage, 'GET', url, headers))
    expect(await list()).toMatchObject({
      items: [{ isOpen: false, changeNumber: 'C-0000001', reasons: [{ code: 'system-unknown' }] }],
    })
    expect((await list(inUnit(UNIT))).items).toHaveLength(1)
    expect(await list({ ...authority(), 'accept-language': 'zh-CN' })).toMatchObject({
      items: [{ reasons: [{ detail: 'UNHEARD-OF 既不是询问单位的系统，也不是公司的系统。' }] }],
    })
    expect((await list(inUnit(OTHER_UNIT))).items).toEqual([])
  })

  test('[A-2.4.4] is measured by the parameter in force', async () => {
    const { id, systemCode } = await target(stage)
    await backUp(stage, id)
    stage.now = after(MONDAY, 2 * HOUR)
    expect(await codes(systemCode)).toEqual([])
    await setParameter(stage, 'backup.prechange.max_age', 'PT1H')
    expect(await codes(systemCode)).toEqual(['backup-too-old'])
  })
})

describe('the gate of a system', () => {
  test('[A-2.4.4] is read by a caller of a unit only where every target is of that unit', async () => {
    const own = await target(stage)
    const foreign = await target(stage, { unitId: OTHER_UNIT })
    await target(stage, { systemCode: 'SHARED' })
    const { id } = await target(stage, { systemCode: 'SHARED', requiredBeforeChange: false })
    // From before a system belonged to one unit.
    await stage.db.query('update backup_target set unit_id = $2 where id = $1', [id, OTHER_UNIT])
    const read = (systemCode: unknown, headers: ReturnType<typeof authority>) =>
      send(stage, 'GET', `/v1/backup-gates/${String(systemCode)}`, headers)
    const NOT_FOUND = [404, 'not-found']
    for (const caller of [inUnit(UNIT), owner(randomUUID())]) {
      expect(await made(read(own.systemCode, caller))).toMatchObject({ isOpen: false })
      for (const systemCode of [foreign.systemCode, 'SHARED', 'UNHEARD-OF'])
        expect(await refusal(read(systemCode, caller))).toEqual(NOT_FOUND)
    }
    expect(await refusal(read(own.systemCode, inUnit(OTHER_UNIT)))).toEqual(NOT_FOUND)
    for (const caller of [authority(), provider()])
      for (const systemCode of [own.systemCode, foreign.systemCode, 'SHARED', 'UNHEARD-OF'])
        expect(await made(read(systemCode, caller))).toMatchObject({ isOpen: false })
  })

  test('[A-2.4.4] is stated when it turns, and only then', async () => {
    const { id, systemCode } = await target(stage)
    const subject = String(systemCode)
    expect(await factsOf(stage, 'gate.closed', subject)).toHaveLength(1)
    const done = await backUp(stage, id)
    expect(await factsOf(stage, 'gate.opened', subject)).toMatchObject([
      { backupRunIds: [done.id] },
    ])
    await backUp(stage, id)
    await tickAt(stage, after(MONDAY, DAY))
    expect(await factsOf(stage, 'gate.opened', subject)).toHaveLength(1)
    await tickAt(stage, after(MONDAY, DAY + 1))
    await tickAt(stage, after(MONDAY, DAY + HOUR))
    expect(await factsOf(stage, 'gate.closed', subject)).toMatchObject([
      { reasons: [expect.stringMatching('^no-policy')] },
      { reasons: [expect.stringMatching('^backup-too-old')] },
    ])
  })

  test('a new target that must be backed up closes it', async () => {
    const { id } = await target(stage, { systemCode: 'ERP' })
    await backUp(stage, id)
    expect((await gate(stage, 'ERP')).isOpen).toBe(true)
    await target(stage, { systemCode: 'ERP' })
    expect(await factsOf(stage, 'gate.closed', 'ERP')).toHaveLength(2)
  })
})

async function damage(id: string, role: 'primary' | 'offsite') {
  const copy = copyIn(await backUp(stage, id), role)
  await made(send(stage, 'POST', `/v1/backup-copies/${copy.id}/verify`, provider()))
  await made(
    report(stage, await leased(stage, 'verify'), readBack('verified', { readDigest: null })),
  )
}
