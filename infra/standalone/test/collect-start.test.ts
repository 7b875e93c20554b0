import { afterEach, expect, test } from '@jest/globals'
import { collectStart } from '@erp-steward/standalone/collect-start'
import { eventually } from '@erp-steward/test-kit/eventually'

const shown = globalThis.gc
afterEach(() => {
  globalThis.gc = shown
})

test('what the start left is collected once', async () => {
  const collected: unknown[] = []
  globalThis.gc = ((options: unknown) => {
    collected.push(options)
  }) as NodeJS.GCFunction
  collectStart(1)
  await eventually(() => {
    expect(collected).toEqual([{ type: 'major', execution: 'sync', flavor: 'last-resort' }])
  })
})

test('where Node does not show its collector, nothing is collected and nothing fails', async () => {
  globalThis.gc = undefined
  collectStart(0)
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(globalThis.gc).toBeUndefined()
})
