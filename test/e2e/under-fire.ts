import { setTimeout as sleep } from 'node:timers/promises'
import { PEOPLE } from './company.ts'
import { playAll, type Stage } from './stage.ts'

/** `kill -9` of something, and its restart. Resolves with false when there was nothing to kill yet. */
export type Blow = () => Promise<boolean>

/** How often each thing is killed. */
const KILLS = 10

/**
 * Plays the day while each blow falls at ten random moments, spread over its steps, in starts and restarts as well; then
 * all effects must be there once and the ledger must hold.
 */
export async function playUnderFire(
  stage: Stage,
  blows: Readonly<Record<string, Blow>>,
): Promise<void> {
  const fallen = new Map(Object.keys(blows).map((name) => [name, 0]))
  const score = () => ` (${[...fallen].map(([name, n]) => `${name} ${n}`).join(', ')})`
  // So many may have fallen by now: else the quick ones are used up before the day has begun.
  let due = 0
  const strike = async (name: string, blow: Blow) => {
    // Between a moment and two seconds after what was killed is back.
    await sleep(100 + Math.random() * 1_900)
    const before = fallen.get(name) ?? 0
    if (before < due && (await blow())) fallen.set(name, before + 1)
  }
  const untilAllHaveFallen = (ends?: AbortSignal) =>
    Promise.all(
      Object.entries(blows).map(async ([name, blow]) => {
        while (ends?.aborted !== true && (fallen.get(name) ?? 0) < KILLS) await strike(name, blow)
      }),
    )
  const played = new AbortController()
  const fire = untilAllHaveFallen(played.signal)
  try {
    await playAll(stage, (behind) => {
      due = Math.ceil(behind * KILLS) + 1
      return score()
    })
  } finally {
    played.abort()
    await fire
  }
  due = KILLS
  // What is left of the ten falls on the finished day: nothing may come of it.
  await untilAllHaveFallen()
  process.stderr.write(`  the fire is over${score()}\n`)
  await stage.effects.everythingIsInTheLedger()
  await stage.day.verifyLedger()
  await stage.effects.happenedOnce(stage.day, PEOPLE)
}
