/** Lets at most `most` pieces of work go on at once; the others wait in the order in which they came. */
export function limit(most: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = []
  let free = most

  return async (work) => {
    if (free > 0) free -= 1
    else {
      const { promise, resolve } = Promise.withResolvers<undefined>()
      waiting.push(() => {
        resolve(undefined)
      })
      await promise
    }
    try {
      return await work()
    } finally {
      // Handed over, so that nobody who comes in between takes the place of one who waits.
      const next = waiting.shift()
      if (next === undefined) free += 1
      else next()
    }
  }
}
