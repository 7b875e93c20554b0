/* What tests import as `@jest/globals`. Loaded once for all files of a worker: the names stand for the functions of the one that runs. */
export let afterAll, afterEach, beforeAll, beforeEach, describe, expect, test

export const jest = {
  /** Patience with each test of the file, in milliseconds. */
  setTimeout: (milliseconds) => {
    globalThis[Symbol.for('TEST_TIMEOUT_SYMBOL')] = milliseconds
  },
}

/** Takes the functions that Jest has made for a file. */
export function useGlobals(globals) {
  ;({ afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } = globals)
}
