import { createRequire, registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { useGlobals } from './jest-globals.mjs'

const require = createRequire(import.meta.url)
const GLOBALS = new URL('./jest-globals.mjs', import.meta.url).href

/** Names of Jest's own globals: the tests of a file, who is told of them, and the patience with them. */
const OF_ONE_FILE = new Set(['JEST_STATE_SYMBOL', 'EVENT_HANDLERS', 'TEST_TIMEOUT_SYMBOL'])

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '@jest/globals'
      ? { url: GLOBALS, format: 'module', shortCircuit: true }
      : next(specifier, context),
})

/**
 * Stands in the place of Jest's runtime and lets Node load what a test imports: once for all files of a worker, from the
 * sources as they are, as in production. So modules must keep nothing of one test for the next; environment variables are
 * put back after each file.
 */
class NodeLoads {
  #environment = { ...process.env }

  unstable_shouldLoadAsEsm() {
    return true
  }

  async unstable_importModule(path) {
    await import(pathToFileURL(path).href)
  }

  /** Jest's own, of which the file that holds the tests of a run is loaded anew. */
  requireInternalModule(path) {
    delete require.cache[path]
    return require(path)
  }

  requireModule(path) {
    return require(path)
  }

  setGlobalsForRuntime(globals) {
    useGlobals(globals)
  }

  /** Takes away what Jest and the tests left in the process: it would be of the next file, or keep this one in memory. */
  teardown() {
    for (const name of Object.getOwnPropertySymbols(globalThis))
      if (OF_ONE_FILE.has(name.description)) delete globalThis[name]
    for (const name of Object.keys(process.env))
      if (!Object.hasOwn(this.#environment, name)) delete process.env[name]
    Object.assign(process.env, this.#environment)
  }

  enterTestCode() {}
  leaveTestCode() {}
  getSourceMaps() {
    return new Map()
  }
  getAllCoverageInfoCopy() {}
}

// What `require` gives to Jest.
export { NodeLoads as 'module.exports' }
