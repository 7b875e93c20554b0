import { createHash, randomBytes } from 'node:crypto'
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import {
  agentStage,
  backedUp,
  backup,
  copy,
  restore,
  verify,
  type AgentStage,
  type Staged,
  type Task,
  patiently,
} from './agent-stage.ts'

let stage: AgentStage
let source: string

beforeEach(async () => {
  stage = await agentStage()
  source = join(stage.folder, 'source')
  writeFileSync(join(source, 'file'), 'content')
})
afterEach(() => stage.close())

/** Nothing but holes: it takes seconds to read and seal, and no space. */
function makeSlowSource() {
  writeFileSync(join(source, 'holes'), '')
  truncateSync(join(source, 'holes'), 6_000_000_000)
}

const filesIn = (site: string) => readdirSync(join(stage.folder, site), { recursive: true }).sort()
const notes = () =>
  readdirSync(join(stage.folder, 'scratch', '.agent')).filter((name) => name.endsWith('.json'))

async function reportOf(staged: Staged) {
  return patiently(() => {
    const [report] = staged.reports
    if (report === undefined) throw new Error(`No report. The agent says:\n${stage.output()}`)
    return report
  })
}

async function killWhile(task: Task, isAtWork: () => boolean): Promise<Staged> {
  const staged = stage.give(task)
  await patiently(() => {
    expect(isAtWork()).toBe(true)
  }, 1)
  await stage.kill('SIGKILL')
  expect(staged.reports).toEqual([])
  return staged
}

const isGrowing = (path: string) => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0

test('[A-2.4.2][A-2.4.3][A-2.4.5] killed while saving, copying and restoring, it leaves nothing and does it again', async () => {
  writeFileSync(join(source, 'random'), randomBytes(40_000_000))
  stage.start()
  const saving = await killWhile(backup(stage, 'F/1'), () =>
    isGrowing(join(stage.folder, 'a', 'F', '1.part')),
  )
  expect(filesIn('a')).toEqual(['F', 'F/1.part'])

  stage.start()
  await patiently(() => {
    expect(stage.output()).toContain('removed what an unfinished assignment left')
  })
  expect(filesIn('a')).toEqual(['F'])
  saving.state = 'waiting'
  const saved = backedUp(await reportOf(saving))
  expect(saved.fencingToken).toBe(2)
  const digest = saved.writtenDigest ?? ''

  const copying = await killWhile(copy('F/1', digest), () =>
    isGrowing(join(stage.folder, 'b', 'F', '1.part')),
  )
  stage.start()
  copying.state = 'waiting'
  expect(await reportOf(copying)).toMatchObject({
    outcome: 'copied',
    readDigest: digest,
    finding: null,
  })
  expect(filesIn('b')).toEqual(['F', 'F/1'])

  const scratch = join(stage.folder, 'scratch', 'drill')
  const restoring = await killWhile(restore('F/1', digest, saved.manifestDigest, 'drill'), () =>
    isGrowing(join(scratch, 'random')),
  )
  stage.start()
  await patiently(() => {
    expect(existsSync(scratch)).toBe(false)
  })
  restoring.state = 'waiting'
  expect(await reportOf(restoring)).toMatchObject({
    outcome: 'restored',
    differences: [],
    compared: 2,
  })
  await patiently(() => {
    expect(notes()).toEqual([])
  })
})

test('a lease that is lost stops the work at once, removes what there is of it, and the next work is done', async () => {
  makeSlowSource()
  stage.start()
  const lost = stage.give(backup(stage, 'F/lost'))
  lost.answer = 'lost'
  await patiently(() => {
    expect(stage.output()).toContain('"why":"lease-lost"')
  })
  expect(lost.heartbeats[0]).toMatchObject({ fencingToken: 1, phase: 'saving' })
  expect(lost.heartbeats[0]?.bytesDone).toBeGreaterThan(0)
  expect(lost.reports).toEqual([])
  expect(filesIn('a')).toEqual(['F'])
  rmSync(join(source, 'holes'))
  expect(await stage.reportOn(backup(stage, 'F/next'))).toMatchObject({ outcome: 'backed-up' })
})

test('work that is called off is stopped, removed and reported as cancelled', async () => {
  makeSlowSource()
  stage.start()
  const cancelled = stage.give(backup(stage, 'F/cancelled'))
  cancelled.answer = 'cancelled'
  expect(await reportOf(cancelled)).toMatchObject({ outcome: 'failed', cause: 'cancelled' })
  expect(filesIn('a')).toEqual(['F'])
})

test('a report that comes after the lease was lost takes the object away again', async () => {
  stage.start()
  const late = stage.give(backup(stage, 'F/late'))
  late.answer = 'lost'
  await reportOf(late)
  await patiently(() => {
    expect(filesIn('a')).toEqual(['F'])
    expect(notes()).toEqual([])
  })
})

/** Has a backup made whose report nobody answers, then kills the agent; answers the task and where its object lies. */
async function killUnheard(name: string) {
  stage.start()
  const object = join(stage.folder, 'a', 'F', name)
  const sent = stage.give(backup(stage, `F/${name}`))
  sent.answer = 'away'
  await patiently(() => {
    expect(stage.output()).toContain('the report waits')
  })
  await stage.kill('SIGKILL')
  expect(existsSync(object)).toBe(true)
  return { sent, object }
}

test('killed before its report was answered, it reports again and the object stays: nothing is made twice', async () => {
  const { sent, object } = await killUnheard('sent')
  stage.start()
  // While nobody takes the report, other work is done.
  expect(await stage.reportOn(backup(stage, 'F/other'))).toMatchObject({ outcome: 'backed-up' })
  expect(existsSync(object)).toBe(true)
  sent.answer = 'kept'
  expect(await reportOf(sent)).toMatchObject({ outcome: 'backed-up', fencingToken: 1 })
  await patiently(() => {
    expect(notes()).toEqual([])
  })
  expect(existsSync(object)).toBe(true)
})

test('killed before its report was answered, it removes the object once the service says that it does not count', async () => {
  const { sent, object } = await killUnheard('void')
  sent.answer = 'lost'
  stage.start()
  await patiently(() => {
    expect(existsSync(object)).toBe(false)
    expect(notes()).toEqual([])
  })
  expect(sent.reports).toMatchObject([{ fencingToken: 1 }])
})

test('an object whose report may have been taken stays, although the agent has lost its rights since', async () => {
  stage.start()
  const object = join(stage.folder, 'a', 'F', 'kept')
  const sent = stage.give(backup(stage, 'F/kept'))
  sent.answer = 'away'
  await patiently(() => {
    expect(stage.output()).toContain('the report waits')
  })
  sent.answer = 'forbidden'
  await patiently(() => {
    expect(stage.output()).toContain('nobody can say whether the report was taken')
  })
  expect(existsSync(object)).toBe(true)
})

test('a store that goes away is told of at once, and tidied when it is back', async () => {
  makeSlowSource()
  stage.start()
  const cut = stage.give(backup(stage, 'F/cut'))
  const part = join(stage.folder, 'a', 'F', 'cut.part')
  await patiently(() => {
    expect(isGrowing(part)).toBe(true)
  })
  renameSync(join(stage.folder, 'a'), join(stage.folder, 'away'))
  cut.answer = 'cancelled'
  expect(await reportOf(cut)).toMatchObject({ outcome: 'failed' })
  expect(notes()).toHaveLength(1)
  await stage.kill('SIGTERM')
  renameSync(join(stage.folder, 'away'), join(stage.folder, 'a'))
  stage.start()
  await patiently(() => {
    expect(notes()).toEqual([])
    expect(filesIn('a')).toEqual(['F'])
  })
})

test('SIGTERM stops the work, removes what there is of it and ends with 0; nothing is reported', async () => {
  makeSlowSource()
  stage.start()
  const stopped = stage.give(backup(stage, 'F/stopped'))
  await patiently(() => {
    expect(isGrowing(join(stage.folder, 'a', 'F', 'stopped.part'))).toBe(true)
  })
  expect(await stage.kill('SIGTERM')).toBe(0)
  expect(filesIn('a')).toEqual(['F'])
  expect(stopped.reports).toEqual([])
})

test('a gateway that is away is waited for, and a token that is refused is renewed', async () => {
  stage.trouble = 503
  stage.start()
  await patiently(() => {
    expect(stage.output()).toContain('waiting')
  })
  stage.trouble = null
  expect(await stage.reportOn(backup(stage, 'F/1'))).toMatchObject({ outcome: 'backed-up' })
  stage.revokeTokens()
  expect(await stage.reportOn(backup(stage, 'F/2'))).toMatchObject({ outcome: 'backed-up' })
  expect(stage.tokens).toHaveLength(2)
})

test('a second agent on the same scratch folder does not start', async () => {
  const first = stage.start()
  await patiently(() => {
    expect(stage.output()).toContain('"ready"')
  })
  const second = stage.start()
  await patiently(() => {
    expect(second.exitCode).toBe(1)
  })
  expect(stage.output()).toContain('is used by another agent')
  first.kill('SIGKILL')
})

test('[A-2.4.2] a flipped bit in the store is found by the verification, named by frame and bytes', async () => {
  stage.start()
  writeFileSync(join(source, 'random'), randomBytes(2_000_000))
  const { writtenDigest } = backedUp(await stage.reportOn(backup(stage, 'F/1')))
  const path = join(stage.folder, 'a', 'F', '1')
  const object = readFileSync(path)
  object[1_500_000] = (object[1_500_000] ?? 0) ^ 0x40
  writeFileSync(path, object)
  expect(await stage.reportOn(verify('F/1', writtenDigest ?? ''))).toMatchObject({
    outcome: 'verified',
    readDigest: createHash('sha256').update(object).digest('hex'),
    finding: `frame 1 (bytes 1048636-${object.length - 1}) does not open: it was changed or cut off`,
  })
  expect(await stage.reportOn(copy('F/1', writtenDigest ?? ''))).toMatchObject({
    outcome: 'failed',
    cause: 'digest',
    detail: expect.stringContaining('the source is not what was backed up'),
  })
  expect(filesIn('b')).toEqual(['F'])
  const task = restore('F/1', writtenDigest ?? '', '0'.repeat(64), 'drill')
  expect(await stage.reportOn(task)).toMatchObject({ outcome: 'failed', cause: 'digest' })
  await patiently(() => {
    expect(existsSync(join(stage.folder, 'scratch', 'drill'))).toBe(false)
  })
  rmSync(path)
  expect(await stage.reportOn(verify('F/1', writtenDigest ?? ''))).toMatchObject({
    readDigest: null,
    finding: 'the object is not there',
  })
})

test('neither the secret nor a token nor the key nor a payload is in what the agent printed', async () => {
  writeFileSync(join(source, 'payroll'), 'salary of nobody 12345678')
  stage.start({ LOG_LEVEL: 'debug' })
  await stage.reportOn(backup(stage, 'F/1'))
  for (const secret of ['a-client-secret', stage.key.toString('base64'), 'salary', ...stage.tokens])
    expect(stage.output()).not.toContain(secret)
})
