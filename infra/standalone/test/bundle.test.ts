import { execFile } from 'node:child_process'
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { loadBundle } from '@erp-steward/standalone/bundle/load-bundle'
import { bundleIn, freshBundle, store } from '@erp-steward/standalone/bundle/stored-bundle'
import { Folders, ROOT } from './host-process.ts'

jest.setTimeout(600_000)

const run = promisify(execFile)

describe('a stored bundle', () => {
  let root: string
  let bundles: string
  const source = 'services/identity/src/service.ts'
  const library = 'node_modules/.pnpm/pg/index.js'

  const write = (file: string, text: string) => {
    mkdirSync(join(root, file, '..'), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  const keep = (began = Date.now() + 60_000, name = '1') => {
    const bundle = bundleIn(join(bundles, name))
    mkdirSync(bundle.folder, { recursive: true })
    writeFileSync(bundle.script, '(function (exports) { exports.runHost = () => undefined })')
    store(bundle, [source, library], began, bundles, root)
    return bundle
  }

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'steward-bundle-'))
    bundles = join(root, '.cache', 'host')
    write('node_modules/.pnpm/lock.yaml', 'lockfileVersion: 9')
    write(library, 'exports = 1')
  })
  afterAll(() => {
    rmSync(root, { recursive: true })
  })
  afterEach(() => {
    rmSync(bundles, { recursive: true, force: true })
  })

  test('is there as long as its sources are as they were', () => {
    write(source, 'export const a = 1')
    expect(freshBundle(bundles, root)).toBeNull()
    const bundle = keep()
    expect(freshBundle(bundles, root)).toEqual(bundle)
    const newer = keep(undefined, '2')
    expect(freshBundle(bundles, root)).toEqual(newer)
  })

  const changes: [string, () => void][] = [
    [
      'another text of the same length',
      () => {
        write(source, 'export const a = 2')
      },
    ],
    [
      'another text of the same length and time',
      () => {
        const then = new Date('2026-01-01T00:00:00Z')
        write(source, 'export const a = 3')
        utimesSync(join(root, source), then, then)
      },
    ],
    [
      'another file in its place',
      () => {
        write(`${source}.draft`, 'export const a = 1')
        renameSync(join(root, `${source}.draft`), join(root, source))
      },
    ],
    [
      'no file in its place',
      () => {
        rmSync(join(root, source))
      },
    ],
    [
      'another text of a library',
      () => {
        write(library, 'exports = 2')
      },
    ],
    [
      'other libraries that are installed',
      () => {
        write('node_modules/.pnpm/lock.yaml', 'lockfileVersion: 10')
      },
    ],
  ]
  test.each(changes)('is none after %s', (_what, change) => {
    const then = new Date('2026-01-01T00:00:00Z')
    write(source, 'export const a = 1')
    utimesSync(join(root, source), then, then)
    keep()
    expect(freshBundle(bundles, root)).not.toBeNull()
    change()
    expect(freshBundle(bundles, root)).toBeNull()
  })

  test('is none in a copy of the checkout, whose sources are others', () => {
    write(source, 'export const a = 1')
    keep()
    expect(freshBundle(bundles, join(root, '..', 'other'))).toBeNull()
  })

  test('stays when another checkout gets the same library from the store', () => {
    write(source, 'export const a = 1')
    keep()
    linkSync(join(root, library), join(root, 'link'))
    expect(freshBundle(bundles, root)).not.toBeNull()
  })

  test('is not kept when a source was changed while it was made', () => {
    write(source, 'export const a = 1')
    expect(() => keep(Date.now() - 1_000)).toThrow('was changed while the bundle was made')
    expect(freshBundle(bundles, root)).toBeNull()
  })
})

test('a bundle that does not load is told and forgotten, and the sources are taken', () => {
  const bundles = mkdtempSync(join(tmpdir(), 'steward-bundle-'))
  try {
    const bundle = bundleIn(join(bundles, '1'))
    mkdirSync(bundle.folder)
    writeFileSync(bundle.script, '(function (exports) {')
    store(bundle, [], Date.now() + 60_000, bundles)
    const told: string[] = []
    const tell = (line: string) => told.push(line)
    expect(loadBundle(bundles, tell)).toBeNull()
    expect(told.join()).toContain(`Warning: ${bundle.script} does not load: SyntaxError`)
    expect(loadBundle(bundles, tell)).toBeNull()
    expect(told).toHaveLength(1)
  } finally {
    rmSync(bundles, { recursive: true })
  }
})

describe('the host from its bundle', () => {
  const folders = new Folders()
  const FROM_SOURCES = `
    import { runHost } from '@erp-steward/standalone/run-host'
    await runHost({ onReady: () => undefined, toSources: (text) => text })`
  const fromSources = [process.execPath, '--input-type=module', '--eval', FROM_SOURCES] as const

  /** Makes it, or waits for another test that makes it. */
  async function made(): Promise<void> {
    const deadline = Date.now() + 300_000
    while (freshBundle() === null) {
      if (Date.now() > deadline) throw new Error('no bundle was made')
      await run(process.execPath, ['infra/standalone/src/bundle/build-bundle.ts'], { cwd: ROOT })
    }
  }

  afterEach(() => folders.clear())

  test('works on the data of the sources, whose migrations it knows by their names, and they on its data', async () => {
    await made()
    const folder = folders.fresh()
    for (const settings of [{ command: fromSources }, {}, { command: fromSources }]) {
      const host = folders.host(folder, settings)
      const gateway = await host.ready()
      expect((await fetch(`${gateway}/health/ready`)).status).toBe(200)
      expect((await fetch(`${gateway}/docs/`)).status).toBe(200)
      const document = (await (await fetch(`${gateway}/openapi.json`)).json()) as { paths: object }
      expect(Object.keys(document.paths).length).toBeGreaterThan(100)
      expect((await host.end('SIGTERM')).code).toBe(0)
      expect(host.output).not.toContain('Warning')
    }
  })

  test('names the files and lines of the sources where an error came from', async () => {
    await made()
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const env = { STEWARD_PORT: String((taken.address() as AddressInfo).port) }
    try {
      const traces = []
      for (const settings of [{ command: fromSources }, {}]) {
        const folder = folders.fresh()
        const host = folders.host(folder, { ...settings, env })
        expect((await host.end()).code).toBe(1)
        traces.push(readFileSync(join(folder, 'steward.log'), 'utf8'))
      }
      const [sources = '', bundle = ''] = traces
      const [, line] = /startHost \(file:.*?host\.ts:(\d+):\d+\)/.exec(sources) ?? []
      expect(line).toBeDefined()
      // Without the column: only the bundle's traces have none.
      expect(bundle).toContain(`infra/standalone/src/host.ts:${line})`)
    } finally {
      taken.close()
    }
  })
})
