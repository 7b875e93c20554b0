// node infra/standalone/src/bundle/build-bundle.ts: makes the bundle of the host, unless it is fresh or in the making.
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { bundleHost } from './bundle-host.ts'
import { loadScript } from './load-bundle.ts'
import { bundleIn, BUNDLES, currentName, freshBundle, store } from './stored-bundle.ts'

/** What is written by now, in milliseconds before the making began, may have been written again while it was read. */
const CLOCK_STEP_MS = 50

mkdirSync(BUNDLES, { recursive: true })
// Whatever else runs goes before.
setPriority(10)
const lock = new DatabaseSync(join(BUNDLES, 'lock'), { timeout: 0 })
try {
  // One at a time, by a lock that falls with its holder: hosts that are started together come here together.
  lock.exec('pragma journal_mode = memory; begin exclusive')
} catch {
  process.exit(0)
}
if (freshBundle() === null) await make()
lock.close()

async function make(): Promise<void> {
  const began = Date.now() - CLOCK_STEP_MS
  // One that starts now may be about to read the newest.
  const kept = [currentName(), 'lock', 'current']
  const older = readdirSync(BUNDLES).filter((name) => !kept.includes(name))
  const bundle = bundleIn(join(BUNDLES, String(Date.now())))
  const files = await bundleHost(bundle)
  // One that does not load is not taken.
  loadScript(bundle)
  store(bundle, files, began)
  for (const name of older) rmSync(join(BUNDLES, name), { recursive: true, force: true })
}
