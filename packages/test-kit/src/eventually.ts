import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Answers with what `probe` returns, as soon as it does so without throwing.
 *
 * The deadline is for what never comes: the default leaves room for a machine that is busy with other work.
 *
 * @param options `within`: the deadline, `every`: the pause between two looks; both in milliseconds
 * @throws whatever `probe` threw last, once `within` is over
 */
export async function eventually<Result>(
  probe: () => Result | Promise<Result>,
  { within = 60_000, every = 25 }: { within?: number; every?: number } = {},
): Promise<Result> {
  const deadline = performance.now() + within
  for (;;) {
    try {
      return await probe()
    } catch (error) {
      if (performance.now() >= deadline) throw error
      await sleep(every)
    }
  }
}
