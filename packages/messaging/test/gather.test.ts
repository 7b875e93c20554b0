import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { gather } from '@erp-steward/messaging/gather'
import { limit } from '@erp-steward/messaging/limit'

/** Pieces that are doubled; what was done together and what alone is written down. */
function doubling(faulty: readonly number[] = []) {
  const together: (readonly number[])[] = []
  const alone: number[] = []
  const submit = gather<number, number>(
    { most: 3, lanes: 1 },
    (pieces) => {
      together.push(pieces)
      return pieces.some((piece) => faulty.includes(piece))
        ? Promise.reject(new Error('all or none'))
        : Promise.resolve(pieces.map((piece) => piece * 2))
    },
    (piece) => {
      alone.push(piece)
      return faulty.includes(piece)
        ? Promise.reject(new Error(`${piece} cannot be done`))
        : Promise.resolve(piece * 2)
    },
  )
  return { submit, together, alone }
}

test('what arrives at once is shared, at most so many, and each gets its own answer', async () => {
  const { submit, together, alone } = doubling()
  expect(await Promise.all([1, 2, 3, 4, 5].map(submit))).toEqual([2, 4, 6, 8, 10])
  expect(together).toEqual([
    [1, 2, 3],
    [4, 5],
  ])
  expect(alone).toEqual([])
})

test('what has no company is done alone', async () => {
  const { submit, together, alone } = doubling()
  expect(await submit(1)).toBe(2)
  expect(await submit(2)).toBe(4)
  expect(together).toEqual([])
  expect(alone).toEqual([1, 2])
})

test('where one fails, each is done alone, and only that one fails', async () => {
  const { submit, alone } = doubling([2])
  expect(await Promise.allSettled([1, 2, 3].map(submit))).toMatchObject([
    { value: 2 },
    { reason: new Error('2 cannot be done') },
    { value: 6 },
  ])
  expect(alone).toEqual([1, 2, 3])
})

test('one that takes long alone does not hold up what comes after', async () => {
  const { promise, resolve } = Promise.withResolvers<number>()
  const submit = gather<number, number>(
    { most: 2, lanes: 1 },
    () => Promise.reject(new Error('all or none')),
    (piece) => (piece === 1 ? promise : Promise.resolve(piece)),
  )
  const slow = submit(1)
  expect(await Promise.all([2, 3].map(submit))).toEqual([2, 3])
  resolve(1)
  expect(await slow).toBe(1)
})

test('what arrives while one lane is at work goes into another, and waits when all are', async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<undefined>()
  const shared: (readonly number[])[] = []
  const submit = gather<number, number>(
    { most: 2, lanes: 2 },
    async (pieces) => {
      shared.push(pieces)
      await gate
      return pieces
    },
    (piece) => Promise.resolve(piece),
  )
  const answers = [1, 2, 3, 4, 5, 6].map(submit)
  await turn()
  expect(shared).toEqual([
    [1, 2],
    [3, 4],
  ])
  open(undefined)
  expect(await Promise.all(answers)).toEqual([1, 2, 3, 4, 5, 6])
  expect(shared).toHaveLength(3)
})

test('no more than so many are at work, in the order they came, also after a failure', async () => {
  const atMost = limit(2)
  let working = 0
  const seen: number[] = []
  const work = (n: number) => async () => {
    working += 1
    expect(working).toBeLessThanOrEqual(2)
    seen.push(n)
    await turn()
    working -= 1
    if (n === 1) throw new Error('one fails')
  }
  const outcomes = await Promise.allSettled([0, 1, 2, 3, 4].map((n) => atMost(work(n))))
  expect(outcomes.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ])
  expect(seen).toEqual([0, 1, 2, 3, 4])
})
