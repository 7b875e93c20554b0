import { spawn } from 'node:child_process'
import {
  accessSync,
  constants as files,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { cachedDataVersionTag } from 'node:v8'
import { constants, Script } from 'node:vm'
import type { Loaded, runHost } from '../run-host.ts'
import { sourcesOf } from './source-lines.ts'
import { BUNDLES, forget, freshBundle, ROOT, type StoredBundle } from './stored-bundle.ts'

/** The host from its bundle, and how it was loaded. */
export interface LoadedBundle extends Loaded {
  readonly runHost: typeof runHost
}

/**
 * Loads the bundle, when there is one that is as the sources are; else `null`. One that does not load, because its disk
 * has spoiled it, is told and forgotten.
 */
export function loadBundle(bundles = BUNDLES, tell = warn): LoadedBundle | null {
  const bundle = freshBundle(bundles)
  if (bundle === null) return null
  const codeFile = join(bundle.folder, `code-${cachedDataVersionTag().toString(16)}`)
  try {
    const code = existsSync(codeFile) ? readFileSync(codeFile) : undefined
    const { runHost, script } = loadScript(bundle, code)
    return {
      runHost,
      toSources: sourcesOf(bundle),
      onReady: () => {
        // Not said when there was none.
        if (script.cachedDataRejected !== false) keepCode(script, codeFile)
      },
    }
  } catch (error) {
    forget(bundles)
    tell(`Warning: ${bundle.script} does not load: ${String(error)}`)
    return null
  }
}

function warn(line: string): void {
  process.stderr.write(`${line}\n`)
}

/**
 * @param code what an earlier process compiled of it, if known
 * @throws Error when it is no script that gives the host
 */
export function loadScript(bundle: StoredBundle, code?: Buffer) {
  // Escapes keep it to single-byte characters, which take half the memory.
  const script = new Script(readFileSync(bundle.script, 'latin1'), {
    filename: bundle.script,
    ...(code !== undefined && { cachedData: code }),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  })
  const module: { exports: unknown } = { exports: {} }
  const run = script.runInThisContext() as (...given: unknown[]) => void
  run(module.exports, createRequire(bundle.script), module)
  const { runHost: given } = module.exports as { runHost?: typeof runHost }
  if (typeof given !== 'function') throw new Error('there is no host in it')
  return { script, runHost: given }
}

/** What was compiled for this start serves the next one. */
function keepCode(script: Script, file: string): void {
  try {
    const draft = `${file}.${String(process.pid)}`
    writeFileSync(draft, script.createCachedData())
    renameSync(draft, file)
  } catch {
    // Another user's folder, a full disk: the next start compiles again.
  }
}

/** Makes a bundle for the next start, in a process of its own that this one does not wait for. */
export function renewBundle(): void {
  try {
    mkdirSync(BUNDLES, { recursive: true })
    accessSync(BUNDLES, files.W_OK)
  } catch {
    // Another user's checkout: it is run from its sources.
    return
  }
  spawn(process.execPath, [join(import.meta.dirname, 'build-bundle.ts')], {
    cwd: ROOT,
    stdio: 'ignore',
  }).unref()
}
