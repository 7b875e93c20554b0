import { expect, test } from '@jest/globals'
import { readTogether } from '@erp-steward/service-kit/read-together'

/** Readings that are answered one by one, by hand. */
function byHand() {
  const readings: {
    readonly keys: readonly string[]
    readonly answer: (value: string) => void
    readonly fail: (error: Error) => void
  }[] = []
  const ask = readTogether<string>((keys) => {
    const { promise, resolve, reject } = Promise.withResolvers<ReadonlyMap<string, string>>()
    readings.push({
      keys,
      answer: (value) => {
        resolve(new Map(keys.filter((key) => key !== 'nobody').map((key) => [key, key + value])))
      },
      fail: reject,
    })
    return promise
  })
  const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  return { ask, readings, turn }
}

test('who asks in one turn is answered by one reading, each with its own row', async () => {
  const { ask, readings, turn } = byHand()
  const answers = Promise.all([ask('a'), ask('b'), ask('a'), ask('nobody')])
  await turn()
  expect(readings.map(({ keys }) => keys)).toEqual([['a', 'b', 'nobody']])
  readings[0]?.answer('1')
  expect(await answers).toEqual(['a1', 'b1', 'a1', undefined])
})

test('who asks while a reading is under way is told what was read after the question', async () => {
  const { ask, readings, turn } = byHand()
  const first = ask('a')
  await turn()
  const second = ask('a')
  await turn()
  expect(readings).toHaveLength(1)
  readings[0]?.answer(' before')
  expect(await first).toBe('a before')
  await turn()
  readings[1]?.answer(' after')
  expect(await second).toBe('a after')
})

test('a reading that fails fails for its own callers, and the next one works', async () => {
  const { ask, readings, turn } = byHand()
  const first = [ask('a'), ask('b')].map((answer) => answer.catch((error: unknown) => error))
  await turn()
  const second = ask('c')
  readings[0]?.fail(new Error('away'))
  expect(await Promise.all(first)).toEqual([new Error('away'), new Error('away')])
  await turn()
  readings[1]?.answer('!')
  expect(await second).toBe('c!')
  const third = ask('d')
  await turn()
  readings[2]?.answer('?')
  expect(await third).toBe('d?')
})

test('more than a hundred keys are read in turn', async () => {
  const { ask, readings, turn } = byHand()
  const answers = Promise.all(Array.from({ length: 150 }, (_, at) => ask(String(at))))
  await turn()
  readings[0]?.answer('x')
  await turn()
  readings[1]?.answer('x')
  expect(await answers).toHaveLength(150)
  expect(readings.map(({ keys }) => keys.length)).toEqual([100, 50])
})
