import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { pack, type Header } from 'tar-stream'
import { sealInto } from '../src/seal/compressed.ts'
import { ownWords } from '../src/postgres/run-program.ts'
import { examine } from '../src/seal/examine.ts'
import {
  agentStage,
  backup,
  MAIN,
  restore,
  type AgentStage,
  type Task,
  patiently,
} from './agent-stage.ts'

let stage: AgentStage
let source: string

beforeAll(async () => {
  stage = await agentStage()
  source = join(stage.folder, 'source')
  mkdirSync(join(stage.folder, 'outside'))
  mkdirSync(join(stage.folder, 'source-beside'))
  writeFileSync(join(stage.folder, 'a', 'taken'), 'an older object')
  writeFileSync(join(source, 'file'), 'content')
  symlinkSync(join(stage.folder, 'outside'), join(source, 'way-out'))
  symlinkSync(join(stage.folder, 'outside'), join(stage.folder, 'a', 'way-out'))
  mkdirSync(join(stage.folder, 'scratch', 'kept'))
  stage.start({ SOURCES: `${source},${join(stage.folder, 'a')},${stage.folder}/nothing` })
})
afterAll(() => stage.close())

test.each<[string, () => Task, string]>([
  [
    'a folder outside',
    () => backup(stage, 'F/1', [], join(stage.folder, 'outside')),
    'is not within the allowed sources',
  ],
  [
    'a folder whose name begins alike',
    () => backup(stage, 'F/1', [], `${source}-beside`),
    'is not within the allowed sources',
  ],
  [
    'a path that climbs out',
    () => backup(stage, 'F/1', [], `${source}/../outside`),
    'is not within the allowed sources',
  ],
  [
    'a link that leads out',
    () => backup(stage, 'F/1', [], `${source}/way-out`),
    'is not within the allowed sources',
  ],
  ['a file', () => backup(stage, 'F/1', [], `${source}/file`), 'is not a folder'],
  [
    'an exclusion that climbs',
    () => backup(stage, 'F/1', ['../x']),
    'is not a path below the source',
  ],
  [
    'the store itself',
    () => backup(stage, 'F/1', [], join(stage.folder, 'a')),
    'a place of the agent itself',
  ],
  [
    'an object name that climbs',
    () => backup(stage, '../F'),
    'is not a plain path below the store',
  ],
  ['an absolute object name', () => backup(stage, '/F'), 'is not a plain path below the store'],
  ['a link in the store', () => backup(stage, 'way-out/F'), 'a link leads out of the store'],
  ['a name that is taken', () => backup(stage, 'taken'), 'is not written over'],
  [
    'a key it does not have',
    () => ({ ...backup(stage, 'F/1'), keyId: 'K2' }),
    'key K2 is not in the settings',
  ],
  [
    'a site it does not have',
    () => ({ ...backup(stage, 'F/1'), into: { ...backup(stage, 'F/1').into, siteCode: 'C' } }),
    'site C is not among the sites',
  ],
  [
    'a restore into a folder that is there',
    () => restore('taken', '0'.repeat(64), '0'.repeat(64), 'kept'),
    'is there already',
  ],
])('%s is refused and nothing is stored', async (_what, task, detail) => {
  const report = await stage.reportOn(task())
  expect(report).toMatchObject({ outcome: 'failed', cause: 'refused' })
  expect('detail' in report ? report.detail : '').toContain(detail)
  expect(readdirSync(join(stage.folder, 'a')).sort()).toEqual(['taken', 'way-out'])
  expect(readdirSync(join(stage.folder, 'outside'))).toEqual([])
  expect(existsSync(join(stage.folder, 'scratch', 'kept'))).toBe(true)
})

type Crafted = Partial<Header> & Pick<Header, 'name'>

test.each<[string, Crafted[]]>([
  ['climbs', [{ name: 'data/../../evil' }]],
  ['is absolute', [{ name: '/evil' }]],
  ['is absolute below the data', [{ name: 'data//evil' }]],
  ['has no folder of its own', [{ name: 'data/none/evil' }]],
  [
    'goes through a link',
    [{ name: 'data/way', type: 'symlink', linkname: '../../outside' }, { name: 'data/way/evil' }],
  ],
  [
    'writes over a link',
    [{ name: 'data/evil', type: 'symlink', linkname: '../../outside/evil' }, { name: 'data/evil' }],
  ],
  [
    'is a hard link to a file of the host',
    [{ name: 'data/evil', type: 'link', linkname: '/etc/passwd' }],
  ],
  [
    'is a hard link that climbs',
    [{ name: 'data/evil', type: 'link', linkname: 'data/../../../keys' }],
  ],
  ['is a device', [{ name: 'data/evil', type: 'character-device', devmajor: 1, devminor: 3 }]],
])('[A-2.4.5] a tar with an entry that %s restores nothing', async (what, headers) => {
  const name = `crafted-${what.replaceAll(' ', '-')}`
  const path = join(stage.folder, 'a', name)
  const tar = pack()
  for (const header of headers)
    tar.entry({ ...header, ...(header.type ? {} : { size: 4 }) }, header.type ? '' : 'evil')
  tar.finalize()
  const file = await open(path, 'w')
  const signal = new AbortController().signal
  const key = { id: 'K1', bytes: stage.key }
  await sealInto(
    tar as AsyncIterable<Buffer>,
    key,
    'tar',
    async (bytes) => {
      await file.write(bytes)
    },
    signal,
  )
  await file.close()
  const { digest } = await examine(path, new Map(), null, { signal, onBytes: () => undefined })

  const report = await stage.reportOn(restore(name, digest ?? '', '0'.repeat(64), 'crafted'))
  expect('detail' in report ? report.detail : '').toMatch(
    /would leave the scratch folder|names no file of this backup|of a kind that no backup makes|EEXIST/,
  )
  expect(existsSync(join(stage.folder, 'evil'))).toBe(false)
  expect(existsSync('/evil')).toBe(false)
  expect(existsSync(join(stage.folder, 'scratch', 'evil'))).toBe(false)
  expect(readdirSync(join(stage.folder, 'outside'))).toEqual([])
  await patiently(() => {
    expect(existsSync(join(stage.folder, 'scratch', 'crafted'))).toBe(false)
  })
})

test('an agent with faulty settings names every one of them and does not start', () => {
  const bad = join(stage.folder, 'bad-keys')
  writeFileSync(bad, `K1 ${randomBytes(16).toString('base64')}\n`, { mode: 0o600 })
  const run = (more: Record<string, string>) => {
    const { status, stderr } = spawnSync(process.execPath, [MAIN], {
      env: stage.environment(more),
      encoding: 'utf8',
    })
    return { status, stderr }
  }
  expect(run({ GATEWAY_URL: '', SITES: '', SCRATCH: 'relative' })).toEqual({
    status: 1,
    stderr: expect.stringMatching(/GATEWAY_URL is missing[^]*SITES is missing/),
  })
  expect(
    run({ KEYS_FILE: bad, SOURCES: 'relative', SITES: 'lower=/x', POSTGRES_SCRATCH: 'none' }),
  ).toEqual({
    status: 1,
    stderr: expect.stringMatching(
      /SITES: lower=\/x is not[^]*KEYS_FILE: key K1 is not 32 bytes[^]*POSTGRES_SCRATCH[^]*SOURCES: relative/,
    ),
  })
  chmodSync(bad, 0o644)
  const { status, stderr } = run({ KEYS_FILE: bad })
  expect(status).toBe(1)
  expect(stderr).toContain('can be read or written by others; its mode must be 0600')
})

test('of what a program of PostgreSQL says, no values of rows are passed on', () => {
  const said = [
    'pg_restore: error: could not execute query: ERROR:  could not create unique index "person_email"',
    'DETAIL:  Key (email)=(nobody@example.org) is duplicated.',
    'Command was: ALTER TABLE person ADD UNIQUE (email);',
    '/usr/lib/postgresql/15/bin/pg_dump: error while loading shared libraries: libpq.so.5',
  ].join('\n')
  expect(ownWords(said)).toBe(
    'pg_restore: error: could not execute query: ERROR:  could not create unique index "person_email" /usr/lib/postgresql/15/bin/pg_dump: error while loading shared libraries: libpq.so.5',
  )
})
