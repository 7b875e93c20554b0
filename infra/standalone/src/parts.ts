import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'

/** How long a step of the start may go on once it was called off. */
const CALLED_OFF_LIMIT_MS = 1_500

/** How long a part of this process may take to end; what is durable is durable already. */
export const PART_LIMIT_MS = 2_500

/** How long a server of its own process may take to end. */
export const SERVER_LIMIT_MS = 30_000

/** Something that was started and must be ended. */
export interface Part {
  readonly name: string
  readonly limitMs: number
  readonly stop: () => Promise<void>
}

/** The result of a step of the start; once the start is called off, throws the signal's reason soon. */
export async function unlessCalledOff<Result>(
  signal: AbortSignal,
  work: Promise<Result>,
): Promise<Result> {
  const done = new AbortController()
  const calledOff = async () => {
    if (!signal.aborted) await once(signal, 'abort', { signal: done.signal })
    await delay(CALLED_OFF_LIMIT_MS, undefined, { signal: done.signal })
    throw signal.reason
  }
  try {
    const result = await Promise.race([work, calledOff()])
    signal.throwIfAborted()
    return result
  } finally {
    done.abort()
  }
}

/** Ends a part; one that hangs or fails does not keep the others from ending. */
export async function end({ name, limitMs, stop }: Part, log: Logger): Promise<void> {
  const done = new AbortController()
  const tooLong = async () => {
    await delay(limitMs, undefined, { signal: done.signal })
    throw new Error(`${name} did not end within ${limitMs} ms`)
  }
  try {
    await Promise.race([stop(), tooLong()])
  } catch (error) {
    log.error({ err: error }, `${name} did not end in order`)
  } finally {
    done.abort()
  }
}
