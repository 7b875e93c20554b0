/** Does `work` `times` times, so many at once; answers how often a second. */
export async function atOnce(
  times: number,
  callers: number,
  work: (index: number) => Promise<void>,
): Promise<number> {
  let next = 0
  const started = performance.now()
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (next < times) await work(next++)
    }),
  )
  return times / ((performance.now() - started) / 1_000)
}
