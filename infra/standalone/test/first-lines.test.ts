import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { filledIn, settingsByReader } from '@erp-steward/standalone/host-settings'
import { eventually } from '@erp-steward/test-kit/eventually'
import { Folders, nothingLeft } from './host-process.ts'

jest.setTimeout(600_000)

const STACK = /^\s+at .+:\d+/m

const folders = new Folders()
afterEach(() => folders.clear())

test('--help answers with arguments, examples and every setting that is left to the environment', async () => {
  const folder = join(folders.fresh(), 'data')
  const host = folders.host(folder, { args: ['--help'], env: { STEWARD_PORT: 'eighty' } })
  expect((await host.end()).code).toBe(0)
  expect(host.output).toMatch(/^Usage: npm start \[-- --kafka \| --help\]\n/)
  expect(host.output).toContain('\nExamples:\n  npm start\n')
  const names = settingsByReader.flatMap(([, { properties }]) => Object.keys(properties))
  for (const name of names)
    expect([name, host.output.includes(`\n  ${name}\n`)]).toEqual([
      name,
      !Object.hasOwn(filledIn, name),
    ])
  expect(host.output).toContain('May be: whole number 0 to 65535. Default: 8080\n')
})

describe('a data folder that cannot be made', () => {
  const places: [string, (inside: string) => string][] = [
    ['a file stands in its place', (inside) => join(inside, 'file')],
    ['a file stands above it', (inside) => join(inside, 'file', 'data')],
    ['it is a link to nowhere', (inside) => join(inside, 'link')],
  ]

  test.each(places)('is an error in words when %s', async (_why, place) => {
    const inside = folders.fresh()
    writeFileSync(join(inside, 'file'), '')
    symlinkSync(join(inside, 'nowhere', 'data'), join(inside, 'link'))
    const STEWARD_DATA = place(inside)
    const host = folders.host(inside, { env: { STEWARD_DATA } })
    expect((await host.end()).code).toBe(1)
    expect(host.output).toContain(`The data folder ${STEWARD_DATA} cannot be made or written: `)
    expect(host.output).toContain('STEWARD_DATA')
    expect(host.output).not.toMatch(STACK)
    // Said before anything else is begun, and so at once.
    expect(host.output).not.toContain('…')
  })
})

test('a first start says the twelve lines that matter, and warns of a name that nobody reads', async () => {
  const folder = join(folders.fresh(), 'above', 'data')
  mkdirSync(join(folder, '..'))
  const host = folders.host(folder, { env: { STEWARD_PROT: '1' } })
  const gateway = await host.ready()
  const [warning, ...lines] = host.output.split('\n').filter((line) => line !== '')
  expect(warning).toBe(
    'Warning: STEWARD_PROT is no setting and has no effect. Did you mean STEWARD_PORT?',
  )
  expect(lines).toEqual([
    '… Starting PostgreSQL',
    expect.stringMatching(/^… Making a PostgreSQL \S+ data directory in /),
    '… Migrating identity, incident-tiering, monitoring-ingest, backup-orchestration, assessment',
    '… Starting the services',
    expect.stringMatching(/^ERP Steward is ready after \d+\.\d s\.$/),
    `  gateway     ${gateway}`,
    `  docs        ${gateway}/docs`,
    `  health      ${gateway}/health`,
    `  passwords   ${join(folder, 'administrators.txt')}  (one-time, of the three administrators)`,
    `  log         ${join(folder, 'steward.log')}`,
    '  settings    npm start -- --help',
    '  stop        Ctrl-C',
  ])

  await eventually(
    () => {
      expect(linesOf(folder).filter(({ msg }) => msg === 'event').length).toBeGreaterThan(5)
    },
    { within: 300_000, every: 100 },
  )
  expect((await fetch(`${gateway}/openapi.json`)).status).toBe(200)
  expect((await fetch(`${gateway}/v1/people`)).status).toBe(404)
  // Of the start alone: what a busy machine does not end in time is an error of its own.
  const log = linesOf(folder)
  // That a busy machine answered too late is news; nothing else may look like a fault.
  expect(log.filter(({ err }) => err !== undefined && err.name !== 'TimeoutError')).toEqual([])
  const events = log.filter(({ eventId }) => eventId !== undefined)
  expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(events.length)
  // The gateway asks every service for its document and identity for revocations; that is no news, a refusal is.
  const requests = log.filter(({ msg }) => msg === 'request')
  expect(requests.filter(({ status = 0 }) => status < 400)).toEqual([])
  expect((await host.end('SIGTERM')).code).toBe(0)
  await nothingLeft(folder)
  // Written when the answer has left, which may be after the caller has it; but before the end.
  expect(linesOf(folder).filter(({ path }) => path === '/v1/people')).toHaveLength(1)
})

interface Line {
  readonly status?: number
  readonly msg: string
  readonly eventId?: string
  readonly path?: string
  readonly err?: { readonly name?: string }
}

function linesOf(folder: string): Line[] {
  const text = readFileSync(join(folder, 'steward.log'), 'utf8')
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]))
}
