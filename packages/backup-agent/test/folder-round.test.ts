import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import {
  agentStage,
  backedUp,
  backup,
  copy,
  restore,
  verify,
  type AgentStage,
  patiently,
} from './agent-stage.ts'

let stage: AgentStage
let source: string

beforeAll(async () => {
  stage = await agentStage()
  source = join(stage.folder, 'source')
  mkdirSync(join(source, 'docs', 'deep'), { recursive: true })
  mkdirSync(join(source, 'empty'), { mode: 0o750 })
  mkdirSync(join(source, 'cache'))
  mkdirSync(join(source, 'cache2'))
  writeFileSync(join(source, 'cache', 'left-out'), 'x')
  writeFileSync(join(source, 'cache2', 'kept'), 'y')
  writeFileSync(join(source, 'docs', '说明书.txt'), '月结')
  writeFileSync(join(source, 'docs', 'deep', 'big'), Buffer.alloc(5_000_003, 'abcdefg'))
  writeFileSync(join(source, 'nothing'), '')
  writeFileSync(join(source, 'n'.repeat(250)), 'a long name')
  writeFileSync(Buffer.concat([Buffer.from(`${source}/latin-`), Buffer.from([0xe9, 0xff])]), 'é')
  symlinkSync('/etc/passwd', join(source, 'link-out'))
  symlinkSync('docs', join(source, 'link-in'))
  linkSync(join(source, 'nothing'), join(source, 'second-name'))
  chmodSync(join(source, 'nothing'), 0o4711)
  utimesSync(join(source, 'nothing'), 1_600_000_000, 1_600_000_000)
  execFileSync('mkfifo', [join(source, 'pipe')])
  stage.start()
})
afterAll(() => stage.close())

test('the agent presents its executors and the sites that it reaches', async () => {
  await patiently(() => {
    expect(stage.presented).toMatchObject({
      sites: ['A', 'B'],
      executors: [
        { isAvailable: true, reason: null },
        { executor: 'postgres', isAvailable: false },
      ],
    })
  })
})

test('[A-2.4.2][A-2.4.3][A-2.4.5] a folder is saved, copied, verified and restored as it was', async () => {
  const objectName = 'FILES/2026/first.seal'
  const report = backedUp(await stage.reportOn(backup(stage, objectName, ['cache/'])))
  const object = readFileSync(join(stage.folder, 'a', objectName))
  const digest = createHash('sha256').update(object).digest('hex')
  expect(report).toMatchObject({
    writtenDigest: digest,
    readDigest: digest,
    storedBytes: object.length,
    finding: null,
    items: 9,
  })
  expect(report.tool).toMatch(/^erp-steward-agent .*; 1 special left out$/)
  expect(object.includes('月结')).toBe(false)

  expect(await stage.reportOn(copy(objectName, digest))).toMatchObject({
    outcome: 'copied',
    writtenDigest: digest,
    readDigest: digest,
    finding: null,
  })
  expect(readFileSync(join(stage.folder, 'b', objectName)).equals(object)).toBe(true)
  expect(await stage.reportOn(verify(objectName, digest, 'B'))).toMatchObject({
    outcome: 'verified',
    readDigest: digest,
    storedBytes: object.length,
    finding: null,
  })

  const restored = await stage.reportOn(
    restore(objectName, digest, report.manifestDigest, 'drill_1'),
  )
  const scratch = join(stage.folder, 'scratch', 'drill_1')
  expect(restored).toEqual({
    outcome: 'restored',
    fencingToken: 1,
    manifestDigest: report.manifestDigest,
    compared: 9,
    differences: [],
    scratch,
  })
  expect(readdirSync(scratch, { encoding: 'latin1' }).sort()).toEqual(
    readdirSync(source, { encoding: 'latin1' })
      .filter((name) => name !== 'cache' && name !== 'pipe')
      .sort(),
  )
  expect(readFileSync(join(scratch, 'docs', '说明书.txt'), 'utf8')).toBe('月结')
  expect(readlinkSync(join(scratch, 'link-out'))).toBe('/etc/passwd')
  expect(lstatSync(join(scratch, 'empty')).mode & 0o7777).toBe(0o750)
  const { ino, mode, mtimeMs } = statSync(join(scratch, 'nothing'))
  expect([mode & 0o7777, mtimeMs]).toEqual([0o4711, 1_600_000_000_000])
  expect(statSync(join(scratch, 'second-name')).ino).toBe(ino)
})
